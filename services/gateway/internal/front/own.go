package front

import (
	"encoding/json"
	"net/http"
)

// health tells whether the whole suite serves, to anybody: that one word and
// nothing else. GET /v1/status says more, to those who have a token.
func (f *Front) health(w http.ResponseWriter, r *http.Request) error {
	return writeHealth(w, "healthy", f.Healthy(r.Context()))
}

// live tells that this process answers.
func (f *Front) live(w http.ResponseWriter, _ *http.Request) error {
	return writeHealth(w, "live", true)
}

// ready tells whether this process takes requests: not while it drains.
func (f *Front) ready(w http.ResponseWriter, _ *http.Request) error {
	return writeHealth(w, "ready", f.Ready())
}

func writeHealth(w http.ResponseWriter, name string, ok bool) error {
	body, err := json.Marshal(map[string]bool{name: ok})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	if !ok {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_, _ = w.Write(append(body, '\n')) // a client that went away is no error of ours
	return nil
}

func (f *Front) document(w http.ResponseWriter, r *http.Request) error {
	f.Docs.ServeDocument(w, r)
	return nil
}

func (f *Front) docs(w http.ResponseWriter, r *http.Request) error {
	if !f.Docs.ServePage(w, r) {
		return ErrNotFound
	}
	return nil
}

func redirect(to string) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		http.Redirect(w, r, to, http.StatusFound)
		return nil
	}
}
