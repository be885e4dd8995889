// Package ratelimit limits how often each of many keys (an account, an address,
// a token) may do something, in bounded memory.
//
// Each key has a token bucket. A key is forgotten only once its bucket is full
// again, so forgetting lifts no limit. Where more keys are limited than fit,
// every further key shares one bucket: a flood of keys costs the flood, not
// those who are known already.
package ratelimit

import (
	"container/list"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Config bounds a Limiter.
type Config struct {
	// PerSecond is how many events a key's bucket regains each second; it must
	// be positive.
	PerSecond float64
	// Burst is the size of a key's bucket, at least 1: what a key that rested may
	// do at once.
	Burst int
	// Keys is how many keys are told apart at most, at least 1. Each takes some
	// 300 bytes and the length of its key.
	Keys int
}

// Limiter limits many keys. It is safe for concurrent use.
type Limiter struct {
	config   Config
	clock    func() time.Time
	overflow *rate.Limiter

	mu     sync.Mutex
	byKey  map[string]*list.Element
	oldest *list.List // of *bucket, the least recently used in front
}

type bucket struct {
	key     string
	limiter *rate.Limiter
}

// New returns a limiter whose buckets are full. Values of c below their
// minimum are raised to it; a limiter that lets nothing through is no limiter.
func New(c Config, clock func() time.Time) *Limiter {
	c.Burst, c.Keys = max(c.Burst, 1), max(c.Keys, 1)
	if c.PerSecond <= 0 {
		c.PerSecond = 1
	}
	l := &Limiter{config: c, clock: clock, byKey: make(map[string]*list.Element), oldest: list.New()}
	l.overflow = l.bucket()
	return l
}

// Allow takes one event from the key's bucket. Where the bucket is empty it
// takes nothing, and returns how long it is until the next event may come.
func (l *Limiter) Allow(key string) (ok bool, retryAfter time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.clock()
	r := l.find(key, now).ReserveN(now, 1)
	wait := r.DelayFrom(now)
	if wait == 0 {
		return true, 0
	}
	r.CancelAt(now)
	return false, wait
}

// Keys returns how many keys are held at present.
func (l *Limiter) Keys() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.byKey)
}

// find returns the bucket of a key, the shared one where no room can be made.
func (l *Limiter) find(key string, now time.Time) *rate.Limiter {
	if e, ok := l.byKey[key]; ok {
		l.oldest.MoveToBack(e)
		return e.Value.(*bucket).limiter
	}
	if len(l.byKey) >= l.config.Keys && !l.forget(now) {
		return l.overflow
	}
	b := &bucket{key: key, limiter: l.bucket()}
	l.byKey[key] = l.oldest.PushBack(b)
	return b.limiter
}

// forget drops the least recently used key if its bucket is full again. No
// other key's can be full before: all refill at one rate, but a key that used
// more than one event may still wait when a later one does not. Such a key is
// asked again at the next call.
func (l *Limiter) forget(now time.Time) bool {
	e := l.oldest.Front()
	b := e.Value.(*bucket)
	if b.limiter.TokensAt(now) < float64(l.config.Burst) {
		return false
	}
	l.oldest.Remove(e)
	delete(l.byKey, b.key)
	return true
}

func (l *Limiter) bucket() *rate.Limiter {
	return rate.NewLimiter(rate.Limit(l.config.PerSecond), l.config.Burst)
}
