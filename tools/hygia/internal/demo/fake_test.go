package demo_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/demo"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
)

// suite is as much of a suite as the demo sees, in memory. It loses one answer:
// the work is done, and whoever asked never learns it.
type suite struct {
	accountsv1.DirectoryServiceClient
	t      *testing.T
	server *httptest.Server

	mu      sync.Mutex
	answers int
	lose    int // which answer is lost; 0 for none

	password string
	people   []string // e-mail addresses
	tokens   int
	imports  int
	status   string
	noted    int
	events   []verify.Event
	// careless publishes without a sign-off.
	careless bool
}

func newSuite(t *testing.T) *suite {
	t.Helper()
	s := &suite{t: t, status: "DRAFT"}
	s.server = httptest.NewServer(s)
	t.Cleanup(s.server.Close)
	return s
}

// lost counts an answer, and tells whether it is the one to lose.
func (s *suite) lost() bool {
	s.answers++
	return s.answers == s.lose
}

func (s *suite) CreateTenant(_ context.Context, r *accountsv1.CreateTenantRequest, _ ...grpc.CallOption) (*accountsv1.CreateTenantResponse, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.password != "" {
		return nil, status.Error(codes.AlreadyExists, "taken")
	}
	s.password = r.Admin.Password
	s.people = append(s.people, r.Admin.Email)
	if s.lost() {
		return nil, status.Error(codes.Unavailable, "lost")
	}
	return &accountsv1.CreateTenantResponse{Admin: &accountsv1.Person{Id: "p0"}, Token: "first"}, nil
}

func (s *suite) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	code, answer := s.handle(r, string(body))
	if s.lost() {
		panic(http.ErrAbortHandler)
	}
	if code != http.StatusOK {
		w.Header().Set("Content-Type", "application/problem+json")
		answer = fmt.Sprintf(`{"detail":%q,"reason":"R"}`, answer)
	}
	w.WriteHeader(code)
	_, _ = io.WriteString(w, answer)
}

func (s *suite) handle(r *http.Request, body string) (int, string) {
	route := r.Method + " " + r.URL.Path
	switch {
	case route == "POST /v1/login":
		if !strings.Contains(body, s.password) {
			return 401, "wrong"
		}
		return 200, `{"token":"again","person":{"id":"p0"}}`
	case route == "POST /v1/people":
		return s.person(body)
	case route == "GET /v1/people":
		var people []string
		for i, email := range s.people {
			people = append(people, fmt.Sprintf(`{"id":"p%d","email":%q}`, i, email))
		}
		return 200, `{"people":[` + strings.Join(people, ",") + `]}`
	case route == "POST /v1/tokens":
		s.tokens++
		return 200, fmt.Sprintf(`{"token":"t%d"}`, s.tokens)
	case route == "POST /v1/imports/wordpress":
		s.imports++
		s.did("UploadImport", "success", fmt.Sprint("i", s.imports))
		return 200, fmt.Sprintf(`{"import":{"id":"i%d"}}`, s.imports)
	case strings.HasSuffix(r.URL.Path, "/omissions"):
		return 200, `{"omissions":[{"kind":"comment","reason":"não há"}]}`
	case strings.HasPrefix(route, "GET /v1/imports/"):
		return 200, `{"import":{"id":"` + r.URL.Path[len("/v1/imports/"):] + `","state":"IMPORT_STATE_DONE","itemsDone":31,"itemsTotal":31,"entriesCreated":2}}`
	case route == "GET /v1/entries":
		return 200, `{"entries":[{"id":"e2","content":{"slug":"varizes"}},` + s.entry() + `]}`
	case route == "GET /v1/entries/e1":
		return 200, `{"entry":` + s.entry() + `}`
	case route == "POST /v1/anonymize":
		return s.anonymize(body)
	case strings.HasPrefix(route, "POST /v1/entries/"):
		return s.workflow(strings.TrimPrefix(r.URL.Path, "/v1/entries/"), r.Header.Get("Hygia-Purpose"))
	}
	return 404, "no route " + route
}

func (s *suite) person(body string) (int, string) {
	var r struct{ Email string }
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		s.t.Error(err)
	}
	for _, email := range s.people {
		if email == r.Email {
			return 409, "there already"
		}
	}
	s.people = append(s.people, r.Email)
	return 200, fmt.Sprintf(`{"person":{"id":"p%d"}}`, len(s.people)-1)
}

func (s *suite) anonymize(body string) (int, string) {
	s.noted++
	s.did("Anonymize", "success", "")
	var r struct{ Text string }
	if err := json.Unmarshal([]byte(body), &r); err != nil {
		s.t.Error(err)
	}
	text, _ := json.Marshal(strings.ReplaceAll(r.Text, "529.982.247-25", "[CPF]"))
	return 200, `{"text":` + string(text) + `,"replacements":[{"span":{"identifier":"IDENTIFIER_CPF"}}]}`
}

func (s *suite) entry() string {
	return `{"id":"e1","status":"ENTRY_STATUS_` + s.status + `","contentHash":"sha256:ab","content":{"slug":"dengue-sinais-de-alarme","title":"Dengue"}}`
}

// workflow is the true one: who may do what, from which state.
func (s *suite) workflow(path, purpose string) (int, string) {
	id, verb, _ := strings.Cut(path, "/")
	method := strings.ToUpper(verb[:1]) + verb[1:] + "Entry"
	from := map[string]string{"submit": "DRAFT", "sign": "IN_REVIEW", "publish": "APPROVED"}[verb]
	to := map[string]string{"submit": "IN_REVIEW", "sign": "APPROVED", "publish": "PUBLISHED"}[verb]
	switch {
	case verb == "validate":
		s.did(method, "success", id)
		return 200, map[string]string{"e1": `{}`, "e2": `{"findings":[{"rule":"ADV-1","severity":"SEVERITY_ERROR"}]}`}[id]
	case verb == "sign" && purpose != "medical_review":
		s.did(method, "refused", id)
		return 403, "no reviewer"
	case s.status != from && (!s.careless || verb != "publish"):
		s.did(method, "refused", id)
		return 409, "not as things stand"
	}
	s.status = to
	s.did(method, "success", id)
	return 200, `{"entry":` + s.entry() + `}`
}

func (s *suite) did(method, outcome, object string) {
	e := verify.Event{Method: "/s/" + method, Phase: "outcome", Outcome: outcome}
	if object != "" {
		e.Objects = []verify.Object{{Kind: "o", ID: object}}
	}
	s.events = append(s.events, e)
}

func (s *suite) verify(context.Context, string) (verify.Report, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lost() {
		return verify.Report{}, errors.New("lost")
	}
	return verify.Report{Verified: true, Events: s.events}, nil
}

// run runs the demo once, from what the state file says.
func (s *suite) run(path string) ([]demo.Step, error) {
	s.t.Helper()
	state, err := demo.LoadState(path)
	if err != nil {
		s.t.Fatal(err)
	}
	var shown []demo.Step
	err = demo.Run(s.t.Context(), demo.Config{
		State: state, Directory: s,
		Client: func(token, purpose string) (*rest.Client, error) {
			return rest.New(rest.Options{URL: s.server.URL, Token: token, Purpose: purpose, HTTP: s.server.Client()})
		},
		Verify: s.verify, Peopled: func() error { return nil },
		Show: func(step demo.Step) { shown = append(shown, step) }, Random: strings.NewReader(strings.Repeat("r", 1000)),
	})
	return shown, err
}
