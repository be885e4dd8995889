package front

import (
	"net/http"
	"slices"
	"strconv"
	"time"
)

// preflightAge is how long a browser may remember a preflight's answer.
const preflightAge = 10 * time.Minute

// allowOrigin lets scripts of the configured origins read answers. Others may
// send requests, as anybody may, but have no token to send.
func (f *Front) allowOrigin(next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		if len(f.Origins) > 0 {
			w.Header().Add("Vary", "Origin")
		}
		if origin := r.Header.Get("Origin"); slices.Contains(f.Origins, origin) {
			w.Header().Set("Access-Control-Allow-Origin", origin)
			w.Header().Set("Access-Control-Expose-Headers", "Location, Retry-After, WWW-Authenticate")
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		return next(w, r)
	}
}

// preflight answers a browser that asks which requests it may send, and reports
// whether this was one. allow is what the path takes.
func (f *Front) preflight(w http.ResponseWriter, r *http.Request, allow string) bool {
	if r.Method != http.MethodOptions || r.Header.Get("Access-Control-Request-Method") == "" ||
		!slices.Contains(f.Origins, r.Header.Get("Origin")) {
		return false
	}
	h := w.Header()
	h.Set("Access-Control-Allow-Methods", allow)
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, "+PurposeHeader)
	h.Set("Access-Control-Max-Age", strconv.Itoa(int(preflightAge.Seconds())))
	w.WriteHeader(http.StatusNoContent)
	return true
}
