package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	tracepb "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"
)

// canaries are identifiers of a patient who does not exist, in the forms in which
// they might come out again.
var canaries = []string{
	"390.533.447-05", "39053344705", "898000000043208", "zuleide.canaria", "Zuleide Can", "ZULEIDE",
}

const canaryText = "Zuleide Canária, CPF 390.533.447-05, 39053344705, CNS 898000000043208, zuleide.canaria@paciente.example"

// Invariant 3: no patient identifier appears in logs, traces, metrics, errors or
// the audit log. Identifiers go through every operation, in every place of it,
// and then everything that a suite writes beside its stores is searched.
func TestInvariant3NoIdentifierIsWrittenAnywhere(t *testing.T) {
	collector := newCollector(t)
	dir := filepath.Join(t.TempDir(), ".hygia")
	flags := []string{"--log-level", "debug", "--traces", "http://" + collector.address}
	metrics := map[string]string{}
	for _, name := range services {
		port := freePort(t)
		flags = append(flags, fmt.Sprintf("--%s-metrics-port=%d", name, port))
		metrics[name] = fmt.Sprintf("http://127.0.0.1:%d/metrics", port)
	}
	s := start(t, dir, flags...)

	useAsMeant(t, s)
	operations := everyOperation(t, s)
	if len(operations) < 30 {
		t.Fatalf("only %d operations are described", len(operations))
	}
	for _, o := range operations {
		for _, role := range []string{"ADMIN", "EDITOR", "REVIEWER", "DPO", ""} {
			a, err := s.do(t.Context(), role, o.method, o.path, "application/json", bytes.NewReader(o.body))
			if err != nil {
				t.Fatal(err)
			}
			if a.status >= 400 {
				search(t, fmt.Sprintf("the error of %s %s as %q", o.method, o.route, role), a.body)
			}
		}
	}
	for name, url := range metrics {
		search(t, "metrics of "+name, fetch(t, url))
	}
	verifyLog(t, s)
	a, err := s.do(t.Context(), "DPO", http.MethodGet, "/v1/audit/events?pageSize=500", "", nil)
	if err != nil || a.status != http.StatusOK {
		t.Fatalf("%d, %v", a.status, err)
	}
	search(t, "the audit log, over REST", a.body)
	s.stop(t)
	traces := collector.text()
	if len(traces) == 0 || !bytes.Contains(traces, []byte("hygia.content.v1.ContentService")) {
		t.Errorf("no traces of calls came: %.200s", traces)
	}
	search(t, "traces", traces)
	searched := searchFiles(t, filepath.Join(dir, "logs")) + searchFiles(t, filepath.Join(dir, "audit")) +
		searchFiles(t, filepath.Join(dir, "run")) + searchFiles(t, filepath.Join(dir, "gateway")) +
		searchFiles(t, filepath.Join(dir, "validation")) + searchFiles(t, filepath.Join(dir, "anonymization"))
	if searched < 10 {
		t.Errorf("only %d files were searched", searched)
	}
}

// useAsMeant sends identifiers where they belong: into text that is handled.
func useAsMeant(t *testing.T, s *suite) {
	t.Helper()
	s.must(t, "DPO", http.MethodPost, "/v1/anonymize", object{"text": canaryText}, nil)
	s.must(t, "DPO", http.MethodPost, "/v1/detect", object{"text": canaryText}, nil)
	document := object{"kind": "ENTRY_KIND_POST", "language": "pt-BR", "title": canaryText, "body": "<p>" + canaryText + "</p>"}
	s.must(t, "EDITOR", http.MethodPost, "/v1/validate", object{"document": document}, nil)
	var made struct{ Entry entry }
	s.must(t, "EDITOR", http.MethodPost, "/v1/entries", object{"content": object{
		"kind": "ENTRY_KIND_POST", "title": canaryText, "body": "<p>" + canaryText + "</p>",
	}}, &made)
	path := "/v1/entries/" + made.Entry.ID
	s.must(t, "EDITOR", http.MethodGet, path, nil, nil)
	s.must(t, "EDITOR", http.MethodPost, path+"/validate", object{}, nil)
	p := s.refused(t, "EDITOR", http.MethodPost, path+"/submit", object{}, http.StatusConflict, "")
	search(t, "the refusal of a submission", fmt.Append(nil, p))
	export := filepath.Join(t.TempDir(), "export.xml")
	text := strings.ReplaceAll(wxr(3), "Texto 2.", canaryText)
	if err := os.WriteFile(export, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	id := s.upload(t, export)
	eventually(t, time.Minute, func() error {
		if job := s.importJob(t, id); job.State != "IMPORT_STATE_DONE" {
			return fmt.Errorf("%+v", job)
		}
		return nil
	})
}

// operation is a request with identifiers in all of its places.
type operation struct {
	method, route, path string
	body                []byte
}

// everyOperation makes requests from what the suite says of its own API.
func everyOperation(t *testing.T, s *suite) []operation {
	t.Helper()
	var api struct {
		Paths       map[string]map[string]json.RawMessage
		Definitions map[string]schema
	}
	if err := json.Unmarshal(fetch(t, s.url+"/openapi.json"), &api); err != nil {
		t.Fatal(err)
	}
	var operations []operation
	for route, methods := range api.Paths {
		for method, raw := range methods {
			var described struct {
				Parameters []struct {
					Name, In string
					Schema   schema
				}
			}
			if err := json.Unmarshal(raw, &described); err != nil {
				continue // what all methods of a path share
			}
			o := operation{method: strings.ToUpper(method), route: route, path: route}
			query := url.Values{}
			for _, p := range described.Parameters {
				switch p.In {
				case "path":
					o.path = strings.ReplaceAll(o.path, "{"+p.Name+"}", url.PathEscape(canaryText))
				case "query":
					query.Set(p.Name, canaryText)
				case "body":
					body, err := json.Marshal(p.Schema.fill(api.Definitions, 0))
					if err != nil {
						t.Fatal(err)
					}
					o.body = body
				}
			}
			if len(query) > 0 {
				o.path += "?" + query.Encode()
			}
			operations = append(operations, o)
		}
	}
	slices.SortFunc(operations, func(a, b operation) int { return strings.Compare(a.route+a.method, b.route+b.method) })
	return operations
}

type schema struct {
	Ref        string `json:"$ref"`
	Type       string
	Properties map[string]schema
	Items      *schema
}

// fill makes a value of the schema with identifiers wherever text may stand.
func (s schema) fill(definitions map[string]schema, depth int) any {
	if s.Ref != "" {
		s = definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
	}
	switch {
	case depth > 6:
		return nil
	case s.Type == "array" && s.Items != nil:
		return []any{s.Items.fill(definitions, depth+1)}
	case s.Type == "integer" || s.Type == "number":
		return 1
	case s.Type == "boolean":
		return true
	case len(s.Properties) > 0:
		value := object{}
		for name, property := range s.Properties {
			value[name] = property.fill(definitions, depth+1)
		}
		return value
	case s.Type == "object":
		return object{canaryText: canaryText}
	default:
		return canaryText
	}
}

// search fails the test where an identifier is found, and says where but not what.
func search(t *testing.T, where string, text []byte) {
	t.Helper()
	for i, c := range canaries {
		if at := bytes.Index(text, []byte(c)); at >= 0 {
			t.Errorf("%s holds identifier %d at %d: …%s…", where, i, at, text[max(0, at-120):at])
		}
	}
}

func searchFiles(t *testing.T, root string) (searched int) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return nil //nolint:nilerr // a folder that a service does not have
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		searched++
		search(t, path, text)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return searched
}

func fetch(t *testing.T, url string) []byte {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s, %v", url, resp.Status, err)
	}
	return body
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().(*net.TCPAddr).Port
}

// collector takes traces as an OpenTelemetry collector does.
type collector struct {
	tracepb.UnimplementedTraceServiceServer
	address string
	mu      sync.Mutex
	got     bytes.Buffer
}

func newCollector(t *testing.T) *collector {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &collector{address: l.Addr().String()}
	server := grpc.NewServer()
	tracepb.RegisterTraceServiceServer(server, c)
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return c
}

// Export keeps what came, as text.
func (c *collector) Export(_ context.Context, req *tracepb.ExportTraceServiceRequest) (*tracepb.ExportTraceServiceResponse, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.got.WriteString(prototext.Format(req))
	return &tracepb.ExportTraceServiceResponse{}, nil
}

func (c *collector) text() []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got.Bytes())
}
