package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/hygia-suite/hygia/tools/hygia/internal/devenv"
	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
)

// verify runs `hygia audit verify` as a process of its own: it has the public
// key and a token, and none of the supervisor's identity.
func (u *up) verify(ctx context.Context, token string) (verify.Report, error) {
	key, err := os.ReadFile(u.folder.Path("audit.pub"))
	if err != nil {
		return verify.Report{}, err
	}
	cmd := exec.CommandContext(ctx, u.app.env.Executable, "audit", "verify", "--json", "--state", u.folder.Path("run", "demo-audit.json")) //nolint:gosec // this very program
	for _, pair := range u.app.env.Environ {
		if !strings.HasPrefix(pair, "HYGIA_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, devenv.URL+"="+u.suite.URL(), devenv.Token+"="+token, devenv.AuditKey+"="+strings.TrimSpace(string(key)))
	var out, problems bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &problems
	err = cmd.Run()
	var exit *exec.ExitError
	failed := errors.As(err, &exit) && exit.ExitCode() == ExitFindings
	if err != nil && !failed {
		return verify.Report{}, fmt.Errorf("hygia audit verify: %w: %s", err, strings.TrimSpace(problems.String()))
	}
	var report verify.Report
	if err := json.Unmarshal(out.Bytes(), &report); err != nil {
		return verify.Report{}, fmt.Errorf("hygia audit verify: %w", err)
	}
	return report, nil
}

// shorten gives a path as a person would type it from the working folder.
func (a *app) shorten(path string) string {
	if short, ok := strings.CutPrefix(path, a.env.Dir+string(os.PathSeparator)); ok {
		return short
	}
	return path
}
