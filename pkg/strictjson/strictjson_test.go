package strictjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/strictjson"
)

type inner struct {
	Version string `json:"version"`
}

func TestDecode(t *testing.T) {
	for name, c := range map[string]struct {
		text         string
		strict, open bool
	}{
		"sound":             {`{"version": "1"}`, true, true},
		"unknown":           {`{"version": "1", "other": {"a": [1, {"a": 2}]}}`, false, true},
		"twice":             {`{"version": "1", "version": "2"}`, false, false},
		"twice, inside":     {`{"other": [{"a": 1, "a": 2}]}`, false, false},
		"upper case":        {`{"Version": "1"}`, false, true},
		"twice, two cases":  {`{"Version": "1", "version": "2"}`, false, false},
		"twice, a long s":   {`{"verſion": "1", "version": "2"}`, false, false},
		"a long s":          {`{"verſion": "1"}`, false, true},
		"a value like keys": {`{"version": "Version"}`, true, true},
		"more behind":       {`{"version": "1"} {}`, false, false},
		"not JSON":          {`version`, false, false},
		"cut off":           {`{"version": "1"`, false, false},
		"deep":              {strings.Repeat(`{"a":`, 40), false, false},
		"too long":          {`{"version": "` + strings.Repeat("1", 1000) + `"}`, false, false},
	} {
		var v inner
		if err := strictjson.Decode([]byte(c.text), 100, &v); (err == nil) != c.strict {
			t.Errorf("%s, strictly: got %v", name, err)
		}
		if err := strictjson.DecodeOpen([]byte(c.text), 100, &v); (err == nil) != c.open {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// What is accepted strictly reads the same openly, and as encoding/json reads it.
func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"version": "1"}`))
	f.Add([]byte(`{"a":[{"b":1,"b":2}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		var strict, open, plain inner
		if strictjson.Decode(text, 1<<10, &strict) != nil {
			return
		}
		if err := strictjson.DecodeOpen(text, 1<<10, &open); err != nil || open != strict {
			t.Errorf("%q: got %+v and %+v, %v", text, strict, open, err)
		}
		if err := json.Unmarshal(text, &plain); err != nil || plain != strict {
			t.Errorf("%q: got %+v and %+v, %v", text, strict, plain, err)
		}
	})
}

// What is refused is told with its place, and with what to write.
func TestWhereAndWhat(t *testing.T) {
	type outer struct {
		Name   string `json:"name"`
		Inner  inner  `json:"inner"`
		Limits struct {
			MemoryBytes int64 `json:"memory_bytes,omitempty"`
			DeadlineMS  int64 `json:"deadline_ms"`
			Items       int   `json:"items"`
		} `json:"limits"`
		All []*inner `json:"all"`
		On  bool     `json:"on"`
	}
	for text, want := range map[string]string{
		`{"limits": {"memory_bytes": "16 MiB"}}`:   "f.json:1:29: limits.memory_bytes must be a whole number of bytes, such as 16777216",
		"{\"limits\": {\n  \"deadline_ms\": 1.5}}": "f.json:2:18: limits.deadline_ms must be a whole number of milliseconds, such as 1000",
		`{"limits": {"items": 1e99}}`:              "f.json:1:22: limits.items must be a whole number",
		`{"name": ["é"]}`:                          "f.json:1:10: name must be a string",
		`{"name": "é", "on": {}}`:                  "f.json:1:21: on must be true or false",
		`{"all": {"version": "1"}}`:                "f.json:1:9: all must be an array",
		`{"limits": 1}`:                            "f.json:1:12: limits must be an object",
		`[]`:                                       "f.json:1:1: must be an object",
		`{"nam": 1}`:                               `f.json:1:2: unknown key "nam": want name, inner, limits, all, on`,
		`{"inner": {"name": 1}}`:                   `f.json:1:12: unknown key "name" in inner: want version`,
		"{\"all\": [{}, {\n\t\"\": 1}]}":           `f.json:2:2: unknown key "" in all: want version`,
		`{"name": "", "name": ""}`:                 `f.json:1:14: the key "name" is there twice`,
		`{"name": "x",}`:                           "f.json:1:14: invalid character '}' looking for beginning of object key string",
		"{\"name\"\n \"é\"}":                       `f.json:2:2: invalid character '"' after object key`,
		`{"é": "x" "b"}`:                           `f.json:1:11: invalid character '"' after object key:value pair`,
		"{\"name\": \"x\"\n":                       "f.json:2:1: the text ends in the middle of a value",
		`{"name": "x`:                              "f.json:1:12: the text ends in the middle of a value",
		``:                                         "f.json:1:1: the text is empty",
		`{} {}`:                                    "f.json:1:4: invalid character '{' after top-level value",
		strings.Repeat("[", 40) + strings.Repeat("]", 40): "f.json:1:33: deeper than 32 levels",
		`{"name": "` + strings.Repeat("x", 2000) + `"}`:   "f.json: more than 1000 bytes",
	} {
		var v outer
		err := strictjson.Decode([]byte(text), 1000, &v)
		if err == nil {
			t.Errorf("%s was read", text)
			continue
		}
		if got := strictjson.In("f.json", err).Error(); got != want {
			t.Errorf("%s:\n got %s\nwant %s", text, got, want)
		}
	}
}
