package api_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/rpc/rpctest"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/services/content/internal/api"
	"github.com/hygia-suite/hygia/services/content/internal/store/sqlitestore"
)

func newStore(tb testing.TB) *sqlitestore.Store {
	tb.Helper()
	s, err := sqlitestore.Open(tb.Context(), sqlitestore.Options{
		Path: filepath.Join(tb.TempDir(), "content.db"), Event: rpc.WriteEvent, Clock: time.Now,
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	return s
}

// FuzzPageToken gives every list a token that it may not have made.
func FuzzPageToken(f *testing.F) {
	for _, token := range []string{"", "e30", "eyJ0IjoxLCJpIjoieCIsIm4iOjN9", "eyJ0IjoxZTk5OX0", "W10", "\x00", "eyJpIjoiJyBPUiAxPTEgLS0ifQ"} {
		f.Add(token)
	}
	s := newStore(f)
	content, imports := api.NewContent(nil, s), api.NewImports(nil, s)
	a := actor.Actor{Person: "p", Tenant: "t", Roles: []actor.Role{actor.RoleDPO}, Purpose: actor.PurposePrivacy}
	f.Fuzz(func(t *testing.T, token string) {
		ctx := rpctest.Read(actor.With(t.Context(), a))
		for name, list := range map[string]func() (int, error){
			"entries": func() (int, error) {
				r, err := content.ListEntries(ctx, &contentv1.ListEntriesRequest{PageToken: token})
				return len(r.GetEntries()), err
			},
			"authors": func() (int, error) {
				r, err := content.ListAuthors(ctx, &contentv1.ListAuthorsRequest{PageToken: token})
				return len(r.GetProfiles()), err
			},
			"terms": func() (int, error) {
				r, err := content.ListTerms(ctx, &contentv1.ListTermsRequest{PageToken: token})
				return len(r.GetTerms()), err
			},
			"imports": func() (int, error) {
				r, err := imports.ListImports(ctx, &contentv1.ListImportsRequest{PageToken: token})
				return len(r.GetImports()), err
			},
		} {
			n, err := list()
			if n != 0 {
				t.Errorf("%s: %d of an empty store", name, n)
			}
			if f, ok := errors.AsType[*fault.Error](err); err != nil && (!ok || f.Reason != "PAGE_TOKEN_INVALID") {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

// TestNobodyIsNobody calls past pkg/rpc, which would have refused.
func TestNobodyIsNobody(t *testing.T) {
	s := newStore(t)
	content, imports := api.NewContent(nil, s), api.NewImports(nil, s)
	ctx := context.Background()
	for name, call := range map[string]func() error{
		"GetEntry":      func() error { _, err := content.GetEntry(ctx, &contentv1.GetEntryRequest{Id: "x"}); return err },
		"ListEntries":   func() error { _, err := content.ListEntries(ctx, nil); return err },
		"CreateEntry":   func() error { _, err := content.CreateEntry(ctx, nil); return err },
		"ValidateEntry": func() error { _, err := content.ValidateEntry(ctx, nil); return err },
		"SubmitEntry":   func() error { _, err := content.SubmitEntry(ctx, nil); return err },
		"SignEntry":     func() error { _, err := content.SignEntry(ctx, nil); return err },
		"PublishEntry":  func() error { _, err := content.PublishEntry(ctx, nil); return err },
		"CreateAuthor":  func() error { _, err := content.CreateAuthor(ctx, nil); return err },
		"UpdateAuthor":  func() error { _, err := content.UpdateAuthor(ctx, nil); return err },
		"CreateTerm":    func() error { _, err := content.CreateTerm(ctx, nil); return err },
		"GetImport":     func() error { _, err := imports.GetImport(ctx, nil); return err },
	} {
		if f := fault.From(call()); f == nil || f.Reason != "ACTOR_MISSING" {
			t.Errorf("%s: %v", name, f)
		}
	}
}
