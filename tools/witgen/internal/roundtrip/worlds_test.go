package roundtrip_test

import (
	"context"
	_ "embed"
	"errors"
	"math"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/nestedv0_1_0"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/nestedv0_2_0"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/things"
)

// Each is built from the text of its name in testdata, which says what it does.
var (
	//go:embed testdata/pinged.wasm
	pinged []byte
	//go:embed testdata/renamed.wasm
	renamed []byte
	//go:embed testdata/guarded.wasm
	guarded []byte
	//go:embed testdata/ticking.wasm
	ticking []byte
)

// A world that includes another has what that exports, by the name that it gave it
// and no other.
func TestIncludedWorlds(t *testing.T) {
	nothing := func(*component.Host) {}
	before := things.NewPinged(link(t, pinged, nothing, things.PingedExports))
	after := things.NewRenamed(link(t, renamed, nothing, things.RenamedExports))
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.String().Draw(rt, "text")
		if got, err := before.Send(t.Context(), things.Ping{Text: text}); err != nil || got.Text != text {
			rt.Fatalf("send: got %q, %v; want %q", got.Text, err, text)
		}
		if got, err := after.Resend(t.Context(), things.RenamedImportsPing{Text: "-" + text}); err != nil || got.Text != text {
			rt.Fatalf("resend: got %q, %v; want %q", got.Text, err, text)
		}
	})
	engine := newEngine(t)
	compiled, err := engine.Compile(t.Context(), renamed)
	if err != nil {
		t.Fatal(err)
	}
	defer compiled.Close()
	if _, err := engine.Link(compiled, component.LinkOptions{Host: component.NewHost(), Exports: things.PingedExports}); err == nil {
		t.Error("what exports resend is linked as what exports send")
	}
}

// clock is the host's tick.
type clock struct{ err error }

func (c clock) Tick(_ context.Context, old nestedv0_1_0.Tock) (nestedv0_2_0.Tock, error) {
	return 256 * nestedv0_2_0.Tock(old), c.err
}

func (c clock) Note(_ context.Context, old nestedv0_1_0.Mark) (nestedv0_2_0.Mark, error) {
	if old.At == 0 {
		return nestedv0_2_0.Mark{At: 1}, c.err
	}
	return nestedv0_2_0.Mark{At: 256 * nestedv0_2_0.Tock(old.At), Before: &old}, c.err
}

// A version of a package uses the types of another.
func TestTypesOfAnotherVersion(t *testing.T) {
	tick := nestedv0_2_0.NewTickClient(link(t, ticking, func(h *component.Host) { nestedv0_2_0.AddTick(h, clock{}) }, nestedv0_2_0.TickExports))
	for old := range math.MaxUint8 + 1 {
		want, mark := must(clock{}.Tick(t.Context(), uint8(old)))(t), nestedv0_1_0.Mark{At: uint8(old)}
		same(t, "tick", must(tick.Tick(t.Context(), uint8(old)))(t), want+1)
		marked := must(clock{}.Note(t.Context(), mark))(t)
		marked.At++
		same(t, "mark", must(tick.Note(t.Context(), mark))(t), marked)
	}
	stopped := errors.New("stopped")
	tick = nestedv0_2_0.NewTickClient(link(t, ticking, func(h *component.Host) { nestedv0_2_0.AddTick(h, clock{stopped}) }, nestedv0_2_0.TickExports))
	if _, err := tick.Note(t.Context(), nestedv0_1_0.Mark{}); !errors.Is(err, stopped) {
		t.Errorf("got %v, want that the host's clock stopped", err)
	}
}

// key is a token of the host's.
type key struct{ dropped *int }

func (k *key) Drop(context.Context) error { *k.dropped++; return nil }

// strongroom is the host's vault, and what it was given.
type strongroom struct {
	locked []string
	by     things.Token
	gives  things.Token
	err    error
}

func (s *strongroom) LockUp(_ context.Context, secrets things.Secrets, token things.Token) (things.Token, error) {
	s.by = token
	for _, b := range secrets {
		s.locked = append(s.locked, b.(*blob).name)
	}
	return s.gives, s.err
}

// Resources reach an interface that uses them by names of its own: some are given
// away in a list, one is lent through two functions, and one comes back.
func TestResourcesByOtherNames(t *testing.T) {
	ctx := t.Context()
	s, room := &shelf{}, &strongroom{}
	g := things.NewGuarded(link(t, guarded, func(h *component.Host) {
		things.AddStore(h, s)
		things.AddTokens(h)
		things.AddVault(h, room)
	}, things.GuardedExports))
	dropped := 0
	lent, given := &key{&dropped}, &key{&dropped}

	room.gives = given
	same(t, "given", must(g.Guard(ctx, []string{"one", "two"}, lent))(t), things.Token(given))
	same(t, "locked", room.locked, []string{"one", "two"})
	if room.by != things.Token(lent) {
		t.Errorf("the vault was lent %v, want %v", room.by, lent)
	}
	same(t, "dropped", dropped, 0) // What was lent stays the host's, and so is what came back.

	kept := &blob{name: "kept", dropped: &s.dropped}
	for _, row := range []struct {
		name string
		err  things.VaultLockUpError
		want *things.Entry
	}{
		{"an entry", things.VaultLockUpError{Value: &things.Entry{Name: "kept", Rights: kinds.RightsGrant, Blob: kept}},
			&things.Entry{Name: "kept", Rights: kinds.RightsGrant, Blob: kept}},
		{"no entry", things.VaultLockUpError{}, nil},
	} {
		room.gives, room.err, room.locked = nil, row.err, nil
		var refusal things.GuardedGuardError
		if _, err := g.Guard(ctx, nil, lent); !errors.As(err, &refusal) || !reflect.DeepEqual(refusal.Value, row.want) {
			t.Errorf("%s: got %v, %+v", row.name, err, refusal.Value)
		}
		same(t, row.name+" is locked up", room.locked, []string(nil))
	}
	same(t, "blobs that were dropped", s.dropped, 0)

	broken := errors.New("broken")
	room.err = broken
	if _, err := g.Guard(ctx, []string{"three"}, lent); !errors.Is(err, broken) {
		t.Errorf("got %v, want what broke the vault", err)
	}
	same(t, "dropped in the end", dropped, 0)
}
