package plugin_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

// record keeps what it is told, or fails.
type record struct {
	events []plugin.Event
	fails  error
}

func (r *record) Record(_ context.Context, e plugin.Event) error {
	r.events = append(r.events, e)
	return r.fails
}

func loadTold(t *testing.T, files fstest.MapFS, r *record) (*plugin.Plugin, error) {
	t.Helper()
	p, err := plugin.Load(t.Context(), plugin.Options{
		Engine: engine(t), Files: files, Host: everything(), Exports: []*component.Export{answer}, Events: r,
	})
	if err == nil {
		t.Cleanup(p.Close)
	}
	return p, err
}

func TestEveryGrantRefusalAndTrapIsTold(t *testing.T) {
	trap := strings.Replace(guest(""), "(i32.const 42)", "(unreachable)", 1)
	loop := strings.Replace(guest(""), "(i32.const 42)", "(loop $l (br $l)) (unreachable)", 1)
	greedy := strings.NewReplacer("(i32.const 42)", "(drop (memory.grow (i32.const 2000))) (unreachable)", "(core module $m", "(core module $m (memory 1)").Replace(guest(""))
	quick := func(m *plugin.Manifest) { m.Limits.DeadlineMS = 20 }
	granted := func(m *plugin.Manifest) {
		m.Grants.Interfaces = []string{"hygia:host/log@0.1.0"}
		m.Grants.Config = []string{"limit"}
		m.Grants.Hosts = []string{"fhir.example.org"}
	}
	loaded := plugin.Event{Kind: plugin.EventLoaded}
	for name, c := range map[string]struct {
		text   string
		change func(*plugin.Manifest)
		want   []plugin.Event
	}{
		"granted": {guest(importsLog), granted, []plugin.Event{{
			Kind: plugin.EventLoaded, Grants: []string{"hygia:host/log@0.1.0", "configuration limit", "host fhir.example.org"},
		}}},
		"refused": {guest(importsLog), nil, []plugin.Event{{
			Kind: plugin.EventRefused, Import: "hygia:host/log@0.1.0#write", Cause: "import not granted",
		}}},
		"refused twice": {guest(importsLog + importsWASI), nil, []plugin.Event{
			{Kind: plugin.EventRefused, Import: "hygia:host/log@0.1.0#write", Cause: "import not granted"},
			{Kind: plugin.EventRefused, Import: "wasi:clocks/monotonic-clock@0.2.3#now", Cause: "import not granted"},
		}},
		"granted WASI": {guest(importsWASI), granting(plugin.WASI{Clock: true, Random: true, Environment: []string{"TZ"}}), []plugin.Event{{
			Kind: plugin.EventLoaded, Grants: []string{"WASI", "WASI clocks", "WASI random numbers", "variable TZ"},
		}}},
		"more lines than a call may write, and a key that is not granted": {talker, grantAll, []plugin.Event{
			{Kind: plugin.EventLoaded, Grants: []string{"hygia:host/log@0.1.0", "hygia:host/clock@0.1.0", "hygia:host/config@0.1.0", "configuration limit"}},
			{Kind: plugin.EventWithheld, Function: "hygia:host/config@0.1.0#get", Cause: "key not granted"},
			{Kind: plugin.EventDropped, Function: "test:api/answerer@0.1.0#answer", Cause: "limit: lines of log"},
		}},
		"trapped": {trap, nil, []plugin.Event{loaded, {Kind: plugin.EventTrapped, Function: "test:api/answerer@0.1.0#answer", Cause: "trap: unreachable"}}},
		"limited": {loop, quick, []plugin.Event{loaded, {Kind: plugin.EventLimited, Function: "test:api/answerer@0.1.0#answer", Cause: "limit: deadline"}}},
		"refused memory": {greedy, nil, []plugin.Event{loaded, {
			Kind: plugin.EventLimited, Function: "test:api/answerer@0.1.0#answer", Cause: "limit: memory bytes",
		}}},
	} {
		t.Run(name, func(t *testing.T) {
			f := files(t, c.text, c.change).(fstest.MapFS)
			m, err := plugin.ParseManifest(f["manifest.json"].Data)
			if err != nil {
				t.Fatal(err)
			}
			for i := range c.want {
				c.want[i].Plugin, c.want[i].Digest = "answerer@0.1.0", m.Digest
			}
			var told record
			if p, err := loadTold(t, f, &told); err == nil {
				_, _ = ask(t.Context(), p)
			}
			if !reflect.DeepEqual(told.events, c.want) {
				t.Errorf("got  %+v\nwant %+v", told.events, c.want)
			}
		})
	}
}

// What cannot be recorded does not happen: the plugin is not loaded, and the
// failure of a call names both.
func TestWhatCannotBeRecordedFails(t *testing.T) {
	full := errors.New("the trail is full")
	if _, err := loadTold(t, files(t, guest(""), nil).(fstest.MapFS), &record{fails: full}); !errors.Is(err, full) {
		t.Errorf("loaded without a record: %v", err)
	}
	var told record
	p, err := loadTold(t, files(t, strings.Replace(guest(""), "(i32.const 42)", "(unreachable)", 1), nil).(fstest.MapFS), &told)
	if err != nil {
		t.Fatal(err)
	}
	told.fails = full
	_, err = ask(t.Context(), p)
	var trap *component.TrapError
	if !errors.Is(err, full) || !errors.As(err, &trap) {
		t.Errorf("got %v", err)
	}
}

func TestACallerThatGivesUpIsNoEvent(t *testing.T) {
	var told record
	p, err := loadTold(t, files(t, guest(""), nil).(fstest.MapFS), &told)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ask(ctx, p); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	if len(told.events) != 1 {
		t.Errorf("got %+v", told.events)
	}
}

func TestAManifestThatCannotBeReadIsToldToo(t *testing.T) {
	var told record
	if _, err := loadTold(t, fstest.MapFS{}, &told); err == nil {
		t.Fatal("loaded")
	}
	if want := []plugin.Event{{Kind: plugin.EventRefused, Cause: "file missing"}}; !reflect.DeepEqual(told.events, want) {
		t.Errorf("got %+v", told.events)
	}
}
