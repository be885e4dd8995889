package demo

import (
	"context"
	"fmt"
	"io"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
	"github.com/hygia-suite/hygia/tools/hygia/internal/verify"
)

// Steps is how many the demo has.
const Steps = 5

// Config is what the demo works with. All is required.
type Config struct {
	State *State
	// Directory is the accounts service, under the operator's identity: it alone
	// may make an organisation.
	Directory accountsv1.DirectoryServiceClient
	// Client gives a client of the gateway for a person's token.
	Client func(token, purpose string) (*rest.Client, error)
	// Verify runs `hygia audit verify`, as a process of its own, with the token of
	// the data protection officer.
	Verify func(ctx context.Context, token string) (verify.Report, error)
	// Peopled is called once everybody has a token.
	Peopled func() error
	// Show is told before and after each step.
	Show func(Step)
	// Random gives passwords.
	Random io.Reader
}

// Step is one of the demo's, as it is shown.
type Step struct {
	Number int    `json:"number"`
	Name   string `json:"name"`
	// Title says what is done.
	Title string `json:"title"`
	// Done is false before the step, true after it.
	Done bool `json:"done"`
	// Lines tell a person what came of it.
	Lines []string `json:"lines,omitempty"`
	// Result is the same for a program.
	Result any `json:"result,omitempty"`
}

// demo is one run.
type demo struct {
	config Config
	state  *State
}

// Run does what is left to do.
func Run(ctx context.Context, c Config) error {
	d := &demo{config: c, state: c.State}
	if err := d.people(ctx); err != nil {
		return err
	}
	if err := c.Peopled(); err != nil {
		return err
	}
	steps := [Steps]struct {
		name, title string
		do          func(context.Context) ([]string, any, error)
	}{
		{"import", "A WordPress export comes in", d.importExport},
		{"validate", "Components check every entry", d.validate},
		{"publish", "One article goes to its reader", d.publish},
		{"anonymize", "Clinical notes lose their identifiers", d.anonymize},
		{"verify", "The audit log is proved from the outside", d.verify},
	}
	for i := d.state.Done; i < Steps; i++ {
		s := Step{Number: i + 1, Name: steps[i].name, Title: steps[i].title}
		c.Show(s)
		var err error
		if s.Lines, s.Result, err = steps[i].do(ctx); err != nil {
			return fmt.Errorf("step %d, %s: %w", s.Number, s.Name, err)
		}
		d.state.Done = i + 1
		if err := d.state.save(); err != nil {
			return err
		}
		s.Done = true
		c.Show(s)
	}
	return nil
}

// as gives a client for one of the people.
func (d *demo) as(role, purpose string) (*rest.Client, error) {
	return d.config.Client(d.state.People[role].Token, purpose)
}
