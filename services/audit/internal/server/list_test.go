package server_test

import (
	"errors"
	"testing"

	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/server"
)

func FuzzPageToken(f *testing.F) {
	f.Add(server.PageToken(&auditv1.ListEventsRequest{Person: "p"}, 42), "p")
	f.Add(server.PageToken(&auditv1.ListEventsRequest{}, 0), "")
	f.Add("", "p")
	f.Add("not a token", "")
	f.Fuzz(func(t *testing.T, token, person string) {
		request := &auditv1.ListEventsRequest{PageToken: token, Person: person}
		before, err := server.ParsePageToken(request)
		switch {
		case err != nil && !errors.Is(err, server.ErrPageToken):
			t.Errorf("another error: %v", err)
		case err == nil && token == "" && before != 0:
			t.Errorf("no token leads to %d", before)
		case err == nil && token != "" && server.PageToken(request, before) != token:
			t.Errorf("two tokens, %q among them, lead to %d", token, before)
		}
	})
}
