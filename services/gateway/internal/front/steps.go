package front

import (
	"context"
	"crypto/sha256"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/hygia-suite/hygia/pkg/ratelimit"
	"github.com/hygia-suite/hygia/pkg/rpc"
	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/problem"
)

// PurposeHeader names what an access is for, where it is not what goes with the
// first of the person's roles.
const PurposeHeader = "Hygia-Purpose"

// maxTokenBytes bounds an API token before anything is made of it.
const maxTokenBytes = 256

// secure sets the headers that every answer has. Pages with needs of their own
// set them anew.
func (f *Front) secure(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		if f.TLS {
			h.Set("Strict-Transport-Security", "max-age=63072000")
		}
		return next(w, r)
	}
}

// answer writes errors as problem details.
func (f *Front) answer(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		err := next(w, r)
		if err != nil {
			problem.Write(w, err)
		}
		return err
	}
}

// admit refuses requests beyond those that may be under way.
func (f *Front) admit(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		select {
		case f.requests <- struct{}{}:
			defer func() { <-f.requests }()
			return next(w, r)
		default:
			problem.SetRetryAfter(w.Header(), time.Second)
			return ErrBusy
		}
	}
}

// limitUploads bounds the uploads under way, and gives each its time: the
// server's own would cut a large one.
func (f *Front) limitUploads(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		select {
		case f.uploads <- struct{}{}:
			defer func() { <-f.uploads }()
		default:
			problem.SetRetryAfter(w.Header(), 10*time.Second)
			return ErrUploads
		}
		end := f.Clock().Add(f.Limits.UploadTime)
		control := http.NewResponseController(w)
		// Where a connection has no deadlines, there is none to move.
		_ = control.SetReadDeadline(end)
		_ = control.SetWriteDeadline(end.Add(10 * time.Second))
		ctx, cancel := context.WithDeadline(r.Context(), end)
		defer cancel()
		return next(w, r.WithContext(ctx))
	}
}

// limitAddress takes one request from the address's share.
func (f *Front) limitAddress(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if ok, wait := f.Limits.Addresses.Allow(f.address(r)); !ok {
			problem.SetRetryAfter(w.Header(), wait)
			return ErrAddressRate
		}
		return next(w, r)
	}
}

// limitCredentials takes one attempt from the address's share, for a login.
func (f *Front) limitCredentials(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if err := f.allowCredential(w, r); err != nil {
			return err
		}
		return next(w, r)
	}
}

func (f *Front) allowCredential(w http.ResponseWriter, r *http.Request) error {
	if ok, wait := f.Limits.Credentials.Allow(f.address(r)); !ok {
		problem.SetRetryAfter(w.Header(), wait)
		return ErrCredentialRate
	}
	return nil
}

// authenticate trades the request's API token for an actor token, which the
// calls to the services carry.
func (f *Front) authenticate(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		token, err := bearer(r)
		if err != nil {
			return err
		}
		purpose, err := purpose(r)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(r.Context(), f.Limits.RequestTime)
		defer cancel()
		actor, err := f.Sessions.Actor(ctx, token, purpose, func() error { return f.allowCredential(w, r) })
		if err != nil {
			return err
		}
		// Only now: strangers cannot fill the limiter with tokens of their making.
		digest := sha256.Sum256([]byte(token))
		if ok, wait := f.Limits.Tokens.Allow(string(digest[:])); !ok {
			problem.SetRetryAfter(w.Header(), wait)
			return ErrTokenRate
		}
		return next(w, r.WithContext(rpc.WithToken(r.Context(), actor)))
	}
}

// bearer returns the token of the Authorization header (RFC 6750 section 2.1).
func bearer(r *http.Request) (string, error) {
	values := r.Header.Values("Authorization")
	if len(values) == 0 {
		return "", ErrTokenMissing
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") || !strings.HasPrefix(token, "hyg_") || len(token) > maxTokenBytes {
		return "", ErrTokenForm
	}
	return token, nil
}

// purpose returns what the request is for; the accounts service chooses where it
// does not say.
func purpose(r *http.Request) (accountsv1.Purpose, error) {
	name := r.Header.Get(PurposeHeader)
	if name == "" {
		return accountsv1.Purpose_PURPOSE_UNSPECIFIED, nil
	}
	number, ok := accountsv1.Purpose_value["PURPOSE_"+strings.ToUpper(name)]
	if !ok || number == 0 || name != strings.ToLower(name) {
		return 0, ErrPurpose
	}
	return accountsv1.Purpose(number), nil
}

// budget gives a request its time; the calls that it causes have that as their
// deadline.
func (f *Front) budget(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		ctx, cancel := context.WithTimeout(r.Context(), f.Limits.RequestTime)
		defer cancel()
		return next(w, r.WithContext(ctx))
	}
}

// lastForwarded returns the last address of X-Forwarded-For headers; an invalid
// one where there is none.
func lastForwarded(values []string) netip.Addr {
	if len(values) == 0 {
		return netip.Addr{}
	}
	entries := strings.Split(values[len(values)-1], ",")
	addr, err := netip.ParseAddr(strings.TrimSpace(entries[len(entries)-1]))
	if err != nil {
		return netip.Addr{}
	}
	return addr
}

type networkKey struct{}

// tellNetwork lets the accounts service know which network a login comes from:
// it limits logins by it too. No other call says so.
func (f *Front) tellNetwork(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		return next(w, r.WithContext(context.WithValue(r.Context(), networkKey{}, f.address(r))))
	}
}

// NetworkMetadata returns the metadata that tells the accounts service which
// network a login comes from. Calls without one have none.
func NetworkMetadata(ctx context.Context) map[string]string {
	network, ok := ctx.Value(networkKey{}).(string)
	if !ok || network == "" {
		return nil
	}
	return map[string]string{ratelimit.AddressMetadata: network}
}
