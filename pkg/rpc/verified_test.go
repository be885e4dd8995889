package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
)

// counting verifies every token but "forged", until its expiry.
type counting struct {
	calls   int
	expires time.Time
	now     *time.Time
}

func (c *counting) Verify(_ context.Context, token string) (actor.Actor, error) {
	c.calls++
	if token == "forged" {
		return actor.Actor{}, actor.ErrTokenInvalid
	}
	if !c.now.Before(c.expires) {
		return actor.Actor{}, actor.ErrTokenExpired
	}
	return actor.Actor{
		Person: token, Roles: []actor.Role{actor.RoleEditor}, Expires: c.expires,
		Credential: &actor.Credential{Specialties: []string{"x"}},
	}, nil
}

func TestATokenIsVerifiedAgainInTime(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := &counting{expires: now.Add(100 * time.Second), now: &now}
	v := rpc.Remembering(c, func() time.Time { return now })
	for _, step := range []struct {
		after time.Duration // since the step before
		calls int           // that the real verifier has had
		err   error
	}{
		{0, 1, nil},
		{0, 1, nil},
		{29 * time.Second, 1, nil},
		{time.Second, 2, nil},      // half a minute is over
		{60 * time.Second, 3, nil}, // ten seconds before it expires
		{9 * time.Second, 3, nil},
		{time.Second, 4, actor.ErrTokenExpired}, // at once, remembered or not
		{0, 5, actor.ErrTokenExpired},
	} {
		now = now.Add(step.after)
		if a, err := v.Verify(t.Context(), "ana"); !errors.Is(err, step.err) || err == nil && a.Person != "ana" {
			t.Errorf("at %v: %v, %v; want %v", now, a, err, step.err)
		}
		if c.calls != step.calls {
			t.Errorf("at %v: %d verifications, want %d", now, c.calls, step.calls)
		}
	}
}

func TestRefusalsAreNotRemembered(t *testing.T) {
	now := time.Now()
	c := &counting{expires: now.Add(time.Hour), now: &now}
	v := rpc.Remembering(c, func() time.Time { return now })
	for range 3 {
		if _, err := v.Verify(t.Context(), "forged"); !errors.Is(err, actor.ErrTokenInvalid) {
			t.Errorf("a forged token: %v", err)
		}
	}
	if c.calls != 3 {
		t.Errorf("%d verifications, want 3", c.calls)
	}
}

func TestWhatACallerChangesIsItsOwn(t *testing.T) {
	now := time.Now()
	c := &counting{expires: now.Add(time.Hour), now: &now}
	v := rpc.Remembering(c, func() time.Time { return now })
	for range 3 {
		a, err := v.Verify(t.Context(), "ana")
		if err != nil || a.Roles[0] != actor.RoleEditor || a.Credential.Specialties[0] != "x" {
			t.Fatalf("%+v, %v", a, err)
		}
		a.Roles[0], a.Credential.Specialties[0] = actor.RoleAdmin, "y"
	}
}

func TestOnlySoManyTokensAreRemembered(t *testing.T) {
	now := time.Now()
	c := &counting{expires: now.Add(time.Hour), now: &now}
	v := rpc.Remembering(c, func() time.Time { return now })
	verify := func(n int) {
		for i := range n {
			if _, err := v.Verify(t.Context(), fmt.Sprint(i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	verify(rpc.MaxVerified)
	verify(rpc.MaxVerified)
	if c.calls != rpc.MaxVerified {
		t.Errorf("%d verifications of %d tokens", c.calls, rpc.MaxVerified)
	}
	verify(rpc.MaxVerified + 1) // the last one empties the memory
	verify(10)
	if want := rpc.MaxVerified + 1 + 10; c.calls != want {
		t.Errorf("%d verifications, want %d", c.calls, want)
	}
}
