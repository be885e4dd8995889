package wasi

import (
	"context"
	"errors"
	"math"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
)

// The resources of wasi:io. A guest never holds an error, since no stream fails
// but by being closed.
//
//nolint:gochecknoglobals // immutable
var (
	ioError      = resource("io/error", "error")
	pollable     = resource("io/poll", "pollable")
	inputStream  = resource("io/streams", "input-stream")
	outputStream = resource("io/streams", "output-stream")

	streamError = component.VariantOf("stream-error",
		component.Case{Name: "last-operation-failed", Type: component.OwnOf(ioError)}, component.Case{Name: "closed"})
)

// streamClosed is stream-error's case.
const streamClosed = 1

// writeMax is how much a guest may write at once, in bytes.
const writeMax = 64 << 10

func (a adder) addIO() {
	a.add("io/error", method(ioError, "to-debug-string", nil, component.String, nil))
	a.add("io/poll",
		method(pollable, "ready", nil, component.Bool, a.ready),
		method(pollable, "block", nil, nil, a.block),
		function{"poll", params(param("in", component.ListOf(component.BorrowOf(pollable)))), component.ListOf(component.U32), a.poll},
	)
	a.addInput()
	a.addOutput()
}

// addInput serves standard input, the only one there is: it is at its end.
func (a adder) addInput() {
	length := params(param("len", u64))
	a.add("io/streams",
		method(inputStream, "read", length, streamResult(bytes), ended),
		method(inputStream, "blocking-read", length, streamResult(bytes), ended),
		method(inputStream, "skip", length, streamResult(u64), ended),
		method(inputStream, "blocking-skip", length, streamResult(u64), ended),
		method(inputStream, "subscribe", nil, component.OwnOf(pollable), subscribe(inputStream)),
	)
}

func streamResult(ok *component.Type) *component.Type { return component.ResultOf(ok, streamError) }

func ended(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	d.Borrow(inputStream)
	d.U64()
	closed(e)
	return nil
}

func closed(e *component.Encoder) {
	e.Case(1)
	e.Case(streamClosed)
}

// subscribe serves a stream's: none ever waits.
func subscribe(r *component.Resource) component.HostFunc {
	return func(_ context.Context, d *component.Decoder, e *component.Encoder) error {
		d.Borrow(r)
		e.Own(pollable, always{})
		return nil
	}
}

// addOutput serves standard output and error, which are always ready.
func (a adder) addOutput() {
	length := params(param("len", u64))
	contents := params(param("contents", bytes))
	source := params(param("src", component.BorrowOf(inputStream)), param("len", u64))
	done, count := streamResult(nil), streamResult(u64)
	a.add("io/streams",
		method(outputStream, "check-write", nil, count, checkWrite),
		method(outputStream, "write", contents, done, a.write),
		method(outputStream, "blocking-write-and-flush", contents, done, a.write),
		method(outputStream, "flush", nil, done, flush),
		method(outputStream, "blocking-flush", nil, done, flush),
		method(outputStream, "subscribe", nil, component.OwnOf(pollable), subscribe(outputStream)),
		method(outputStream, "write-zeroes", length, done, a.writeZeroes),
		method(outputStream, "blocking-write-zeroes-and-flush", length, done, a.writeZeroes),
		method(outputStream, "splice", source, count, splice),
		method(outputStream, "blocking-splice", source, count, splice),
	)
}

func checkWrite(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	d.Borrow(outputStream)
	e.Case(0)
	e.U64(writeMax)
	return nil
}

func flush(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	d.Borrow(outputStream)
	e.Case(0)
	return nil
}

func (a adder) write(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
	to := borrow[Stream](d, outputStream)
	return a.output(ctx, to, d.Bytes(), d.Err(), e)
}

func (a adder) writeZeroes(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
	to := borrow[Stream](d, outputStream)
	n := d.U64()
	if n > writeMax {
		return errWrite
	}
	return a.output(ctx, to, make([]byte, n), d.Err(), e)
}

var errWrite = errors.New("wasi: a guest wrote more than check-write allowed")

// output passes on what a guest wrote, within what its call may write.
func (a adder) output(ctx context.Context, to Stream, text []byte, err error, e *component.Encoder) error {
	if err != nil {
		return err
	}
	if len(text) > writeMax {
		return errWrite
	}
	if err := component.CountLog(ctx, len(text)); err != nil {
		return err
	}
	if a.config.Output != nil {
		a.config.Output(ctx, to, text)
	}
	e.Case(0)
	return nil
}

// splice finds its source, which can only be standard input, at its end.
func splice(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	d.Borrow(outputStream)
	d.Borrow(inputStream)
	d.U64()
	closed(e)
	return nil
}

// A waiter is what a pollable stands for: it says when it is ready, in
// nanoseconds of the monotonic clock.
type waiter interface{ due() uint64 }

type (
	always struct{} // a stream
	timer  uint64   // a moment
)

func (always) due() uint64  { return 0 }
func (t timer) due() uint64 { return uint64(t) }

func (a adder) ready(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
	w := borrow[waiter](d, pollable)
	if w == nil {
		return d.Err()
	}
	e.Bool(w.due() <= a.state(ctx).now())
	return nil
}

func (a adder) block(ctx context.Context, d *component.Decoder, _ *component.Encoder) error {
	w := borrow[waiter](d, pollable)
	if w == nil {
		return d.Err()
	}
	return a.wait(ctx, w.due())
}

var errPollNothing = errors.New("wasi: a guest polled an empty list, which WASI forbids")

func (a adder) poll(ctx context.Context, d *component.Decoder, e *component.Encoder) error {
	due := make([]uint64, d.List())
	first := uint64(math.MaxUint64)
	for i := range due {
		w := borrow[waiter](d, pollable)
		if w == nil {
			return d.Err()
		}
		due[i] = w.due()
		first = min(first, due[i])
	}
	if err := d.Err(); err != nil {
		return err
	}
	if len(due) == 0 {
		return errPollNothing
	}
	if err := a.wait(ctx, first); err != nil {
		return err
	}
	now := a.state(ctx).now()
	var ready []uint32
	for i, t := range due {
		if t <= now {
			ready = append(ready, uint32(i))
		}
	}
	e.List(len(ready))
	for _, i := range ready {
		e.U32(i)
	}
	return nil
}

// wait returns when the monotonic clock shows a moment, or with the context's
// error.
func (a adder) wait(ctx context.Context, until uint64) error {
	s := a.state(ctx)
	for now := s.now(); now < until; now = s.now() {
		d := time.Duration(min(until-now, math.MaxInt64))
		if err := a.config.Sleep(ctx, d); err != nil {
			return err
		}
		s.slept(d)
	}
	return nil
}

// sleep waits for real.
func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-t.C:
		return nil
	}
}
