package component

import "context"

// Instances made ahead. One at a time is made in the background, and counts among
// the pool's once it has its place in the engine: until then calls make their own
// in its stead, as it may wait for longer than they would. From then on it is
// nearly there, and the first call that finds no other waits for it.

// short reports whether one more is to be made ahead. It must be called with mu
// held.
func (l *Pool) short() bool {
	return l.ctx != nil && l.unused < l.o.Warm && l.live < l.o.Max
}

// refill sees to it that instances are made ahead where too few are. It must be
// called with mu held.
//
//nolint:contextcheck // what is made ahead is for any call
func (l *Pool) refill() {
	if l.fill || !l.short() {
		return
	}
	ctx := l.ctx
	l.fill = true
	l.warming.Go(func() { _ = l.warm(ctx) }) // PoolOptions.Ahead has heard of it; the next call tries again
}

// warm makes instances ahead until there are enough, or one cannot be made.
func (l *Pool) warm(ctx context.Context) (err error) {
	for {
		l.mu.Lock()
		l.fill = err == nil && l.short()
		more := l.fill
		l.mu.Unlock()
		if !more {
			return err
		}
		err = l.o.Ahead(ctx, l.ahead)
	}
}

// ahead makes one instance ahead, if it is still wanted when it has its place.
func (l *Pool) ahead(ctx context.Context) error {
	in, err := l.fresh(ctx, func() bool {
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.short() {
			l.making = true
			l.live++
		}
		return l.making
	})
	l.hand(in)
	return err
}

// hand gives what was made ahead, or nil where that failed, to the call that waits
// for it, with its place in the pool, or else to the idle ones.
func (l *Pool) hand(in *pooled) {
	l.mu.Lock()
	heir, making := l.heir, l.making
	l.heir, l.making = nil, false
	switch {
	case !making:
	case heir != nil:
		heir <- in
		in = nil
	case in != nil && l.shelve(in):
		in = nil
	default:
		l.live--
	}
	l.mu.Unlock()
	if in != nil {
		in.Close()
	}
}

// await waits for the instance that is being made ahead, of which the call is the
// heir. Where it gets nil, the call makes its own in that one's stead.
func (l *Pool) await(ctx context.Context, coming chan *pooled) (*pooled, error) {
	select {
	case in := <-coming:
		return in, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	left := l.heir == coming
	if left {
		l.heir = nil
	}
	l.mu.Unlock()
	if !left { // it has come meanwhile
		if in := <-coming; in != nil {
			l.give(in)
		} else {
			l.forget()
		}
	}
	return nil, l.program.observe(stopError(ctx.Err(), context.Cause(ctx)))
}
