package wit_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/hygia-suite/hygia/pkg/wit"
)

func TestFieldErrorPath(t *testing.T) {
	err := wit.InField("authors", wit.InField("[2]", wit.InField("credential", wit.Missing())))
	if got := err.Error(); got != "authors[2].credential is not set" {
		t.Errorf("got %s", got)
	}
	if got := wit.OutOfRange().Error(); got != "message is out of range" {
		t.Errorf("got %s", got)
	}
	var field *wit.FieldError
	if !errors.As(err, &field) || field.Path != "authors[2].credential" {
		t.Errorf("got %#v", field)
	}
	other := errors.New("other")
	if got := wit.InField("a", other); !errors.Is(got, other) {
		t.Errorf("another error became %v", got)
	}
}

func TestLists(t *testing.T) {
	length := func(s string) int { return len(s) }
	if got := wit.Map([]string{"a", "bc"}, length); !slices.Equal(got, []int{1, 2}) {
		t.Errorf("got %v", got)
	}
	if got := wit.Map([]string{}, length); got != nil {
		t.Errorf("an empty list became %v", got)
	}
	short := func(s string) (int, error) {
		if len(s) > 1 {
			return 0, wit.OutOfRange()
		}
		return len(s), nil
	}
	got, err := wit.TryMap([]string{"a", "b", "cd"}, short)
	if got != nil || err == nil || err.Error() != "[2] is out of range" {
		t.Errorf("got %v, %v", got, err)
	}
	if got, err := wit.TryMap([]string{"a"}, short); err != nil || !slices.Equal(got, []int{1}) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestOptions(t *testing.T) {
	upper := func(s string) *string { return new(strings.ToUpper(s)) }
	if got := wit.Some(nil, upper); got != nil {
		t.Errorf("none became %v", got)
	}
	if got := wit.Some(new("a"), upper); *got != "A" {
		t.Errorf("got %v", *got)
	}
	fail := func(*string) (int, error) { return 1, wit.Missing() }
	if got, err := wit.TrySome(nil, fail); got != nil || err != nil {
		t.Errorf("none became %v, %v", got, err)
	}
	if got, err := wit.TrySome(new("a"), fail); got != nil || err == nil {
		t.Errorf("a failure became %v, %v", got, err)
	}
	if got, err := wit.TryPresent(nil, fail); got != 0 || err != nil {
		t.Errorf("none became %v, %v", got, err)
	}
	if got, err := wit.TryOptional(new("ab"), wit.Char); got != nil || err == nil {
		t.Errorf("a failure became %v, %v", got, err)
	}
	if got, err := wit.TryOptional(new("é"), wit.Char); err != nil || *got != 'é' {
		t.Errorf("got %v, %v", got, err)
	}
	if got := wit.Optional(new('é'), wit.CharString); *got != "é" {
		t.Errorf("got %v", *got)
	}
}

type phase uint8

func TestEnum(t *testing.T) {
	for value, want := range map[int32]string{-1: "message is out of range", 0: "message is not set", 3: "message is out of range"} {
		if _, err := wit.Enum[phase](value, 2); err == nil || err.Error() != want {
			t.Errorf("%d: got %v, want %s", value, err, want)
		}
	}
	if got, err := wit.Enum[phase](int32(2), 2); got != 2 || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestNarrow(t *testing.T) {
	for _, row := range []struct {
		got  error
		fits bool
	}{
		{second(wit.Narrow[uint8](uint32(255))), true},
		{second(wit.Narrow[uint8](uint32(256))), false},
		{second(wit.Narrow[uint16](uint32(1 << 31))), false},
		{second(wit.Narrow[int8](int32(-128))), true},
		{second(wit.Narrow[int8](int32(-129))), false},
		{second(wit.Narrow[int8](int32(128))), false},
		{second(wit.Narrow[int16](int32(-32769))), false},
		{second(wit.Narrow[uint8](int32(-1))), false},
	} {
		if (row.got == nil) != row.fits {
			t.Errorf("%v: want that it fits: %v", row.got, row.fits)
		}
	}
	if got := wit.Widen[int32](int8(-5)); got != -5 {
		t.Errorf("got %d", got)
	}
}

func TestChar(t *testing.T) {
	for text, fits := range map[string]bool{"a": true, "é": true, "😀": true, "\uFFFD": true, "": false, "ab": false, "\xff": false, "a\u0301": false} {
		if _, err := wit.Char(text); (err == nil) != fits {
			t.Errorf("%q: got %v", text, err)
		}
	}
}

func second(_ any, err error) error { return err }

func ExampleFieldError() {
	err := wit.InField("authors", wit.InField("[2]", wit.InField("credential", wit.Missing())))
	fmt.Println(err)
	// Output: authors[2].credential is not set
}
