package strictjson_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/plugin/internal/strictjson"
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
