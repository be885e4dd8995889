package roundtrip_test

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/hygia-suite/hygia/pkg/component"

	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/kinds"
	"github.com/hygia-suite/hygia/tools/witgen/internal/witgen/testdata/golden/go/things"
)

// keeper is built from testdata/things.wat: each of its blobs stands for one of
// its host's.
//
//go:embed testdata/things.wasm
var keeper []byte

// blob is a resource of the host's.
type blob struct {
	name    string
	content []byte
	dropped *int
}

func (b *blob) Read(_ context.Context, limit uint32) ([]byte, error) {
	if uint64(limit) < uint64(len(b.content)) {
		return nil, things.StoreErrorTooLarge(len(b.content))
	}
	return b.content, nil
}

func (b *blob) Append(_ context.Context, more []byte) error {
	b.content = append(b.content, more...)
	return nil
}

//nolint:revive // Drop is what every resource has, so that the contract's own is Drop_
func (b *blob) Drop_(context.Context) (kinds.Rights, error) { return kinds.RightsGrant, nil }

func (b *blob) Drop(context.Context) error { *b.dropped++; return nil }

// shelf is the host's store, and all else that the world imports.
type shelf struct {
	entries []things.Entry
	dropped int
	said    []string
	stamp   things.Stamp
}

func (s *shelf) NewBlob(_ context.Context, name string) (things.Blob, error) {
	return &blob{name: name, dropped: &s.dropped}, nil
}

func (s *shelf) BlobMerge(_ context.Context, first, second things.Blob) (things.Blob, error) {
	a, b := first.(*blob), second.(*blob)
	return &blob{name: a.name, content: append(bytes.Clone(a.content), b.content...), dropped: &s.dropped}, nil
}

func (s *shelf) BlobOpen(_ context.Context, name string) (things.Blob, error) {
	for i, e := range s.entries {
		if e.Name == name {
			s.entries = append(s.entries[:i], s.entries[i+1:]...)
			return e.Blob, nil
		}
	}
	return nil, things.StoreErrorNotFound{}
}

func (s *shelf) Put(_ context.Context, entry things.Entry) error {
	s.entries = append(s.entries, entry)
	return nil
}

func (s *shelf) TakeAll(context.Context) ([]things.Entry, error) {
	all := s.entries
	s.entries = nil
	return all, nil
}

func (s *shelf) First(context.Context) (things.Blob, error) {
	if len(s.entries) == 0 {
		return nil, nil
	}
	first := s.entries[0].Blob
	s.entries = s.entries[1:]
	return first, nil
}

func (s *shelf) Size(_ context.Context, b things.Blob) (uint64, error) {
	return uint64(len(b.(*blob).content)), nil
}

func (s *shelf) Now(context.Context) (things.Stamp, error) { return s.stamp, nil }

func (s *shelf) Say(_ context.Context, level things.Level, line string) error {
	s.said = append(s.said, level.String()+" "+line)
	return nil
}

// linkKeeper makes an instance of the component, and what it was linked with.
func linkKeeper(t testing.TB, s *shelf) (*component.Instance, *component.Program) {
	t.Helper()
	program := link(t, keeper, func(h *component.Host) {
		things.AddStore(h, s)
		things.AddKeeperImports(h, s)
		things.AddKeeperConsole(h, s)
	}, things.StoreExports, things.KeeperExports, things.KeeperConsoleExportExports)
	instance, err := program.Instance(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(instance.Close)
	return instance, program
}

// A guest's resource is made, used, given away, taken back and dropped, and each
// step reaches the host's resource for which it stands.
func TestResources(t *testing.T) {
	ctx := t.Context()
	s := &shelf{}
	instance, _ := linkKeeper(t, s)
	store := things.NewStoreClient(instance)

	one := must(store.NewBlob(ctx, "one"))(t)
	no(t, one.Append(ctx, []byte("abc")))
	two := must(store.NewBlob(ctx, "two"))(t)
	no(t, two.Append(ctx, []byte("de")))
	same(t, "read", must(one.Read(ctx, 9))(t), []byte("abc"))
	same(t, "rights", must(one.Drop_(ctx))(t), kinds.RightsGrant)
	same(t, "size", must(store.Size(ctx, two))(t), uint64(2))

	var tooLarge things.StoreErrorTooLarge
	if _, err := one.Read(ctx, 2); !errors.As(err, &tooLarge) || tooLarge != 3 {
		t.Errorf("a short read: got %v, want too large 3", err)
	}
	if _, err := store.BlobOpen(ctx, "none"); !errors.Is(err, things.StoreErrorNotFound{}) {
		t.Errorf("open: got %v, want not found", err)
	}

	both := must(store.BlobMerge(ctx, one, two))(t)
	same(t, "merged", must(both.Read(ctx, 9))(t), []byte("abcde"))
	if _, err := two.Read(ctx, 9); !errors.Is(err, component.ErrHandle) {
		t.Errorf("a handle that was given away: got %v, want ErrHandle", err)
	}

	no(t, store.Put(ctx, things.GuestEntry{Name: "kept", Rights: kinds.RightsRead, Blob: both}))
	no(t, store.Put(ctx, things.GuestEntry{Name: "more", Rights: kinds.RightsWrite, Blob: one}))
	opened := must(store.BlobOpen(ctx, "kept"))(t)
	same(t, "opened", must(opened.Read(ctx, 9))(t), []byte("abcde"))
	all := must(store.TakeAll(ctx))(t)
	if len(all) != 1 || all[0].Name != "more" || all[0].Rights != kinds.RightsWrite {
		t.Fatalf("took %+v", all)
	}
	if first := must(store.First(ctx))(t); first != nil {
		t.Errorf("the first of none is %v", first)
	}
	no(t, store.Put(ctx, things.GuestEntry{Name: "again", Blob: all[0].Blob}))
	first := must(store.First(ctx))(t)
	if first == nil {
		t.Fatal("there is no first")
	}
	no(t, first.Drop(ctx))
	no(t, first.Drop(ctx))
	same(t, "dropped", s.dropped, 1)
	instance.Close()
	same(t, "dropped with the instance", s.dropped, 2)
}

// A host lends and gives its own to a guest's function.
func TestResourcesOfTheHost(t *testing.T) {
	ctx := t.Context()
	s := &shelf{}
	instance, program := linkKeeper(t, s)
	for name, caller := range map[string]component.Caller{"an instance": instance, "a fresh one": program} {
		s.dropped = 0
		lent, given := &blob{content: make([]byte, 3), dropped: &s.dropped}, &blob{content: make([]byte, 4), dropped: &s.dropped}
		same(t, name+" weighs", must(things.NewKeeper(caller).Weigh(ctx, lent, given))(t), uint64(7))
		same(t, name+" drops", s.dropped, 1)
	}
	var value *component.ValueError
	if _, err := things.NewKeeper(program).Weigh(ctx, nil, &blob{dropped: &s.dropped}); !errors.As(err, &value) {
		t.Errorf("no blob: got %v, want a *component.ValueError", err)
	}
}

func TestFunctionsOfAWorld(t *testing.T) {
	ctx := t.Context()
	s := &shelf{stamp: things.Stamp{Seconds: 7, Clock: "wall"}}
	_, program := linkKeeper(t, s)
	k := things.NewKeeper(program)
	same(t, "run", must(k.Run(ctx, things.Stamps{{Seconds: 1}}))(t), s.stamp)
	same(t, "said", s.said, []string{"high wall"})
	if _, err := k.Run(ctx, nil); !reflect.DeepEqual(err, things.KeeperRunError{Value: "no stamps"}) {
		t.Errorf("got %#v", err)
	}
	c := things.NewKeeperConsoleExport(program)
	same(t, "hush", *must(c.Hush(ctx, things.KeeperConsoleExportLevelLow))(t), things.KeeperConsoleExportLevelLow)
}

// Handles to nothing are refused, and what is lent comes back in the order it was.
func TestHandlesToNothing(t *testing.T) {
	ctx := t.Context()
	instance, _ := linkKeeper(t, &shelf{})
	store := things.NewStoreClient(instance)
	var none things.GuestBlob
	no(t, none.Drop(ctx))
	if _, err := none.Read(ctx, 1); !errors.Is(err, component.ErrHandle) {
		t.Errorf("read: got %v", err)
	}
	if err := store.Put(ctx, things.GuestEntry{Blob: none}); !errors.Is(err, component.ErrHandle) {
		t.Errorf("put: got %v", err)
	}
}

// Whatever is appended to blobs and merged is read again.
func TestBlobsKeepBytes(t *testing.T) {
	ctx := t.Context()
	s := &shelf{}
	instance, _ := linkKeeper(t, s)
	store := things.NewStoreClient(instance)
	rapid.Check(t, func(rt *rapid.T) {
		made, s0 := 0, s.dropped
		var want []byte
		sum := must(store.NewBlob(ctx, ""))(t)
		for _, piece := range rapid.SliceOfN(rapid.SliceOf(rapid.Byte()), 0, 4).Draw(rt, "pieces") {
			part := must(store.NewBlob(ctx, ""))(t)
			no(t, part.Append(ctx, piece))
			merged := must(store.BlobMerge(ctx, sum, part))(t)
			no(t, sum.Drop(ctx))
			sum, made = merged, made+1
			want = append(want, piece...)
		}
		if got := must(sum.Read(ctx, 1<<20))(t); !bytes.Equal(got, want) {
			rt.Fatalf("got %q, want %q", got, want)
		}
		no(t, sum.Drop(ctx))
		if got := s.dropped - s0; got != made+1 {
			rt.Fatalf("%d blobs were dropped, want %d", got, made+1)
		}
	})
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		no(t, err)
		return v
	}
}

func no(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}
