package component

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// PoolOptions sizes a Pool. A zero field means the default that it names.
type PoolOptions struct {
	// Max is how many instances the pool may hold, idle and in calls: 16 by
	// default. A call for which there is none gets a fresh one of its own.
	Max int
	// Warm is how many of these are kept ready that have served no call yet: none
	// by default. They are made when the pool is, and again in the background as
	// calls take them: a call then does not wait for a start that takes long, or for
	// what is left of it.
	Warm int
	// Reuse is how many calls an instance may serve: 1 by default, so that nothing
	// that a guest keeps outlives a call. With more, what one call leaves behind,
	// wanted or not, the next one in that instance can find: allow it only for a
	// component that is trusted with that. Calls of different flows (see WithFlow)
	// never share an instance.
	Reuse int
	// MaxAge is how old an instance may be when it begins a call: 10 minutes by
	// default.
	MaxAge time.Duration
	// Now is the clock by which they age: time.Now by default.
	Now func() time.Time
	// Ahead, where it is not nil, is around each making of an instance ahead: it must
	// call start once, with its own context or one made from that, and return what
	// start returns. It is where a host gives a start what it gives its calls, and
	// where it hears of one that failed in the background, of which no call tells.
	Ahead func(ctx context.Context, start func(context.Context) error) error
}

func (o PoolOptions) withDefaults() PoolOptions {
	def(&o.Max, 16)
	def(&o.Reuse, 1)
	def(&o.MaxAge, 10*time.Minute)
	if o.Now == nil {
		o.Now = now
	}
	if o.Ahead == nil {
		o.Ahead = func(ctx context.Context, start func(context.Context) error) error { return start(ctx) }
	}
	return o
}

// Pool calls a program in instances that it makes ahead, and reuses where that is
// asked for. It is safe for concurrent use. Close it when done with it.
type Pool struct {
	program *Program
	o       PoolOptions
	stop    context.CancelFunc // of making instances ahead
	warming sync.WaitGroup

	mu     sync.Mutex
	ctx    context.Context // of making instances ahead; nil once closed
	idle   []*pooled       // that have waited longest first
	live   int             // idle, in calls and in the making
	unused int             // of the idle, those that have served no call
	fill   bool            // whether instances are being made ahead, one by one
	making bool            // whether one of these has its place and is counted in live
	heir   chan *pooled    // of the call that waits for that one, or nil
}

type pooled struct {
	*Instance
	flow  string // whose calls it has served
	calls int
	born  time.Time
}

// Pool returns a pool of the program's instances, with PoolOptions.Warm of them
// made. It fails as Instance does when one cannot be made. The program may be
// closed before it.
func (p *Program) Pool(ctx context.Context, o PoolOptions) (*Pool, error) {
	o = o.withDefaults()
	if min(o.Max, o.Reuse, int(o.MaxAge)) < 1 || o.Warm < 0 || o.Warm > o.Max {
		return nil, errors.New("component: a pool needs Max, Reuse and MaxAge above 0, and Warm of 0 to Max")
	}
	l := &Pool{program: p, o: o}
	l.ctx, l.stop = context.WithCancel(context.Background()) // ctx is of a call that ends
	if err := l.warm(ctx); err != nil {
		l.Close()
		return nil, err
	}
	return l, nil
}

// Call calls fn as Program.Call does, in an instance of the pool. One that fails
// is dropped.
func (l *Pool) Call(ctx context.Context, fn *Export, args func(*Encoder), results func(*Decoder)) error {
	in, err := l.take(ctx)
	if err != nil {
		return err
	}
	if in == nil {
		return l.program.Call(ctx, fn, args, results)
	}
	defer l.give(in)
	in.calls++
	return in.Call(ctx, fn, args, results)
}

// take returns an instance for a call, or nil when the pool holds all it may. A
// call for which none is idle takes the one that is being made ahead, before
// another flow's is ended for it.
func (l *Pool) take(ctx context.Context) (*pooled, error) {
	from := originOf(ctx)
	l.mu.Lock()
	if l.ctx == nil {
		l.mu.Unlock()
		return nil, ErrClosed
	}
	var coming chan *pooled
	over, room := l.expire(), false
	in := l.pick(from.flow)
	switch {
	case in != nil:
	case l.making && l.heir == nil && from.outer == nil: // that start may wait for a call within a call
		coming = make(chan *pooled, 1)
		l.heir = coming
	case l.live < l.o.Max:
		room = true
		l.live++
	case len(l.idle) > 0:
		room = true
		over = append(over, l.remove(0)) // another flow's, idle for the longest
	}
	l.refill()
	l.mu.Unlock()
	for _, o := range over {
		o.Close()
	}
	var err error
	if coming != nil {
		in, err = l.await(ctx, coming)
		room = in == nil
	}
	if room && err == nil {
		if in, err = l.fresh(ctx, nil); err != nil {
			l.forget()
		}
	}
	if in != nil {
		in.flow = from.flow
	}
	return in, err
}

// pick takes an idle instance that a call of the flow may use: rather one of its
// own than one that is new. It must be called with mu held.
func (l *Pool) pick(flow string) *pooled {
	best := -1
	for i, in := range l.idle {
		if in.calls == 0 && best < 0 || in.calls > 0 && in.flow == flow {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return l.remove(best)
}

// remove takes an instance out of the idle ones. It must be called with mu held.
func (l *Pool) remove(i int) *pooled {
	in := l.idle[i]
	l.idle = slices.Delete(l.idle, i, i+1)
	if in.calls == 0 {
		l.unused--
	}
	return in
}

// expire takes out what is too old. It must be called with mu held.
func (l *Pool) expire() (over []*pooled) {
	at := l.o.Now()
	for i := 0; i < len(l.idle); {
		if at.Sub(l.idle[i].born) < l.o.MaxAge {
			i++
			continue
		}
		over = append(over, l.remove(i))
		l.live--
	}
	return over
}

// give takes an instance back after a call, unless it is over.
func (l *Pool) give(in *pooled) {
	if in.calls < l.o.Reuse && !in.over() && l.keep(in) {
		return
	}
	in.Close()
	l.forget()
}

func (l *Pool) keep(in *pooled) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.shelve(in)
}

// shelve puts an instance among the idle ones, unless the pool is closed. It must
// be called with mu held.
func (l *Pool) shelve(in *pooled) bool {
	if l.ctx == nil {
		return false
	}
	l.idle = append(l.idle, in)
	if in.calls == 0 {
		l.unused++
	}
	return true
}

// forget counts out an instance that is no more.
func (l *Pool) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live--
	l.refill()
}

// fresh makes an instance, or none where wanted says no: see Program.instance.
func (l *Pool) fresh(ctx context.Context, wanted func() bool) (*pooled, error) {
	in, err := l.program.instance(ctx, wanted)
	if in == nil {
		return nil, l.program.observe(err)
	}
	return &pooled{Instance: in, born: l.o.Now()}, nil
}

// Close ends the pool's instances, those in calls once these have returned. Calls
// that come later fail with ErrClosed. Closing twice does nothing.
func (l *Pool) Close() {
	l.stop()
	l.mu.Lock()
	idle := l.idle
	l.ctx, l.idle = nil, nil
	l.mu.Unlock()
	l.warming.Wait()
	for _, in := range idle {
		in.Close()
	}
}
