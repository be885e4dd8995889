package component_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

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

// Engines have one fingerprint where one takes what the other compiled, however
// many instances each holds, and where it does not they have two.
func TestFingerprint(t *testing.T) {
	plain := newEngine(t, component.Config{})
	print := func(e *component.Engine) string {
		t.Helper()
		f, err := e.Fingerprint(t.Context())
		if err != nil || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(f) {
			t.Fatalf("got %q, %v", f, err)
		}
		return f
	}
	seen := map[string]string{print(plain): "the default"}
	for _, row := range []struct {
		name   string
		config component.Config
		alike  bool
	}{
		{"the default again", component.Config{}, true},
		{"few instances", component.Config{MaxInstances: 3}, true},
		{"few calls, late", component.Config{MaxCalls: 16, Parallel: 1, Tick: time.Second}, true},
		{"kept memory", component.Config{KeepBytes: 1 << 20}, true},
		{"less memory", component.Config{MaxMemoryBytes: 1 << 20}, true},
		{"fuel", component.Config{Fuel: true}, false},
		{"headroom", component.Config{HeadroomBytes: 1 << 20}, false},
		{"more headroom", component.Config{HeadroomBytes: 2 << 20}, false},
		{"headroom and less memory", component.Config{HeadroomBytes: 1 << 20, MaxMemoryBytes: 2 << 20}, false},
		{"a crowd", component.Config{Crowd: true, MaxInstances: 8}, false},
		{"a crowd with fuel", component.Config{Crowd: true, MaxInstances: 8, Fuel: true}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			engine := newEngine(t, row.config)
			f := print(engine)
			if other, known := seen[f]; known != row.alike {
				t.Errorf("the same as of %q: %v, want %v", other, known, row.alike)
			}
			seen[f] = row.name
			code, err := compile(t, engine, adder).Serialize()
			if err != nil {
				t.Fatal(err)
			}
			c, err := plain.Deserialize(t.Context(), code)
			if err == nil {
				c.Close()
			}
			if refusal := (*component.CompileError)(nil); (err == nil) != row.alike || err != nil && !errors.As(err, &refusal) {
				t.Errorf("the default engine takes its code: got %v, want %v", err, row.alike)
			}
		})
	}
}

// features are some that code names on each processor, after what it calls that.
func features(t *testing.T) []string {
	t.Helper()
	named := map[string][]string{
		"amd64": {"x86_64", "has_sse41", "has_avx2", "has_bmi2", "has_popcnt"},
		"arm64": {"aarch64", "has_lse", "has_pauth", "has_fp16"},
	}[runtime.GOARCH]
	if named == nil {
		t.Skipf("the features of %s are not written down here", runtime.GOARCH)
	}
	return named
}

// What the fingerprint is the digest of tells versions and processors apart: it
// names the library's version and the features of the processor that code may use.
func TestFingerprintNamesVersionAndProcessor(t *testing.T) {
	engine := newEngine(t, component.Config{})
	empty, err := engine.Compile(t.Context(), []byte("\x00asm\x0d\x00\x01\x00"))
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	code, err := empty.Serialize()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range features(t) {
		if !bytes.Contains(code, []byte(name)) {
			t.Errorf("the code does not name %s", name)
		}
	}
	want := sha256.Sum256(append(code, "wasmtime "+pinnedEngine(t)...))
	if got, err := engine.Fingerprint(t.Context()); err != nil || got != hex.EncodeToString(want[:]) {
		t.Errorf("got %s, %v; want %x, of the code and the version", got, err, want)
	}
}

// Code of another version, or that may use what this processor has not, is not
// loaded: the library itself looks at what the fingerprint is made of.
func TestDeserializeRefusesOtherVersionsAndProcessors(t *testing.T) {
	engine := newEngine(t, component.Config{})
	code, err := compile(t, engine, adder).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	major, _, _ := strings.Cut(pinnedEngine(t), ".")
	for _, row := range []struct{ name, is, other string }{
		{"version", "\x02" + major, "\x02" + "00"}, // Behind its length.
		{"processor", features(t)[0], strings.Repeat("z", len(features(t)[0]))},
		{"feature", features(t)[1], features(t)[1][:len(features(t)[1])-1] + "z"},
	} {
		altered := bytes.ReplaceAll(code, []byte(row.is), []byte(row.other))
		if bytes.Equal(altered, code) {
			t.Errorf("%s: the code does not name %q", row.name, row.is)
		}
		var refusal *component.CompileError
		if _, err := engine.Deserialize(t.Context(), altered); !errors.As(err, &refusal) {
			t.Errorf("%s: got %v", row.name, err)
		}
	}
}
