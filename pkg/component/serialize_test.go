package component_test

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/hygia-suite/hygia/pkg/component"
)

func TestSerializedComponentsRunAsBefore(t *testing.T) {
	first, second := newEngine(t, component.Config{}), newEngine(t, component.Config{})
	compiled := compile(t, first, adder)
	code, err := compiled.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	again, err := second.Deserialize(t.Context(), code)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	if got, want := again.Exports(), compiled.Exports(); len(got) != len(want) || got[0].Name != want[0].Name {
		t.Errorf("got %+v, want %+v", got, want)
	}
	program, err := second.Link(again, component.LinkOptions{Host: component.NewHost(), Exports: []*component.Export{&add}})
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	var sum uint32
	err = program.Call(t.Context(), &add,
		func(e *component.Encoder) { e.U32(2); e.U32(40) },
		func(d *component.Decoder) { sum = d.U32() })
	if err != nil || sum != 42 {
		t.Errorf("got %d, %v", sum, err)
	}
}

func TestSerializeAndDeserializeRefuse(t *testing.T) {
	engine := newEngine(t, component.Config{})
	compiled := compile(t, engine, adder)
	code, err := compiled.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for name, data := range map[string][]byte{
		"nothing": nil, "another format": bytes.Replace(code, []byte("hygia component "), []byte("hygia component 0"), 1),
		"no code": code[:bytes.IndexByte(code, '\n')+1], "half a head": code[:4], "the component itself": []byte("\x00asm\x0d\x00\x01\x00"),
	} {
		var refusal *component.CompileError
		if _, err := engine.Deserialize(t.Context(), data); !errors.As(err, &refusal) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := engine.Deserialize(canceled, code); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	compiled.Close()
	if _, err := compiled.Serialize(); !errors.Is(err, component.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if err := engine.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := engine.Deserialize(t.Context(), code); !errors.Is(err, component.ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := engine.Fingerprint(t.Context()); !errors.Is(err, component.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

// Engines alike have one fingerprint, however many instances each holds.
func TestFingerprint(t *testing.T) {
	print := func(c component.Config) string {
		t.Helper()
		f, err := newEngine(t, c).Fingerprint(t.Context())
		if err != nil || len(f) != 64 {
			t.Fatalf("got %q, %v", f, err)
		}
		return f
	}
	if a, b := print(component.Config{}), print(component.Config{MaxInstances: 3}); a != b {
		t.Errorf("got %s and %s", a, b)
	}
}
