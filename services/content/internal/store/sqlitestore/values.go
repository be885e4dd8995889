package sqlitestore

import (
	"encoding/json"
	"fmt"
	"math"
	"time"

	"github.com/hygia-suite/hygia/services/content/internal/entry"
)

// Times are kept in milliseconds; a zero time is NULL.

func optTime(t time.Time) *int64 {
	if t.IsZero() {
		return nil
	}
	ms := t.UnixMilli()
	return &ms
}

func toTime(ms int64) time.Time { return time.UnixMilli(ms).UTC() }

func fromOptTime(ms *int64) time.Time {
	if ms == nil {
		return time.Time{}
	}
	return toTime(*ms)
}

func optText(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func fromOptText(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// credential is the four columns in which one is kept: all NULL, or none.
type credential struct {
	council, number, region, specialties *string
}

func toCredential(c *entry.Credential) (credential, error) {
	if c == nil {
		return credential{}, nil
	}
	list, err := encodeList(c.Specialties)
	if err != nil {
		return credential{}, err
	}
	return credential{&c.Council, &c.Number, &c.Region, &list}, nil
}

func (c credential) value() (*entry.Credential, error) {
	if c.council == nil || c.number == nil || c.region == nil || c.specialties == nil {
		return nil, nil
	}
	list, err := decodeList(*c.specialties)
	if err != nil {
		return nil, err
	}
	return &entry.Credential{Council: *c.council, Number: *c.number, Region: *c.region, Specialties: list}, nil
}

func encodeList(list []string) (string, error) {
	if list == nil {
		list = []string{}
	}
	b, err := json.Marshal(list)
	return string(b), err
}

func decodeList(s string) ([]string, error) {
	var list []string
	if err := json.Unmarshal([]byte(s), &list); err != nil {
		return nil, fmt.Errorf("store: read a list: %w", err)
	}
	if len(list) == 0 {
		return nil, nil
	}
	return list, nil
}

// before is an upper bound that excludes n; no bound where it is 0.
func before(n int) int64 {
	if n == 0 {
		return math.MaxInt64
	}
	return int64(n)
}
