package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// rest starts a whole suite, with its demo, and reads one entry over REST, with
// every read recorded in the audit log before it is answered.
func rest(ctx context.Context, o options, stderr io.Writer) (rows []Row, err error) {
	dir, err := os.MkdirTemp("", "hygia-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	suite, err := startSuite(ctx, o.suite, dir, stderr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, suite.stop()) }()
	entry, err := suite.firstEntry(ctx)
	if err != nil {
		return nil, err
	}
	for _, clients := range []int{1, 32} {
		samples, err := suite.load(ctx, "/v1/entries/"+entry, clients, o.span)
		if err != nil {
			return nil, err
		}
		name := fmt.Sprintf("REST read of one entry, %d clients", clients)
		if clients == 1 {
			name = "REST read of one entry, 1 client"
		}
		rate := float64(len(samples)) / o.span.Seconds()
		rows = append(rows, distribution(name, "ms", "", samples),
			Row{Name: name + ", rate", Unit: "1/s", P50: rate, P99: rate, Mean: rate, N: len(samples)})
	}
	return rows, nil
}

// suite is a running `hygia up`.
type suite struct {
	cmd    *exec.Cmd
	exited chan error
	url    string
	// tokens are of people who may all read entries; clients take turns with them,
	// since the suite limits how much one token may ask for.
	tokens []string
}

// startSuite builds the binaries where no folder of them is given, starts the
// suite on free ports and waits until it is ready.
func startSuite(ctx context.Context, bin, dir string, stderr io.Writer) (*suite, error) {
	if bin == "" {
		bin = filepath.Join(dir, "bin")
		if err := buildSuite(ctx, bin, stderr); err != nil {
			return nil, err
		}
	}
	home := filepath.Join(dir, ".hygia")
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "hygia"), "up", "--dir", home, "--http-port", "0") //nolint:gosec // our own binary
	cmd.Stderr = stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	s := &suite{cmd: cmd, exited: make(chan error, 1)}
	go func() {
		_, _ = io.Copy(io.Discard, out)
		s.exited <- cmd.Wait()
	}()
	if err := s.await(ctx, filepath.Join(home, "dev.env")); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func buildSuite(ctx context.Context, bin string, stderr io.Writer) error {
	fmt.Fprintln(stderr, "building the suite")
	packages := []string{"./tools/hygia"}
	for _, s := range []string{"accounts", "anonymization", "audit", "content", "gateway", "validation"} {
		packages = append(packages, "./services/"+s)
	}
	args := append([]string{"build", "-trimpath", "-ldflags=-s -w", "-o", bin + "/"}, packages...)
	cmd := exec.CommandContext(ctx, "go", args...) //nolint:gosec // constant arguments
	cmd.Stderr = stderr
	return cmd.Run()
}

// await waits until the credentials are written and entries can be listed.
func (s *suite) await(ctx context.Context, envFile string) error {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	for {
		if vars, err := readEnv(envFile); err == nil && vars["HYGIA_EDITOR_TOKEN"] != "" {
			s.url, s.tokens = vars["HYGIA_URL"], []string{
				vars["HYGIA_EDITOR_TOKEN"], vars["HYGIA_ADMIN_TOKEN"], vars["HYGIA_REVIEWER_TOKEN"], vars["HYGIA_DPO_TOKEN"],
			}
			if _, err := s.firstEntry(ctx); err == nil {
				return nil
			}
		}
		select {
		case err := <-s.exited:
			s.exited <- err
			return fmt.Errorf("the suite ended before it was ready: %w", err)
		case <-ctx.Done():
			return fmt.Errorf("the suite was not ready in time: %w", ctx.Err())
		case <-time.After(200 * time.Millisecond):
		}
	}
}

func (s *suite) stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case err := <-s.exited:
		return err
	case <-time.After(30 * time.Second):
		return errors.Join(errors.New("the suite did not stop"), s.cmd.Process.Kill())
	}
}

// readEnv reads lines of the form [export ]NAME=VALUE, the value quoted or not.
func readEnv(path string) (map[string]string, error) {
	f, err := os.Open(path) //nolint:gosec // a file of the suite that we started
	if err != nil {
		return nil, err
	}
	defer f.Close()
	vars := map[string]string{}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		name, value, ok := strings.Cut(strings.TrimPrefix(lines.Text(), "export "), "=")
		if ok {
			vars[name] = strings.Trim(value, `'"`)
		}
	}
	return vars, nil
}

func (s *suite) get(ctx context.Context, client *http.Client, path string, who int) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+path, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.tokens[who%len(s.tokens)])
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("GET %s: %s: %.200s", path, resp.Status, body)
	}
	return body, err
}

func (s *suite) firstEntry(ctx context.Context) (string, error) {
	body, err := s.get(ctx, http.DefaultClient, "/v1/entries?pageSize=1", 0)
	if err != nil {
		return "", err
	}
	var list struct {
		Entries []struct {
			ID string `json:"id"`
		} `json:"entries"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return "", err
	}
	if len(list.Entries) == 0 {
		return "", errors.New("the suite has no entries yet")
	}
	return list.Entries[0].ID, nil
}

// load reads a path from some clients for a while, each as fast as it is
// answered, and gives every answer's time in milliseconds. It is bounded in time
// and goes to the suite that was started here alone.
func (s *suite) load(ctx context.Context, path string, clients int, span time.Duration) ([]float64, error) {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}, Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	for who := range s.tokens {
		if _, err := s.get(ctx, client, path, who); err != nil {
			return nil, err
		}
	}
	end := time.Now().Add(span) //nolint:forbidigo // measuring is what the clock is for
	var (
		mu      sync.Mutex
		samples []float64
		failed  error
		wg      sync.WaitGroup
	)
	for who := range clients {
		wg.Go(func() {
			var own []float64
			for {
				start := time.Now() //nolint:forbidigo // measuring is what the clock is for
				if start.After(end) {
					break
				}
				if _, err := s.get(ctx, client, path, who); err != nil {
					mu.Lock()
					failed = err
					mu.Unlock()
					return
				}
				own = append(own, float64(time.Since(start).Microseconds())/1000)
			}
			mu.Lock()
			samples = append(samples, own...)
			mu.Unlock()
		})
	}
	wg.Wait()
	return samples, failed
}
