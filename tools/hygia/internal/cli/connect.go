package cli

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

// role is for whom a command is, and what for.
type role struct {
	name    string
	purpose string
}

// The roles of the commands, where the caller names none.
//
//nolint:gochecknoglobals // immutable
var (
	asAdmin    = role{"admin", "administration"}
	asEditor   = role{"editor", "editorial"}
	asReviewer = role{"reviewer", "medical_review"}
	asDPO      = role{"dpo", "privacy"}
	asAuditor  = role{"dpo", "audit"}
)

// purposes are each role's, where the caller names it.
//
//nolint:gochecknoglobals // immutable
var purposes = map[string]string{
	"admin": "administration", "editor": "editorial", "reviewer": "medical_review", "dpo": "privacy",
}

// target is where a command goes and who asks.
type target struct {
	url, token, purpose string
	// dev is the dev.env that was found; it may be the zero File.
	dev devenv.File
}

// client gives a client for a command that is for a role.
func (a *app) client(r role) (*rest.Client, error) {
	t, err := a.target(r)
	if err != nil {
		return nil, err
	}
	return a.clientOf(t)
}

func (a *app) clientOf(t target) (*rest.Client, error) {
	return rest.New(rest.Options{URL: t.url, Token: t.token, Purpose: t.purpose, HTTP: a.env.HTTP, UserAgent: "hygia/" + a.env.Version})
}

func (a *app) target(r role) (target, error) {
	if a.as != "" && !slices.Contains(devenv.Roles(), a.as) {
		return target{}, usage("--as %q is none of %s", a.as, strings.Join(devenv.Roles(), ", "))
	}
	t, err := a.where()
	if err != nil {
		return target{}, err
	}
	if t.token, t.purpose, err = a.who(r, t); err != nil {
		return target{}, err
	}
	if t.token == "" {
		return target{}, codeError{ExitRefused, errors.New("nobody is signed in: log in with `hygia login`, or set HYGIA_TOKEN, or run `hygia up` in a folder above")}
	}
	return t, nil
}

// where finds the suite.
func (a *app) where() (target, error) {
	dev, err := devenv.Find(a.env.Dir)
	if err != nil {
		return target{}, fmt.Errorf("%w; write it anew with `hygia up`, or remove it", err)
	}
	t := target{url: a.url, dev: dev}
	if t.url == "" {
		t.url = a.env.Getenv(devenv.URL)
	}
	if t.url == "" {
		t.url = dev.Values[devenv.URL]
	}
	if t.url == "" {
		return target{}, usage("no suite is named: set HYGIA_URL or --url, or run `hygia up` in this folder or above")
	}
	return t, nil
}

// who finds the token, and the purpose that goes with it. Tokens of a dev.env go
// to the suite of that dev.env alone.
func (a *app) who(r role, t target) (token, purpose string, err error) {
	name := r.name
	if a.as != "" {
		name = a.as
		if name != r.name {
			r.purpose = purposes[name]
		}
	}
	ofRole := a.env.Getenv(devenv.TokenOf(name))
	if ofRole == "" && sameSuite(t.url, t.dev.Values[devenv.URL]) {
		ofRole = t.dev.Values[devenv.TokenOf(name)]
	}
	switch {
	case a.tokenFile != "":
		token, err = a.readToken()
		return token, "", err
	case a.as != "" && ofRole == "":
		return "", "", codeError{ExitRefused, fmt.Errorf("no token for --as %s: %s is neither in the environment nor in a .hygia/dev.env of %s", name, devenv.TokenOf(name), t.url)}
	case a.as != "":
		return ofRole, r.purpose, nil
	}
	if token = a.env.Getenv(devenv.Token); token != "" {
		return token, "", nil
	}
	logins := devenv.Logins{}
	if a.env.ConfigDir != "" {
		if logins, err = devenv.ReadLogins(a.loginsPath()); err != nil {
			return "", "", err
		}
	}
	if login, ok := logins[t.url]; ok && login.Expire.After(a.env.Clock()) {
		return login.Token, "", nil
	}
	return ofRole, r.purpose, nil
}

func sameSuite(a, b string) bool {
	ua, errA := url.Parse(a)
	ub, errB := url.Parse(b)
	return errA == nil && errB == nil && ua.Host != "" && ua.Scheme == ub.Scheme && ua.Host == ub.Host
}

// maxToken bounds a token file, in bytes.
const maxToken = 4 << 10

func (a *app) readToken() (string, error) {
	file, err := os.Open(a.path(a.tokenFile))
	if err != nil {
		return "", usage("--token-file: %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxToken+1))
	if err != nil || len(text) > maxToken {
		return "", usage("--token-file: want a file of one token, at most %d KiB: %w", maxToken>>10, err)
	}
	if token := strings.TrimSpace(string(text)); token != "" {
		return token, nil
	}
	return "", usage("--token-file: %s is empty", a.tokenFile)
}

func (a *app) loginsPath() string { return filepath.Join(a.env.ConfigDir, "logins.json") }

// path makes a path of the caller's absolute.
func (a *app) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(a.env.Dir, name)
}
