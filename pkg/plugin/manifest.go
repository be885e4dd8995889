package plugin

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"net"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/strictjson"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// MaxManifestBytes bounds a manifest's text.
const MaxManifestBytes = 64 << 10

// Manifest says what a component is, what it offers, and what it may reach. Its
// file is JSON; an unknown key, a key that is there twice and anything after the
// object are refused.
type Manifest struct {
	// Name is one that CheckName takes; the component's file is NAME.wasm, beside
	// the manifest.
	Name string `json:"name"`
	// Version is a semantic version without build metadata, which orders nothing:
	// "0.1.0" or "0.1.0-rc.1". At most 64 bytes.
	Version string `json:"version"`
	// Description says in a sentence what it does.
	Description string `json:"description"`
	// World is the WIT world that it was built against, such as
	// "hygia:validation/pure-validator@0.1.0". It tells people and registries; hosts
	// go by the component itself, by Exports and by Grants.
	World string `json:"world"`
	// Exports are the extension interfaces that it offers, such as
	// "hygia:validation/validator@0.1.0". At least one.
	Exports []string `json:"exports"`
	Grants  Grants   `json:"grants"`
	Limits  Limits   `json:"limits"`
	// OnFailure says what a host does where the component fails.
	OnFailure OnFailure `json:"on_failure"`
	// Reuse asks that an instance serve one call after the other, and so keep what
	// it learnt of one for the next. An operator must allow it besides; without
	// that, each call gets a fresh instance (invariant 4).
	Reuse bool `json:"reuse,omitempty"`
	// Digest is "sha256:" and the 64 hexadecimal digits of the component's bytes.
	Digest string `json:"digest"`
}

// Grants are all that a component may reach. The zero value reaches nothing.
type Grants struct {
	// Interfaces are host interfaces, with their version, such as
	// "hygia:host/log@0.1.0", or one function of an interface, such as
	// "hygia:host/log@0.1.0#write".
	Interfaces []string `json:"interfaces,omitempty"`
	// WASI lets a component import WASI 0.2, as one does whose language has a
	// standard library that needs it. It gives nothing by itself: see
	// component/wasi.
	WASI *WASI `json:"wasi,omitempty"`
	// Folders are what the component sees of the file system. Any folder brings
	// wasmtime's WASI in place of ours, with its clocks and random numbers, and
	// nothing else of WASI.
	Folders []Folder `json:"folders,omitempty"`
	// Config are the keys that hygia:host/config answers.
	Config []string `json:"config,omitempty"`
	// Hosts are those that a host interface may connect to on the component's
	// behalf: a name in lower case, with a port where it is not 443, such as
	// "terminology.example.org" or "fhir.example.org:8443". No address, no wildcard.
	Hosts []string `json:"hosts,omitempty"`
}

// WASI is what a component is given beyond the interfaces of WASI themselves.
type WASI struct {
	// Clock gives the time of day and time that passes; without it the time of day
	// is 1970, and time passes only while the component sleeps.
	Clock bool `json:"clock,omitempty"`
	// Random gives random numbers; without it every instance gets the same ones.
	Random bool `json:"random,omitempty"`
	// Environment names the variables that the component sees, of those that the
	// operator sets for it (Host.Config). The host's own are never seen.
	Environment []string `json:"environment,omitempty"`
}

// Folder is a folder that the host provides under a name.
type Folder struct {
	// Name is what the host knows it by.
	Name string `json:"name"`
	// Path is where the component sees it; absolute.
	Path string `json:"path"`
	// Access is "read-only", the default, or "read-write".
	Access Access `json:"access,omitempty"`
}

// Access says what a component may do in a folder.
type Access string

// The kinds of access.
const (
	ReadOnly  Access = "read-only"
	ReadWrite Access = "read-write"
)

// OnFailure says what a host does where a component traps, runs out of its
// limits or cannot be called.
type OnFailure string

// What a host does. Closed is the default: the request fails.
const (
	Closed OnFailure = "closed"
	Skip   OnFailure = "skip"
)

// Limits are what one call may use; 0 is the host's default (component.Limits).
type Limits struct {
	DeadlineMS  int64 `json:"deadline_ms,omitempty"` // at most 60 000
	MemoryBytes int64 `json:"memory_bytes,omitempty"`
	ArgBytes    int   `json:"arg_bytes,omitempty"`
	ResultBytes int   `json:"result_bytes,omitempty"`
	ListItems   int   `json:"list_items,omitempty"`
	HostCalls   int   `json:"host_calls,omitempty"`
	HostTimeMS  int64 `json:"host_time_ms,omitempty"` // at most 60 000
	LogBytes    int   `json:"log_bytes,omitempty"`
	Resources   int   `json:"resources,omitempty"`
	// Fuel, about one for each instruction, ends a call at the same place each time,
	// on any machine. Only an engine that counts it loads the component.
	Fuel int64 `json:"fuel,omitempty"`
}

// What no manifest may ask for more of.
const (
	maxDeadline = time.Minute
	maxMemory   = 1 << 30
	maxBytes    = 64 << 20
	maxItems    = 4_000_000
	maxGrants   = 64
)

var (
	namePattern      = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)
	versionPattern   = regexp.MustCompile(`^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$`)
	digestPattern    = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)
	interfacePattern = regexp.MustCompile(`^[a-z][a-z0-9-]*:[a-z][a-z0-9-]*/[a-z][a-z0-9-]*@\d+\.\d+\.\d+$`)
	hostPattern      = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
	functionPattern  = regexp.MustCompile(`^(\[(constructor|method|static)\])?[a-z][a-z0-9-]*(\.[a-z][a-z0-9-]*)?$`)
	variablePattern  = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)
	keyPattern       = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,62}$`)
)

// nameRule is namePattern in words.
const nameRule = "must be words of lower-case letters and digits, joined by single hyphens, the first beginning with a letter"

// maxName is the bytes of a plugin's name: those of a label in DNS.
const maxName = 63

// ErrName says what a plugin's name must be.
var ErrName = fmt.Errorf("%s, at most %d characters in all, such as claim-words", nameRule, maxName)

// CheckName gives ErrName for what no plugin may be called.
func CheckName(name string) error {
	if !namePattern.MatchString(name) || len(name) > maxName {
		return ErrName
	}
	return nil
}

// ParseManifest reads a manifest and refuses, all at once, what is wrong with it.
func ParseManifest(text []byte) (Manifest, error) {
	var m Manifest
	if err := strictjson.Decode(text, MaxManifestBytes, &m); err != nil {
		return Manifest{}, fmt.Errorf("plugin: manifest: %w", err)
	}
	if m.OnFailure == "" {
		m.OnFailure = Closed
	}
	for i := range m.Grants.Folders {
		if m.Grants.Folders[i].Access == "" {
			m.Grants.Folders[i].Access = ReadOnly
		}
	}
	if err := m.check(); err != nil {
		return Manifest{}, fmt.Errorf("plugin: manifest: %w", err)
	}
	return m, nil
}

// CheckDigest gives ErrDigest for other bytes than the manifest's component.
func (m Manifest) CheckDigest(wasm []byte) error {
	sum := sha256.Sum256(wasm)
	if m.Digest != "sha256:"+hex.EncodeToString(sum[:]) {
		return fmt.Errorf("%w: %s", ErrDigest, m.Name)
	}
	return nil
}

// Ref is "name@version", as people and logs know a plugin.
func (m Manifest) Ref() string { return m.Name + "@" + m.Version }

func (m Manifest) check() error {
	var problems []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf(format, args...))
		}
	}
	must(CheckName(m.Name) == nil, "name: %w", ErrName)
	must(versionPattern.MatchString(m.Version) && len(m.Version) <= 64,
		"version: must be a semantic version without build metadata (+…), of at most 64 bytes, such as 0.1.0 or 0.1.0-rc.1")
	must(m.Description != "" && len(m.Description) <= 500, "description: must be there, in at most 500 bytes")
	must(len(m.Exports) > 0 && len(m.Exports) <= maxGrants, "exports: must name 1 to %d interfaces", maxGrants)
	must(digestPattern.MatchString(m.Digest), "digest: must be sha256: and 64 hexadecimal digits")
	must(m.OnFailure == Closed || m.OnFailure == Skip, "on_failure: must be closed or skip")
	must(interfacePattern.MatchString(m.World), "world: must be like hygia:validation/pure-validator@0.1.0")
	for i, e := range m.Exports {
		must(interfacePattern.MatchString(e), "exports[%d]: must be like hygia:validation/validator@0.1.0", i)
	}
	return errors.Join(append(problems, m.Grants.check(), m.Limits.check())...)
}

// list says for people what is granted.
func (g Grants) list() []string {
	all := slices.Clone(g.Interfaces)
	if w := g.WASI; w != nil {
		all = append(all, "WASI")
		if w.Clock {
			all = append(all, "WASI clocks")
		}
		if w.Random {
			all = append(all, "WASI random numbers")
		}
		for _, name := range w.Environment {
			all = append(all, "variable "+name)
		}
	}
	for _, f := range g.Folders {
		all = append(all, fmt.Sprintf("folder %s at %s, %s", f.Name, f.Path, f.Access))
	}
	for _, key := range g.Config {
		all = append(all, "configuration "+key)
	}
	for _, host := range g.Hosts {
		all = append(all, "host "+host)
	}
	return all
}

// Status tells operators what the manifest is of.
func (m Manifest) Status() *statusv1.Component {
	return &statusv1.Component{
		Name: m.Name, Version: m.Version, Digest: m.Digest, Exports: slices.Clone(m.Exports), Grants: m.Grants.list(),
	}
}

func (g Grants) check() error {
	var problems []error
	must := func(ok bool, format string, args ...any) {
		if !ok {
			problems = append(problems, fmt.Errorf("grants."+format, args...))
		}
	}
	must(max(len(g.Interfaces), len(g.Folders), len(g.Config), len(g.Hosts)) <= maxGrants, "must have at most %d of a kind", maxGrants)
	for i, name := range g.Interfaces {
		iface, function, one := strings.Cut(name, "#")
		must(interfacePattern.MatchString(iface) && (!one || functionPattern.MatchString(function)),
			"interfaces[%d]: must be like hygia:host/log@0.1.0 or hygia:host/log@0.1.0#write", i)
	}
	if g.WASI != nil {
		must(len(g.Folders) == 0, "wasi: is not for a component with folders, which has the WASI that comes with them")
		must(len(g.WASI.Environment) <= maxGrants, "wasi.environment: must have at most %d names", maxGrants)
		for i, name := range g.WASI.Environment {
			must(variablePattern.MatchString(name) && !slices.Contains(g.WASI.Environment[:i], name), "wasi.environment[%d]: must be the name of a variable, and there once", i)
		}
	}
	names := map[string]bool{}
	for i, f := range g.Folders {
		must(namePattern.MatchString(f.Name) && !names[f.Name], "folders[%d].name: %s; and there once", i, nameRule)
		must(path.IsAbs(f.Path) && path.Clean(f.Path) == f.Path, "folders[%d].path: must be absolute and without dots", i)
		must(f.Access == ReadOnly || f.Access == ReadWrite, "folders[%d].access: must be read-only or read-write", i)
		names[f.Name] = true
	}
	for i, k := range g.Config {
		must(keyPattern.MatchString(k), "config[%d]: must be of lower-case letters, digits, dots, hyphens and underscores", i)
	}
	for i, h := range g.Hosts {
		must(isHost(h), "hosts[%d]: must be a host's name in lower case, with :port where it is not 443", i)
	}
	return errors.Join(problems...)
}

// isHost knows the names that RFC 1123 allows, but for names of one label and
// addresses: what they reach depends on where one stands.
func isHost(s string) bool {
	if name, port, err := net.SplitHostPort(s); err == nil {
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 || strconv.FormatUint(n, 10) != port {
			return false
		}
		s = name
	}
	return len(s) <= 253 && hostPattern.MatchString(s)
}

func (l Limits) check() error {
	for _, b := range []struct {
		key        string
		value, max int64
	}{
		{"deadline_ms", l.DeadlineMS, maxDeadline.Milliseconds()},
		{"memory_bytes", l.MemoryBytes, maxMemory},
		{"arg_bytes", int64(l.ArgBytes), maxBytes},
		{"result_bytes", int64(l.ResultBytes), maxBytes},
		{"list_items", int64(l.ListItems), maxItems},
		{"host_calls", int64(l.HostCalls), maxItems},
		{"host_time_ms", l.HostTimeMS, maxDeadline.Milliseconds()},
		{"log_bytes", int64(l.LogBytes), maxBytes},
		{"resources", int64(l.Resources), maxItems},
		{"fuel", l.Fuel, math.MaxInt64},
	} {
		if b.value < 0 || b.value > b.max {
			return fmt.Errorf("limits.%s: must be 0 to %d", b.key, b.max)
		}
	}
	return nil
}

// WithDefaults returns the limits with the host's default in each field that is
// zero, but for host_time_ms and fuel, which bound nothing by default.
func (l Limits) WithDefaults() Limits {
	e := l.limits().WithDefaults()
	return Limits{
		DeadlineMS: e.Deadline.Milliseconds(), MemoryBytes: e.MemoryBytes, ArgBytes: e.ArgBytes, ResultBytes: e.ResultBytes,
		ListItems: e.ListItems, HostCalls: e.HostCalls, HostTimeMS: e.HostTime.Milliseconds(), LogBytes: e.LogBytes,
		Resources: e.Resources, Fuel: e.Fuel,
	}
}

// limits turns the manifest's into the engine's.
func (l Limits) limits() component.Limits {
	return component.Limits{
		Deadline:    time.Duration(l.DeadlineMS) * time.Millisecond,
		MemoryBytes: l.MemoryBytes,
		ArgBytes:    l.ArgBytes,
		ResultBytes: l.ResultBytes,
		ListItems:   l.ListItems,
		HostCalls:   l.HostCalls,
		HostTime:    time.Duration(l.HostTimeMS) * time.Millisecond,
		LogBytes:    l.LogBytes,
		Resources:   l.Resources,
		Fuel:        l.Fuel,
	}
}
