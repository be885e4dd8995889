package ratelimit_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
)

func TestABucketEmptiesAndRefills(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{PerSecond: 0.5, Burst: 3, Keys: 10}, time.Now)
		for i := range 3 {
			if ok, _ := l.Allow("a"); !ok {
				t.Fatalf("event %d of the burst was refused", i)
			}
		}
		ok, wait := l.Allow("a")
		if ok || wait != 2*time.Second {
			t.Fatalf("after the burst: ok=%v, retry after %v; want false, 2s", ok, wait)
		}
		if ok, _ := l.Allow("b"); !ok {
			t.Fatal("another key was refused")
		}
		time.Sleep(wait)
		if ok, _ := l.Allow("a"); !ok {
			t.Fatal("refused after the time that the limiter had named")
		}
		if ok, _ := l.Allow("a"); ok {
			t.Fatal("one interval gave two events")
		}
	})
}

func TestARefusalCostsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := ratelimit.New(ratelimit.Config{PerSecond: 1, Burst: 1, Keys: 1}, time.Now)
		l.Allow("a")
		for range 100 {
			if ok, wait := l.Allow("a"); ok || wait > time.Second {
				t.Fatalf("ok=%v, retry after %v", ok, wait)
			}
		}
		time.Sleep(time.Second)
		if ok, _ := l.Allow("a"); !ok {
			t.Fatal("the refused events were charged")
		}
	})
}

func TestAFloodOfKeysLiftsNoLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const keys = 8
		l := ratelimit.New(ratelimit.Config{PerSecond: 1, Burst: 5, Keys: keys}, time.Now)
		for range 5 {
			l.Allow("known")
		}
		allowed := 0
		for i := range 1000 {
			if ok, _ := l.Allow(fmt.Sprint("flood ", i)); ok {
				allowed++
			}
		}
		if want := keys - 1 + 5; allowed != want {
			t.Errorf("the flood got %d events through, want %d: one for each key that fits, then one shared burst", allowed, want)
		}
		if ok, _ := l.Allow("known"); ok {
			t.Error("the flood made the limiter forget a key that had used its burst")
		}
		if n := l.Keys(); n > keys {
			t.Errorf("%d keys are held, want at most %d", n, keys)
		}
	})
}

// No key gets more than its burst and what the time since gave, whatever else
// happens.
func TestNoKeyExceedsItsRate(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		now := time.Unix(0, 0)
		c := ratelimit.Config{PerSecond: 2, Burst: rapid.IntRange(1, 5).Draw(t, "burst"), Keys: rapid.IntRange(1, 3).Draw(t, "keys")}
		l := ratelimit.New(c, func() time.Time { return now })
		got := map[string]int{}
		for range rapid.IntRange(1, 200).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 700).Draw(t, "ms")) * time.Millisecond)
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key")
			if ok, wait := l.Allow(key); ok {
				got[key]++
			} else if wait <= 0 {
				t.Fatalf("refused without a time to wait")
			}
			// A key may pass from a bucket of its own to the shared one once.
			most := 2 * (float64(c.Burst) + now.Sub(time.Unix(0, 0)).Seconds()*c.PerSecond)
			if float64(got[key]) > most {
				t.Fatalf("key %s got %d events, at most %v may pass", key, got[key], most)
			}
			if l.Keys() > c.Keys {
				t.Fatalf("%d keys are held, want at most %d", l.Keys(), c.Keys)
			}
		}
	})
}
