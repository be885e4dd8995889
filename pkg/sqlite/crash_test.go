package sqlite_test

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/hygia-suite/hygia/pkg/sqlite"
)

// writeForever names, in the environment of this test binary run again, the
// database to which it writes until it is killed.
const writeForever = "HYGIA_SQLITE_WRITE_FOREVER"

func TestMain(m *testing.M) {
	if path := os.Getenv(writeForever); path != "" {
		fmt.Fprintln(os.Stderr, write(path))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

// write adds rows and prints the number of each once it is acknowledged.
func write(path string) error {
	db, err := sqlite.Open(context.Background(), sqlite.Options{Path: path, Migrations: migrations(first)})
	if err != nil {
		return err
	}
	for n := 1; ; n++ {
		err := db.Write(context.Background(), func(tx *sql.Tx) error {
			// Two rows: a transaction that is cut in half shows.
			if _, err := tx.Exec("INSERT INTO parent (id, name) VALUES (?, ?)", n, strconv.Itoa(n)); err != nil {
				return err
			}
			_, err := tx.Exec("INSERT INTO child (id, parent) VALUES (?, ?)", n, n)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(n)
	}
}

// TestInvariant12AcknowledgedSurvivesSIGKILL kills a writer again and again.
func TestInvariant12AcknowledgedSurvivesSIGKILL(t *testing.T) {
	for round := range 5 {
		path := filepath.Join(t.TempDir(), "x.db")
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), writeForever+"="+path)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		acknowledged := 0
		for lines := bufio.NewScanner(out); lines.Scan(); {
			if acknowledged, err = strconv.Atoi(lines.Text()); err != nil {
				t.Fatal(err)
			}
			if acknowledged == 50+17*round {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the writer ended by itself")
		}
		db := open(t, path, first)
		parents, children := count(t, db, "parent"), count(t, db, "child")
		if acknowledged < 50 || parents < acknowledged || parents != children {
			t.Errorf("%d acknowledged, %d and %d rows survived", acknowledged, parents, children)
		}
	}
}
