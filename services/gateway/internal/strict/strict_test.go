package strict_test

import (
	"bytes"
	"errors"
	"net/url"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/pkg/fault"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/strict"
)

func of(m proto.Message) protoreflect.MessageDescriptor { return m.ProtoReflect().Descriptor() }

var (
	update  = of(&contentv1.UpdateEntryRequest{})
	publish = of(&contentv1.PublishEntryRequest{})
	person  = of(&accountsv1.CreatePersonRequest{})
	mapped  = of(&errdetails.ErrorInfo{})
)

func TestBodiesThatFit(t *testing.T) {
	for _, c := range []struct {
		message protoreflect.MessageDescriptor
		body    string
	}{
		{update, ``},
		{update, " \n"},
		{update, `{}`},
		{update, `{"content":{"kind":"ENTRY_KIND_POST","title":"Gripe","authorIds":["a","b"]},"baseRevision":3}`},
		{update, `{"content":{"kind":1,"author_ids":[]},"base_revision":"3"}`},
		{update, `{"content":null,"baseRevision":3e0}`},
		{publish, `{"publishTime":"2026-01-31T12:00:00Z"}`},
		{person, `{"roles":["ROLE_ADMIN",2],"credential":{"specialties":["1"]}}`},
		{mapped, `{"metadata":{"a":"1","b":"2"}}`},
	} {
		if err := strict.Body([]byte(c.body), c.message); err != nil {
			t.Errorf("%s: %v", c.body, err)
		}
	}
}

func TestWhatIsRefusedIsNamed(t *testing.T) {
	deep := strings.Repeat(`{"credential":`, strict.MaxDepth) + "1" + strings.Repeat("}", strict.MaxDepth)
	for _, c := range []struct {
		name    string
		message protoreflect.MessageDescriptor
		body    string
		want    error
		field   string
	}{
		{"an unknown field", update, `{"titel":"x"}`, strict.ErrUnknown, "titel"},
		{"an unknown field inside", update, `{"content":{"titel":"x"}}`, strict.ErrUnknown, "content.titel"},
		{"an empty name", update, `{"":1}`, strict.ErrUnknown, ""},
		{"another case", update, `{"BaseRevision":1}`, strict.ErrUnknown, "BaseRevision"},
		{"a person's data as a name", update, `{"Zuleide, CPF 390.533.447-05":1}`, strict.ErrUnknown, "[withheld]"},
		{"a number as a name", update, `{"content":{"39053344705":1}}`, strict.ErrUnknown, "content.[withheld]"},
		{"an address as a name", update, `{"zuleide@paciente.example":1}`, strict.ErrUnknown, "[withheld]"},
		{"an extension", update, `{"[a.b]":1}`, strict.ErrUnknown, "[a.b]"},
		{"a field twice", update, `{"baseRevision":1,"baseRevision":1}`, strict.ErrTwice, "baseRevision"},
		{"a field by both names", update, `{"baseRevision":1,"base_revision":1}`, strict.ErrTwice, "base_revision"},
		{"a key twice", mapped, `{"metadata":{"a":"1","a":"2"}}`, strict.ErrTwice, "metadata"},
		{"a number for a string", update, `{"content":{"title":529}}`, strict.ErrType, "content.title"},
		{"a string for an object", update, `{"content":"x"}`, strict.ErrType, "content"},
		{"an object for a list", update, `{"content":{"authorIds":{}}}`, strict.ErrType, "content.authorIds"},
		{"a null in a list", update, `{"content":{"authorIds":["a",null]}}`, strict.ErrType, "content.authorIds[1]"},
		{"a fraction for a whole number", update, `{"baseRevision":1.5}`, strict.ErrType, "baseRevision"},
		{"a number too large", update, `{"baseRevision":2147483648}`, strict.ErrType, "baseRevision"},
		{"an unknown name", update, `{"content":{"kind":"ENTRY_KIND_NOVEL"}}`, strict.ErrType, "content.kind"},
		{"an unknown name in a list", person, `{"roles":["ROLE_ADMIN","ROLE_KING"]}`, strict.ErrType, "roles[1]"},
		{"a time that is none", publish, `{"publishTime":"tomorrow"}`, strict.ErrType, "publishTime"},
		{"a time in an object", publish, `{"publishTime":{"seconds":1}}`, strict.ErrType, "publishTime"},
		{"a list for a map", mapped, `{"metadata":[]}`, strict.ErrType, "metadata"},
		{"a number in a map", mapped, `{"metadata":{"a":1}}`, strict.ErrType, "metadata[…]"},
		{"an array", update, `[]`, strict.ErrType, ""},
		{"a null", update, `null`, strict.ErrType, ""},
		{"nothing but a brace", update, `{`, strict.ErrSyntax, "-"},
		{"a comma too many", update, `{"baseRevision":1,}`, strict.ErrSyntax, "-"},
		{"two objects", update, `{}{}`, strict.ErrSyntax, "-"},
		{"something after it", update, `{} x`, strict.ErrSyntax, "-"},
		{"form data", update, `a=b`, strict.ErrSyntax, "-"},
		{"bytes that are no UTF-8", update, "{\"content\":{\"title\":\"\xff\"}}", strict.ErrSyntax, "-"},
		{"depth by unknown types", publish, `{"publishTime":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, strict.ErrDeep, "-"},
		{"depth by objects", person, deep, strict.ErrUnknown, "credential.credential"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := strict.Body([]byte(c.body), c.message)
			if !errors.Is(err, c.want) {
				t.Fatalf("Body(%s) = %v, want %v", c.body, err, c.want)
			}
			f := fault.From(err)
			if c.field != "-" && (len(f.Fields) != 1 || f.Fields[0].Path != c.field) {
				t.Errorf("fields %v, want %q", f.Fields, c.field)
			}
			if strings.Contains(f.Message, "529") || len(f.Fields) > 0 && strings.Contains(f.Fields[0].Message, "529") {
				t.Errorf("the error quotes the value: %v", f)
			}
		})
	}
}

func TestSyntaxErrorsSayWhere(t *testing.T) {
	err := strict.Body([]byte("{\n  \"baseRevision\": 1,\n  oops\n}"), update)
	if err == nil || !strings.Contains(err.Error(), "line 3") {
		t.Errorf("Body: %v, want line 3", err)
	}
}

func TestLongNamesAreCut(t *testing.T) {
	err := strict.Body([]byte(`{"`+strings.Repeat("é", 5000)+`":1}`), update)
	if f := fault.From(err); len(f.Fields) != 1 || len(f.Fields[0].Path) > 210 {
		t.Errorf("Body: %v", err)
	}
}

func TestQueries(t *testing.T) {
	list, events := of(&contentv1.ListEntriesRequest{}), of(&auditv1.ListEventsRequest{})
	revisions := of(&contentv1.ListRevisionsRequest{})
	for _, c := range []struct {
		name    string
		message protoreflect.MessageDescriptor
		query   string
		want    error
	}{
		{"nothing", list, "", nil},
		{"both kinds of names", list, "pageSize=10&page_token=x", nil},
		{"an enum by name", list, "status=ENTRY_STATUS_DRAFT", nil},
		{"an enum by number", list, "status=1", nil},
		{"a time", events, "since=2026-01-31T12:00:00Z", nil},
		{"an unknown parameter", list, "page=2", strict.ErrUnknown},
		{"a parameter twice", list, "pageSize=1&pageSize=2", strict.ErrTwice},
		{"a number that is none", list, "pageSize=ten", strict.ErrType},
		{"two values in one", list, "pageSize=1,2", strict.ErrType},
		{"JSON in a value", list, `pageSize={"a":1}`, strict.ErrType},
		{"an enum that is none", list, "status=LOST", strict.ErrType},
		{"a time that is none", events, "since=yesterday", strict.ErrType},
		{"a field inside a time", events, "since.seconds=1", strict.ErrUnknown},
		{"a field of the path", revisions, "id=x", strict.ErrUnknown},
		{"a whole message", of(&contentv1.CreateEntryRequest{}), "content=x", strict.ErrUnknown},
		{"a field inside a message", of(&contentv1.CreateEntryRequest{}), "content.title=x", nil},
	} {
		values, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		if err := strict.Query(values, c.message, []string{"id"}); !errors.Is(err, c.want) || (err == nil) != (c.want == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// What passes is what protojson takes, and what protojson takes passes, but for
// too deep a nesting.
func FuzzBody(f *testing.F) {
	for _, s := range []string{`{}`, `{"content":{"kind":"ENTRY_KIND_POST","title":"x","authorIds":["a"]},"baseRevision":"3"}`,
		`{"roles":["ROLE_ADMIN"],"credential":{"council":"CRM"}}`, `{"publishTime":"2026-01-31T12:00:00Z"}`, `{"metadata":{"a":"b"}}`,
		`{"baseRevision":1,"baseRevision":2}`, `{"x":1}`, `[`, `{"a":{"a":{"a":{}}}}`, `{"id":"\ud800"}`, `{"publishTime":null}`, `{} {}`} {
		f.Add([]byte(s))
	}
	messages := []proto.Message{&contentv1.UpdateEntryRequest{}, &contentv1.PublishEntryRequest{}, &accountsv1.CreatePersonRequest{}, &errdetails.ErrorInfo{}}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, m := range messages {
			ours := strict.Body(body, of(m))
			theirs := protojson.Unmarshal(body, m.ProtoReflect().New().Interface())
			switch {
			case ours == nil && theirs != nil && len(bytes.TrimSpace(body)) > 0 && !bytes.Contains(body, []byte(`\u`)):
				t.Fatalf("%q as %s passes, but protojson refuses it: %v", body, of(m).Name(), theirs)
			case ours != nil && theirs == nil && !errors.Is(ours, strict.ErrDeep):
				t.Fatalf("%q as %s is refused, but protojson takes it: %v", body, of(m).Name(), ours)
			}
		}
	})
}
