package pluginhost_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/audit/audittest"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// moody is a component whose start traps in the seventh nanosecond of a second.
const moody = `(component
	  (import "hygia:host/clock@0.1.0" (instance $clock
	    (type $d (record (field "seconds" u64) (field "nanoseconds" u32)))
	    (export "datetime" (type $datetime (eq $d)))
	    (export "now" (func (result $datetime)))))
	  (core module $memory (memory (export "memory") 1))
	  (core instance $mem (instantiate $memory))
	  (alias core export $mem "memory" (core memory $m))
	  (core func $now (canon lower (func $clock "now") (memory $m)))
	  (core module $c
	    (import "mem" "memory" (memory 1))
	    (import "host" "now" (func $now (param i32)))
	    (func $begin (call $now (i32.const 0)) (if (i32.eq (i32.load (i32.const 8)) (i32.const 7)) (then unreachable)))
	    (start $begin)
	    (func (export "answer") (result i32) (i32.const 3)))
	  (core instance $i (instantiate $c (with "mem" (instance $mem)) (with "host" (instance (export "now" (func $now))))))
	  (func $answer (result u32) (canon lift (core func $i "answer")))
	  (instance $api (export "answer" (func $answer)))
	  (export "test:api/answerer@0.1.0" (instance $api)))`

// A trap in a start that no call waits for is in the audit log, at the latest when
// that can be reached again, and in the service's log.
func TestATrapAheadOfCallsIsAudited(t *testing.T) {
	for name, down := range map[string]bool{"the log takes it": false, "the log is down": true} {
		t.Run(name, func(t *testing.T) {
			var nanosecond atomic.Int64
			var unreachable atomic.Bool
			w := newWorld(t)
			w.clock = func() time.Time { return time.Now().Truncate(time.Second).Add(time.Duration(nanosecond.Load())) }
			tried := make(chan struct{}, 100)
			w.log = &audittest.Log{Before: func(_ context.Context, events []*auditv1.Event) error {
				if strings.HasSuffix(events[0].GetMethod(), "/Run") {
					defer func() { tried <- struct{}{} }()
				}
				if unreachable.Load() {
					return errors.New("the audit log is down")
				}
				return nil
			}}
			w.config.Warm = map[string]int{"answerer": 1}
			w.start()
			if _, err := w.install("admin", rpc.Content, w.pkg("1.0.0", moody, w.key, "hygia:host/clock@0.1.0"), 0); err != nil {
				t.Fatal(err)
			}
			nanosecond.Store(7)
			unreachable.Store(down)
			if n, err := w.ask("answerer"); err != nil || n != 3 {
				t.Errorf("the one that was ready: got %d, %v", n, err)
			}
			<-tried
			unreachable.Store(false)
			w.stop()
			runs := w.recorded("Run") // it may have been tried again when the call ended
			if len(runs) == 0 || !strings.HasPrefix(runs[0], "FAILURE plugin=answerer plugin_version=1.0.0 digest=") ||
				!strings.HasSuffix(runs[0], " cause=trap:-unreachable") || strings.Contains(runs[0], "function=") {
				t.Errorf("recorded %q", runs)
			}
			if text := w.logged.String(); !strings.Contains(text, `"component":"answerer@1.0.0","error_message":"trap: unreachable"`) {
				t.Errorf("logged %s", text)
			}
		})
	}
}
