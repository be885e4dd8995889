package plugin_test

import (
	"bytes"
	"context"
	"log/slog"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
)

type told chan plugin.Event

func (t told) Record(_ context.Context, e plugin.Event) error { t <- e; return nil }

// What is kept ready starts within a call's bounds, and no call tells of one that
// fails in the background: the plugin does.
func TestAStartAheadOfCallsIsBoundedAndTold(t *testing.T) {
	text := strings.Replace(talker, `(func (export "answer")`, `(func $begin (local $n i32)
		(loop $again
		  (call $write (i32.const 2) (i32.const 0) (i32.const 7))
		  (br_if $again (i32.lt_s (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 200))))
		(call $now (i32.const 64))
		(if (i32.eqz (i64.eqz (i64.load (i32.const 64)))) (then unreachable)))
	  (start $begin)
	  (func (export "answer")`, 1)
	var log bytes.Buffer
	var second atomic.Int64
	events := make(told, 10)
	p, err := plugin.Load(t.Context(), plugin.Options{
		Engine: engine(t), Files: files(t, text, grantAll), Exports: []*component.Export{answer}, Warm: 1, Events: events,
		Host: plugin.Host{
			Logger: slog.New(slog.NewTextHandler(&log, nil)),
			Clock:  func() time.Time { return time.Unix(second.Load(), 0) },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if n := strings.Count(log.String(), "a component wrote a line"); n != 100 {
		t.Errorf("the start logged %d lines, want 100", n)
	}
	next := func() (e plugin.Event) {
		for e = <-events; e.Kind == plugin.EventDropped || e.Kind == plugin.EventWithheld; e = <-events {
		}
		return e
	}
	if e, want := <-events, (plugin.Event{Kind: plugin.EventDropped, Plugin: p.Name(), Digest: p.Manifest().Digest, Cause: "limit: lines of log"}); !reflect.DeepEqual(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
	if e := next(); e.Kind != plugin.EventLoaded {
		t.Errorf("got %+v", e)
	}
	second.Store(1)
	if n, err := ask(t.Context(), p); err != nil || n != 1000 {
		t.Errorf("got %d, %v", n, err)
	}
	want := plugin.Event{Kind: plugin.EventTrapped, Plugin: p.Name(), Digest: p.Manifest().Digest, Cause: "trap: unreachable"}
	if e := next(); !reflect.DeepEqual(e, want) {
		t.Errorf("got  %+v\nwant %+v", e, want)
	}
}
