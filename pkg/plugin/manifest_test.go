package plugin_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin"
)

const sound = `{
  "name": "medical-basics", "version": "0.1.0", "description": "Checks.", "world": "hygia:validation/pure-validator@0.1.0",
  "exports": ["hygia:validation/validator@0.1.0"],
  "grants": {"interfaces": ["hygia:host/log@0.1.0"], "folders": [{"name": "export", "path": "/export"}], "config": ["limit"], "hosts": ["fhir.example.org:8443"]},
  "limits": {"deadline_ms": 1000},
  "digest": "sha256:0000000000000000000000000000000000000000000000000000000000000000"
}`

func TestParseManifestSetsTheSafeDefaults(t *testing.T) {
	m, err := plugin.ParseManifest([]byte(sound))
	if err != nil {
		t.Fatal(err)
	}
	if m.OnFailure != plugin.Closed || m.Grants.Folders[0].Access != plugin.ReadOnly {
		t.Errorf("got %+v", m)
	}
}

func TestParseManifestRefuses(t *testing.T) {
	replace := func(old, new string) string {
		if !strings.Contains(sound, old) {
			t.Fatalf("%q is not in the sound manifest", old)
		}
		return strings.Replace(sound, old, new, 1)
	}
	for name, c := range map[string]struct{ text, says string }{
		"nothing":             {"", "line 1, column 1: the text is empty"},
		"not JSON":            {"name: x", "invalid character"},
		"unknown key":         {replace(`"limits"`, `"limit"`), `line 5, column 3: unknown key "limit": want name, version`},
		"key twice":           {replace(`"version": "0.1.0"`, `"version": "0.1.0", "version": "9.9.9"`), `the key "version" is there twice`},
		"key by another case": {replace(`"version": "0.1.0"`, `"version": "0.1.0", "Version": "9.9.9"`), `the key "Version" is not in lower case`},
		"nested key twice":    {replace(`"config": ["limit"]`, `"config": [], "config": ["limit"]`), `the key "config" is there twice`},
		"more behind":         {sound + "{}", "after top-level value"},
		"name":                {replace("medical-basics", "../medical"), "name:"},
		"name, hyphen last":   {replace("medical-basics", "medical-"), "name: must be words of lower-case letters and digits, joined by single hyphens"},
		"name, two hyphens":   {replace("medical-basics", "medical--basics"), "joined by single hyphens"},
		"name, 64 letters":    {replace("medical-basics", strings.Repeat("a", 64)), "at most 63 characters in all, such as claim-words"},
		"folder's name":       {replace(`"name": "export"`, `"name": "export-"`), "grants.folders[0].name: must be words of lower-case letters and digits, joined by single hyphens"},
		"version":             {replace("0.1.0", "1"), "version:"},
		"version, metadata":   {replace("0.1.0", "0.1.0+b"), "version: must be a semantic version without build metadata (+…), of at most 64 bytes, such as 0.1.0 or 0.1.0-rc.1"},
		"world":               {replace("hygia:validation/pure-validator@0.1.0", "pure"), "world:"},
		"digest":              {replace("sha256:0", "sha256:"), "digest:"},
		"export":              {replace("hygia:validation/validator@0.1.0", "validator"), "exports[0]:"},
		"interface":           {replace("hygia:host/log@0.1.0", "log"), "grants.interfaces[0]:"},
		"function":            {replace("hygia:host/log@0.1.0", "hygia:host/log@0.1.0#Write it"), "grants.interfaces[0]:"},
		"WASI and folders":    {replace(`"config": ["limit"]`, `"wasi": {}`), "grants.wasi:"},
		"WASI, unknown grant": {replace(`"config": ["limit"]`, `"wasi": {"sockets": true}`), `unknown key "sockets" in grants.wasi: want clock, random, environment`},
		"variable":            {replace(`"config": ["limit"]`, `"wasi": {"environment": ["A=B"]}`), "grants.wasi.environment[0]:"},
		"variable twice":      {replace(`"config": ["limit"]`, `"wasi": {"environment": ["TZ", "TZ"]}`), "grants.wasi.environment[1]:"},
		"folder above":        {replace(`"/export"`, `"/export/../.."`), "grants.folders[0].path:"},
		"folder relative":     {replace(`"/export"`, `"export"`), "grants.folders[0].path:"},
		"access":              {replace(`"path": "/export"`, `"path": "/export", "access": "all"`), "grants.folders[0].access:"},
		"deadline":            {replace("1000", "60001"), "limits.deadline_ms:"},
		"host time":           {replace(`"deadline_ms": 1000`, `"host_time_ms": 60001`), "limits.host_time_ms:"},
		"log bytes":           {replace(`"deadline_ms": 1000`, `"log_bytes": -1`), "limits.log_bytes:"},
		"resources":           {replace(`"deadline_ms": 1000`, `"resources": 4000001`), "limits.resources:"},
		"fuel":                {replace(`"deadline_ms": 1000`, `"fuel": -1`), "limits.fuel:"},
		"limit in words":      {replace("1000", `"1 s"`), "limits.deadline_ms must be a whole number of milliseconds, such as 1000"},
		"negative":            {replace("1000", "-1"), "limits.deadline_ms:"},
		"on failure":          {replace(`"limits"`, `"on_failure": "open", "limits"`), "on_failure:"},
		"host, an address":    {replace("fhir.example.org", "10.0.0.1"), "grants.hosts[0]:"},
		"host, a wildcard":    {replace("fhir.example.org", "*.example.org"), "grants.hosts[0]:"},
		"host, one label":     {replace("fhir.example.org", "localhost"), "grants.hosts[0]:"},
		"host, no port":       {replace(":8443", ":"), "grants.hosts[0]:"},
		"host, port 0":        {replace(":8443", ":0"), "grants.hosts[0]:"},
		"deep":                {strings.Repeat("[", 40) + strings.Repeat("]", 40), "deeper than 32"},
		"config":              {replace(`["limit"]`, `["a b"]`), "grants.config[0]:"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := plugin.ParseManifest([]byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v, want something with %q", err, c.says)
			}
		})
	}
}

// Whatever is accepted survives being written and read again.
func FuzzParseManifest(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte(`{"a":[{"b":1,"b":2}]}`))
	f.Add([]byte(`[[[[{`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := plugin.ParseManifest(text)
		if err != nil {
			return
		}
		again, err := json.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		n, err := plugin.ParseManifest(again)
		if err != nil {
			t.Fatalf("%s is refused: %v", again, err)
		}
		if third, err := json.Marshal(n); err != nil || !bytes.Equal(again, third) {
			t.Fatalf("%s became %s: %v", again, third, err)
		}
	})
}
