package pluginhost_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/audit"
	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/plugin/internal/folder"
	"github.com/hygia-suite/hygia/pkg/plugin/pluginhost"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
	"github.com/hygia-suite/hygia/pkg/rpc"
	"github.com/hygia-suite/hygia/pkg/service"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

func openJournal(t *testing.T, path string) *pluginhost.Journal {
	t.Helper()
	j, err := pluginhost.OpenJournal(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(j.Close)
	return j
}

// write puts n records into a journal, and gives their ids.
func write(t *testing.T, j *pluginhost.Journal, n int) (ids []string) {
	t.Helper()
	for range n {
		event := audittest.Event()
		if err := j.Put(t.Context(), event); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, event.GetId())
	}
	return ids
}

// handOver is what an outbox does: it gives what was handed over, an id for a
// record and its cause for one that the journal made itself.
func handOver(t *testing.T, j *pluginhost.Journal) (got []string) {
	t.Helper()
	for {
		events, err := j.Pending(t.Context(), 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(events) == 0 {
			return got
		}
		var ids []string
		for _, e := range events {
			ids = append(ids, e.GetId())
			if objects := e.GetObjects(); len(objects) == 1 && objects[0].GetKind() == "cause" {
				got = append(got, objects[0].GetId())
			} else {
				got = append(got, e.GetId())
			}
		}
		if err := j.Delivered(t.Context(), ids); err != nil {
			t.Fatal(err)
		}
	}
}

// files are those of a journal whose names end so.
func files(t *testing.T, dir, ending string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*"+ending))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheJournalConforms(t *testing.T) {
	audittest.OutboxStore(t, func(t *testing.T) (audit.OutboxStore, audittest.Put) {
		j := openJournal(t, t.TempDir())
		return j, j.Put
	})
}

// A journal opened again has what it had, in its order, and counts on; what was
// not whole is gone, and what is not its own stays.
func TestTheJournalIsOpenedAgain(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	want := write(t, j, 11)
	j.Close()
	for _, name := range []string{"new", "note", "notes.txt", "0001-x.event"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	j = openJournal(t, dir)
	want = append(want, write(t, j, 2)...)
	if got := handOver(t, j); !slices.Equal(got, want) {
		t.Errorf("handed over %q, want %q", got, want)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if want := []string{"0001-x.event", "lock", "notes.txt"}; !slices.Equal(names, want) {
		t.Errorf("the folder holds %q, want %q", names, want)
	}
}

func TestTheJournalIsOpenOnce(t *testing.T) {
	dir := t.TempDir()
	j := openJournal(t, dir)
	if other, err := pluginhost.OpenJournal(dir); err == nil {
		other.Close()
		t.Error("it was opened twice")
	}
	j.Close()
	if err := j.Put(t.Context(), audittest.Event()); err == nil {
		t.Error("a closed journal took a record")
	}
	openJournal(t, dir)
}

// A damaged record holds up no other: it is set aside, whole, and what tells of it
// takes its place, however often a process is killed in between.
func TestADamagedRecordIsSetAside(t *testing.T) {
	flip := func(t *testing.T, path string) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)-1] ^= 1
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for name, damage := range map[string]func(t *testing.T, path string){
		"another byte": flip,
		"empty": func(t *testing.T, path string) {
			if err := os.Truncate(path, 0); err != nil {
				t.Fatal(err)
			}
		},
		"too long": func(t *testing.T, path string) {
			if err := os.Truncate(path, 1<<20); err != nil {
				t.Fatal(err)
			}
		},
		"gone": func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		},
		"killed once it had its second name": func(t *testing.T, path string) {
			flip(t, path)
			if err := os.Link(path, strings.TrimSuffix(path, ".event")+".damaged"); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			j := openJournal(t, dir)
			want := write(t, j, 3)
			damage(t, files(t, dir, ".event")[1])
			want[1] = "damaged:" + want[1]
			for range 2 { // the second process reads what the first put in its place
				if events, err := j.Pending(t.Context(), 100); err != nil || len(events) != 3 {
					t.Fatalf("%d events, %v", len(events), err)
				}
				j.Close()
				j = openJournal(t, dir)
			}
			if got := handOver(t, j); !slices.Equal(got, want) {
				t.Errorf("handed over %q, want %q", got, want)
			}
			aside := len(files(t, dir, ".damaged"))
			if name == "gone" {
				aside++
			}
			if left := files(t, dir, ".event"); len(left) != 0 || aside != 1 {
				t.Errorf("%d records are left, %d were set aside", len(left), aside)
			}
		})
	}
}

// What a host finds damaged is in the audit log, in metrics and in the folder.
func TestADamagedRecordIsAudited(t *testing.T) {
	w := newWorld(t)
	dir := filepath.Join(w.dir, "plugin-events")
	j := openJournal(t, dir)
	lost, kept := write(t, j, 1)[0], write(t, j, 1)[0]
	j.Close()
	if err := os.Truncate(files(t, dir, ".event")[0], 10); err != nil {
		t.Fatal(err)
	}
	w.start()
	wait(t, func() error {
		events := w.log.Events()
		i := slices.IndexFunc(events, func(e *auditv1.Event) bool { return e.GetId() == kept })
		if i < 0 {
			return errors.New("what could be read is not in the log")
		}
		return nil
	})
	if got, want := w.recorded("Change"), []string{"FAILURE event=" + lost + " cause=record-damaged"}; !slices.Equal(got, want) {
		t.Errorf("recorded %q, want %q", got, want)
	}
	for _, e := range w.log.Events() {
		if err := audit.Validate(e); err != nil {
			t.Error(err)
		}
	}
	wait(t, func() error {
		if n := w.metric("hygia_plugin_records_waiting"); n != 0 {
			return fmt.Errorf("%v wait", n)
		}
		return nil
	})
	for cause, want := range map[string]float64{"damaged": 1, "missing": 0} {
		if n := w.metric("hygia_plugin_records_lost_total", cause); n != want {
			t.Errorf("%v are %s", n, cause)
		}
	}
	if n := len(files(t, dir, ".damaged")); n != 1 {
		t.Errorf("%d were set aside", n)
	}
}

// A record that cannot be set aside either waits, and is told of; those behind it
// are handed over.
func TestADamagedRecordOnAFullDisk(t *testing.T) {
	dir := t.TempDir()
	d := &faulty{Disk: open(t, dir)}
	j, err := pluginhost.OpenJournalOn(d)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	want := write(t, j, 3)
	if err := os.Truncate(files(t, dir, ".event")[0], 0); err != nil {
		t.Fatal(err)
	}
	d.full.Store(true)
	events, err := j.Pending(t.Context(), 100)
	if err != nil || len(events) != 2 {
		t.Fatalf("%d events, %v", len(events), err)
	}
	if err := j.Delivered(t.Context(), want[1:]); err != nil {
		t.Fatal(err)
	}
	if _, err := j.Pending(t.Context(), 100); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if err := j.Put(t.Context(), audittest.Event()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("a record on a full disk: %v", err)
	}
	d.full.Store(false)
	if got := handOver(t, j); !slices.Equal(got, []string{"damaged:" + want[0]}) {
		t.Errorf("handed over %q", got)
	}
	if waiting, missing, damaged := j.Counts(); waiting != 0 || missing != 1 || damaged != 1 {
		t.Errorf("%d wait, %d are missing, %d damaged", waiting, missing, damaged)
	}
	if !strings.Contains(j.Logged.String(), want[0]) {
		t.Errorf("logged %q", j.Logged)
	}
}

// Where files run short, nothing is called damaged.
func TestAProcessWithoutFilesLeavesItsRecords(t *testing.T) {
	d := &faulty{Disk: open(t, t.TempDir())}
	j, err := pluginhost.OpenJournalOn(d)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Close()
	want := write(t, j, 2)
	d.short.Store(true)
	if _, err := j.Pending(t.Context(), 100); !errors.Is(err, syscall.EMFILE) {
		t.Errorf("got %v", err)
	}
	d.short.Store(false)
	if got := handOver(t, j); !slices.Equal(got, want) {
		t.Errorf("handed over %q, want %q", got, want)
	}
}

// The last place says that records after it are missing.
func TestTheJournalIsBounded(t *testing.T) {
	j := openJournal(t, t.TempDir())
	want := append(write(t, j, 255), "full")
	for range 3 {
		if err := j.Put(t.Context(), audittest.Event()); err == nil {
			t.Error("a record more was taken")
		}
	}
	if waiting, missing, _ := j.Counts(); waiting != 256 || missing != 3 {
		t.Errorf("%d wait, %d are missing", waiting, missing)
	}
	if got := handOver(t, j); !slices.Equal(got, want) {
		t.Errorf("handed over %q, want %q", got, want)
	}
	write(t, j, 1)
}

// Whoever puts a record, a call of a plugin among them, waits for no disk.
func TestARecordDoesNotWaitForTheDisk(t *testing.T) {
	d := &faulty{Disk: open(t, t.TempDir()), stalled: make(chan struct{})}
	j, err := pluginhost.OpenJournalOn(d)
	if err != nil {
		t.Fatal(err)
	}
	want := write(t, j, 3)
	events, err := j.Pending(t.Context(), 100)
	if err != nil || len(events) != len(want) {
		t.Errorf("%d events, %v", len(events), err)
	}
	delivered := make(chan error, 1)
	go func() { delivered <- j.Delivered(t.Context(), want) }()
	wait(t, func() error { // until it waits for the disk
		if waiting, _, _ := j.Counts(); waiting != 0 {
			return fmt.Errorf("%d wait", waiting)
		}
		return nil
	})
	write(t, j, 1)
	close(d.stalled)
	if err := <-delivered; err != nil {
		t.Error(err)
	}
	j.Close()
	if n := d.settled.Load(); n != 4 {
		t.Errorf("%d records were made durable", n)
	}
}

// Killed before or after any step, a process leaves what the next one hands over:
// each record that was taken, once by its id, and one that tells of a damaged one.
func TestInvariant12TheJournalSurvivesAKillAtEachStep(t *testing.T) {
	for step := int32(1); ; step++ {
		for _, done := range []bool{false, true} {
			dir := t.TempDir()
			d := &faulty{Disk: open(t, dir), killAt: step, done: done}
			log := map[string]string{} // of ids to what a record says
			var taken []string
			if j, err := pluginhost.OpenJournalOn(d); err == nil {
				for range 3 {
					if e := audittest.Event(); j.Put(t.Context(), e) == nil {
						taken = append(taken, e.GetId())
					}
				}
				if len(taken) > 1 {
					if err := os.Truncate(files(t, dir, taken[1]+".event")[0], 3); err != nil {
						t.Fatal(err)
					}
				}
				_, _ = deliver(t, j, log), deliver(t, j, log)
				j.Close()
			}
			j := openJournal(t, dir)
			if err := errors.Join(deliver(t, j, log), deliver(t, j, log)); err != nil {
				t.Fatal(err)
			}
			told := map[string]int{}
			for id, says := range log {
				if damaged, ok := strings.CutPrefix(says, "damaged:"); ok {
					id = damaged
				}
				told[id]++
			}
			for _, id := range taken {
				if told[id] != 1 {
					t.Errorf("killed at step %d, done %v: the log has %s %d times", step, done, id, told[id])
				}
			}
			if d.steps.Load() < step {
				return // nothing was left to be killed at
			}
		}
	}
}

// deliver is a pass of an outbox, to a log that knows its events by their ids.
func deliver(t *testing.T, j *pluginhost.Journal, log map[string]string) error {
	events, err := j.Pending(t.Context(), 100)
	if err != nil {
		return err
	}
	var ids []string
	for _, e := range events {
		ids, log[e.GetId()] = append(ids, e.GetId()), e.GetObjects()[0].GetId()
	}
	return j.Delivered(t.Context(), ids)
}

func open(t *testing.T, dir string) pluginhost.Disk {
	t.Helper()
	d, err := folder.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// faulty is a disk that is full, stalled or out of files at a test's will, or that
// does nothing any more from a step on, as for a process that is killed there.
type faulty struct {
	pluginhost.Disk
	killAt      int32 // 0 for never
	done        bool  // whether that step is done
	steps       atomic.Int32
	full, short atomic.Bool
	stalled     chan struct{} // nil for a disk that answers
	settled     atomic.Int32
}

var errKilled = errors.New("the process was killed")

// step does something, unless the process was killed before.
func (d *faulty) step(do func() error) error {
	switch n := d.steps.Add(1); {
	case d.killAt == 0 || n < d.killAt:
		return do()
	case n == d.killAt && d.done:
		return errors.Join(do(), errKilled)
	}
	return errKilled
}

func (d *faulty) Link(name, second string) error {
	return d.step(func() error { return d.Disk.Link(name, second) })
}

func (d *faulty) Rename(from, to string) error {
	return d.step(func() error { return d.Disk.Rename(from, to) })
}

func (d *faulty) Remove(name string) error {
	return d.step(func() error { return d.Disk.Remove(name) })
}

func (d *faulty) Put(name string, data []byte) (func() error, error) {
	if d.full.Load() {
		return nil, &fs.PathError{Op: "write", Path: name, Err: syscall.ENOSPC}
	}
	settle := func() error { return nil }
	if err := d.step(func() (err error) { settle, err = d.Disk.Put(name, data); return err }); err != nil {
		return nil, errors.Join(err, settle())
	}
	return func() error {
		if d.stalled != nil {
			<-d.stalled
		}
		d.settled.Add(1)
		return settle()
	}, nil
}

func (d *faulty) Sync() error {
	if d.stalled != nil {
		<-d.stalled
	}
	return d.Disk.Sync()
}

func (d *faulty) Read(name string, most int64) ([]byte, error) {
	if d.short.Load() {
		return nil, &fs.PathError{Op: "open", Path: name, Err: syscall.EMFILE}
	}
	return d.Disk.Read(name, most)
}

// Invariant 12: what was decided survives a kill. A process whose audit log takes
// everything but decisions ends a trial and takes a plugin out, and is killed once
// a caller could see that; the next one records both, once.
func TestInvariant12DecisionsSurviveAKill(t *testing.T) {
	if dir := os.Getenv("PLUGINHOST_TEST_DIR"); dir != "" {
		decide(t, dir)
	}
	w := newWorld(t)
	child := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestInvariant12")
	child.Env = append(os.Environ(), "PLUGINHOST_TEST_DIR="+w.dir)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(out)
	var said []string
	for lines.Scan() && lines.Text() != "decided" {
		said = append(said, lines.Text())
	}
	_ = child.Process.Kill()
	_ = child.Wait()
	if lines.Text() != "decided" {
		t.Fatalf("the process decided nothing: %s", strings.Join(said, "\n"))
	}
	want := []string{
		"FAILURE plugin=answerer plugin_version=1.1.0 plugin_state=retreated cause=too-many-failures",
		"FAILURE plugin=answerer plugin_version=1.2.0 plugin_state=broken cause=too-many-failures",
	}
	for range 2 { // and a third process finds nothing more to record
		w.start()
		wait(t, func() error {
			if got := w.recorded("Change"); fmt.Sprint(got) != fmt.Sprint(want) {
				return fmt.Errorf("recorded %q", got)
			}
			return nil
		})
		w.stop()
	}
	if left := files(t, filepath.Join(w.dir, "plugin-events"), ".event"); len(left) != 0 {
		t.Errorf("%d records wait", len(left))
	}
}

// decide is the process that is killed.
func decide(t *testing.T, dir string) {
	key, err := trust.ReadKey(filepath.Join(dir, "hospital"))
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.dir, w.key, w.config.Trust = dir, key, filepath.Join(dir, "trust.json")
	w.config.Breaker = service.Breaker{Tolerance: service.Tolerance{Calls: 3}, Pause: time.Hour}
	w.log = &audittest.Log{Before: func(_ context.Context, events []*auditv1.Event) error {
		for _, e := range events {
			if strings.HasSuffix(e.GetMethod(), "/Change") {
				return errors.New("the log cannot be reached")
			}
		}
		return nil
	}}
	w.start()
	for _, release := range []struct {
		version, text string
		percent       int32
	}{{"1.0.0", "(i32.const 1)", 0}, {"1.1.0", "(unreachable)", 50}, {"1.2.0", "(unreachable)", 0}} {
		if _, err := w.install("admin", rpc.Content, w.pkg(release.version, guest(release.text), w.key), release.percent); err != nil {
			t.Fatal(err)
		}
		for range 30 {
			_, _ = w.ask("answerer")
		}
	}
	fmt.Println("decided")
	time.Sleep(time.Minute) // it is killed
}
