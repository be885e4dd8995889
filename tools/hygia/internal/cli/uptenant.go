package cli

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
	"github.com/hygia-suite/hygia/tools/hygia/internal/supervise"
)

// Variables of a tenant's file, beside devenv's.
const (
	tenantVar   = "HYGIA_TENANT"
	emailVar    = "HYGIA_ADMIN_EMAIL"
	passwordVar = "HYGIA_ADMIN_PASSWORD" //nolint:gosec // the variable's name
)

// tenantFlags name an organisation that `hygia up` is to make.
type tenantFlags struct {
	slug, name, email, admin string
}

func (f *tenantFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.slug, "tenant", "", "make an organisation of this `SLUG`, where there is none; its administrator's password and token go to tenants/SLUG.env in the folder")
	flags.StringVar(&f.name, "tenant-name", "", "its `NAME`")
	flags.StringVar(&f.email, "admin-email", "", "its administrator's `ADDRESS`")
	flags.StringVar(&f.admin, "admin-name", "", "its administrator's `NAME`")
}

func (f *tenantFlags) check() error {
	missing := f.name == "" || f.email == "" || f.admin == ""
	switch {
	case f.slug == "" && f.name+f.email+f.admin != "":
		return usage("--tenant-name, --admin-email and --admin-name go with --tenant")
	case f.slug != "" && missing:
		return usage("--tenant needs --tenant-name, --admin-email and --admin-name")
	case strings.ContainsAny(f.slug, `/\.`):
		return usage("--tenant %q: want lower-case letters, digits and hyphens", f.slug)
	}
	return nil
}

// tenant makes the organisation that was asked for. The administrator's password
// is on disk before the organisation is made: a run that ends in between leaves
// nobody locked out, and the next one goes on.
func (u *up) tenant(ctx context.Context, f tenantFlags) (err error) {
	if f.slug == "" {
		return nil
	}
	path := u.folder.Path("tenants", f.slug+".env")
	file, err := devenv.Read(path)
	vars := file.Values
	if errors.Is(err, fs.ErrNotExist) {
		vars, err = map[string]string{tenantVar: f.slug, emailVar: f.email, passwordVar: password()}, nil
	}
	if err != nil {
		return err
	}
	vars[devenv.URL] = u.suite.URL()
	if vars[devenv.TokenOf("admin")] == "" {
		if err := u.makeTenant(ctx, f, path, vars); err != nil {
			return err
		}
	}
	if err := writeVars(path, vars); err != nil {
		return err
	}
	u.show.tenant(f.slug, u.app.shorten(path))
	return nil
}

func (u *up) makeTenant(ctx context.Context, f tenantFlags, path string, vars map[string]string) (err error) {
	if err := writeVars(path, vars); err != nil {
		return err
	}
	conn, err := u.suite.Dial(ctx, supervise.Accounts)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	made, err := accountsv1.NewDirectoryServiceClient(conn).CreateTenant(ctx, &accountsv1.CreateTenantRequest{
		Slug: f.slug, Name: f.name, Admin: &accountsv1.CreatePersonRequest{
			Email: f.email, DisplayName: f.admin, Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN},
			Password: vars[passwordVar],
		},
	})
	token := made.GetToken()
	if status.Code(err) == codes.AlreadyExists {
		token, err = u.login(ctx, vars)
	}
	if err != nil {
		return fmt.Errorf("the organisation %q: %w", f.slug, err)
	}
	vars[devenv.TokenOf("admin")] = token
	return nil
}

// login takes the token that an earlier run lost.
func (u *up) login(ctx context.Context, vars map[string]string) (string, error) {
	client, err := u.app.clientOf(target{url: u.suite.URL()})
	if err != nil {
		return "", err
	}
	out := &accountsv1.LoginResponse{}
	err = client.Call(ctx, http.MethodPost, "/v1/login", &accountsv1.LoginRequest{
		Tenant: vars[tenantVar], Email: vars[emailVar], Password: vars[passwordVar],
	}, out)
	if err != nil {
		return "", fmt.Errorf("it is there already, and its administrator cannot log in with the password that is kept here: %w", err)
	}
	return out.GetToken(), nil
}

// password has 192 random bits.
func password() string {
	raw := make([]byte, 24)
	_, _ = rand.Read(raw) // never fails: crypto/rand ends the process instead
	return base64.RawURLEncoding.EncodeToString(raw)
}

func writeVars(path string, vars map[string]string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	var pairs [][2]string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		pairs = append(pairs, [2]string{name, vars[name]})
	}
	text, err := devenv.Format(pairs)
	if err != nil {
		return err
	}
	return supervise.WriteFile(path, text, 0o600)
}
