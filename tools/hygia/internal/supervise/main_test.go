package supervise_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

// The test binary is also the services that it starts, and a supervisor to be
// killed: its name, or a variable, says which.
func TestMain(m *testing.M) {
	if name := filepath.Base(os.Args[0]); slices.Contains(supervise.Names(), name) {
		os.Exit(fakeService(name))
	}
	if dir := os.Getenv("SUPERVISOR_TO_KILL"); dir != "" {
		os.Exit(supervisorToKill(dir))
	}
	os.Exit(m.Run())
}

// fakeService is a real process with a real identity and server, and no methods
// of its own. A file "SERVICE.do" in the folder of binaries makes it misbehave.
func fakeService(name string) int {
	text, _ := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), name+".do"))
	switch strings.TrimSpace(string(text)) {
	case "refuse":
		fmt.Fprintln(os.Stderr, "the setting x is wrong")
		return service.ExitConfig
	case "crash":
		fmt.Fprintln(os.Stderr, "out of luck")
		return 1
	case "hang":
		signal.Ignore(syscall.SIGTERM)
		time.Sleep(time.Hour)
	}
	if name == supervise.Gateway {
		return service.Main(name, fakeGateway)
	}
	return service.Main(name, func(ctx context.Context, env *service.Env[service.Config]) error {
		options := env.ServerOptions(rpc.Policy{})
		options.Audit, options.Verifier = nobody{}, nobody{}
		server, err := rpc.NewServer(options)
		if err != nil {
			return err
		}
		return server.Serve(ctx, env.Listener)
	})
}

// nobody is an audit log and a verifier of tokens that refuse everything: what
// the supervisor asks of services passes neither.
type nobody struct{}

var errNobody = errors.New("not in this test")

func (nobody) Append(context.Context, ...*auditv1.Event) error { return errNobody }
func (nobody) Verify(context.Context, string) (actor.Actor, error) {
	return actor.Actor{}, errNobody
}

func fakeGateway(ctx context.Context, env *service.Env[service.Config]) error {
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Second}
	go func() {
		<-ctx.Done()
		_ = server.Close()
	}()
	if err := server.Serve(env.Listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// supervisorToKill prints the pids of its services and waits.
func supervisorToKill(dir string) int {
	folder, err := supervise.OpenFolder(filepath.Join(dir, "suite"), false)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	suite, err := supervise.Start(context.Background(), configOf(folder, dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for _, name := range supervise.Names() {
		fmt.Println(suite.PID(name))
	}
	time.Sleep(time.Hour)
	return 0
}

func configOf(folder *supervise.Folder, binaries string) supervise.Config {
	return supervise.Config{
		Folder: folder, Binaries: binaries, Host: "127.0.0.1", TrustDomain: "hygia.local",
		LogLevel: "info", Version: "0.0.0-test", Environment: os.Environ(), Clock: time.Now,
	}
}
