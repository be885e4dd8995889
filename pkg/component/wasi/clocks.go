package wasi

import (
	"context"
	"math"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

//nolint:gochecknoglobals // immutable
var datetime = component.RecordOf("datetime", param("seconds", u64), param("nanoseconds", component.U32))

func (a adder) addClocks() {
	when := params(param("when", u64))
	a.add("clocks/monotonic-clock",
		function{"now", nil, u64, a.monotonicNow},
		function{"resolution", nil, u64, monotonicResolution},
		function{"subscribe-instant", when, component.OwnOf(pollable), subscribeInstant},
		function{"subscribe-duration", when, component.OwnOf(pollable), a.subscribeDuration},
	)
	a.add("clocks/wall-clock",
		function{"now", nil, datetime, a.wallNow},
		function{"resolution", nil, datetime, wallResolution},
	)
	at := params(param("when", datetime))
	a.add("clocks/timezone",
		function{"display", at, component.RecordOf("timezone-display", param("utc-offset", component.S32),
			param("name", component.String), param("in-daylight-saving-time", component.Bool)), utc},
		function{"utc-offset", at, component.S32, utcOffset},
	)
}

func (a adder) monotonicNow(ctx context.Context, _ *component.Decoder, e *component.Encoder) error {
	e.U64(a.state(ctx).now())
	return nil
}

func monotonicResolution(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
	e.U64(1)
	return nil
}

func subscribeInstant(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	e.Own(pollable, timer(d.U64()))
	return nil
}

func (a adder) subscribeDuration(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
	now, wait := a.state(ctx).now(), d.U64()
	e.Own(pollable, timer(now+min(wait, math.MaxUint64-now)))
	return nil
}

func (a adder) wallNow(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
	t := time.Unix(0, 0)
	if a.config.Now != nil {
		t = a.config.Now()
	}
	if t.Before(time.Unix(0, 0)) {
		t = time.Unix(0, 0) // WASI has no time before
	}
	e.U64(uint64(t.Unix()))
	e.U32(uint32(t.Nanosecond()))
	return nil
}

func wallResolution(_ context.Context, _ *component.Decoder, e *component.Encoder) error {
	e.U64(0)
	e.U32(1)
	return nil
}

func readDatetime(d *component.Decoder) {
	d.U64()
	d.U32()
}

// utc serves the time zone, which is always that.
func utc(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	readDatetime(d)
	e.S32(0)
	e.String("UTC")
	e.Bool(false)
	return nil
}

func utcOffset(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	readDatetime(d)
	e.S32(0)
	return nil
}
