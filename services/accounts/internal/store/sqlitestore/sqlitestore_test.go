package sqlitestore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/sqlite"
	"github.com/hygia-suite/hygia/services/accounts/internal/store"
	"github.com/hygia-suite/hygia/services/accounts/internal/store/sqlitestore"
	"github.com/hygia-suite/hygia/services/accounts/internal/store/storetest"
)

func TestConformance(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Subject {
		path := filepath.Join(t.TempDir(), "accounts.db")
		open := func(t *testing.T) *sqlitestore.Store {
			s, err := sqlitestore.Open(t.Context(), path, time.Now)
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		current := open(t)
		t.Cleanup(func() { _ = current.Close() })
		return storetest.Subject{
			Store: current,
			Events: func(t *testing.T) (ids []string) {
				events, err := sqlite.Outbox(current.DB()).Pending(t.Context(), 1000)
				if err != nil {
					t.Fatal(err)
				}
				for _, e := range events {
					ids = append(ids, e.GetId())
				}
				return ids
			},
			Reopen: func(t *testing.T) store.Store {
				if err := current.Close(); err != nil {
					t.Fatal(err)
				}
				current = open(t)
				return current
			},
		}
	})
}
