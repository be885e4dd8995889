package telemetry

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"

	"github.com/google/uuid"
)

// Withheld replaces a value that may not leave.
const Withheld = "[withheld]"

// maxValue bounds a value, in bytes.
const maxValue = 256

// shape reports whether a text is what its key is for.
type shape func(string) bool

// shapes of the keys whose values are texts. Any other kind of value is
// withheld.
//
//nolint:gochecknoglobals // immutable
var shapes = map[string]shape{
	// who
	"service":   word,
	"component": interfaceName.MatchString,
	"version":   versionForm.MatchString,
	"digest":    hexadecimal(64),
	"spiffe_id": word,
	"peer":      word,
	"tenant":    isUUID,
	"person":    isUUID,
	"actor":     isUUID, // a token's id
	// what
	"method":    word,
	"route":     word, // a pattern such as /v1/people/{id}, never a path
	"code":      word,
	"status":    word,
	"phase":     word,
	"operation": word,
	"purpose":   word,
	"access_id": isUUID,
	"event_id":  isUUID,
	"job_id":    isUUID,
	"entry_id":  isUUID,
	"trace_id":  hexadecimal(32),
	"span_id":   hexadecimal(16),
	// where
	"addr":   address,
	"target": address,
	"file":   word, // of this service's own, never a person's file name
	"signal": word,
	// how it went
	"error_reason":  word,
	"error_message": sentence,
	"error_types":   word,
	"error_errno":   sentence,
	// Go's own place and kind of a recovered panic; never its value.
	"panic_type": word,
	"panic_at":   word,
}

// numbers are the keys whose values are numbers, booleans or durations alone.
//
//nolint:gochecknoglobals // immutable
var numbers = map[string]bool{
	"duration_ms": true, "attempt": true, "count": true, "bytes": true,
	"pid": true, "restarts": true, "rotations": true, "refused": true,
	"delay_ms": true, "size": true, "position": true, "exit_code": true,
	"in_flight": true, "ok": true, "development": true, "line": true,
}

// allowed returns a text of a key, or Withheld.
func allowed(key, value string) string {
	if fits, ok := shapes[key]; ok && len(value) <= maxValue && fits(value) {
		return value
	}
	return Withheld
}

// times are the keys whose values are moments: of the service, not of a person.
//
//nolint:gochecknoglobals // immutable
var times = map[string]bool{"expires": true, "start_time": true, "next_time": true}

// word is made of what names, codes and paths are made of. It holds no date, no
// e-mail address, and fewer digits than a number that tells who somebody is.
func word(s string) bool {
	const others = "_./:*=+-,{}$<>()[]"
	return few(s) && !date.MatchString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(others, r)
	})
}

var date = regexp.MustCompile(`\d{4}-\d{2}-\d{2}|\d{2}/\d{2}/\d{4}`)

// sentence is a text that a programmer wrote. That it holds no data is a rule
// for programmers; that it holds no number that tells who somebody is, no date
// and no e-mail address is checked.
func sentence(s string) bool {
	return few(s) && !date.MatchString(s) && !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == '@' })
}

// few reports whether s has fewer digits than the shortest number that tells
// who somebody is (telephone: 10; CPF: 11).
func few(s string) bool {
	n := 0
	for _, r := range s {
		if r >= '0' && r <= '9' {
			n++
		}
	}
	return n < 10
}

// interfaceName is a component's name, with or without a version:
// "hygia:validation/validator@0.1.0".
var interfaceName = regexp.MustCompile(`^[a-z][a-z0-9:/-]{0,100}(@\d{1,2}\.\d{1,2}\.\d{1,2})?$`)

// versionForm is semver, with fewer digits in its parts than a CPF has.
var versionForm = regexp.MustCompile(`^v?\d{1,2}\.\d{1,2}\.\d{1,2}([-+][0-9A-Za-z.+-]{1,60})?$`)

// hexadecimal takes exactly so many digits, after the name of a hash or without.
func hexadecimal(digits int) shape {
	return regexp.MustCompile(fmt.Sprintf(`^(sha256:)?[0-9a-f]{%d}$`, digits)).MatchString
}

func isUUID(s string) bool { return len(s) == 36 && uuid.Validate(s) == nil }

// address is host:port with an IP address, or a word.
func address(s string) bool {
	if _, err := netip.ParseAddrPort(s); err == nil {
		return true
	}
	return word(s)
}
