package plugin

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/component/wasi"
)

// addWASI gives WASI with what the manifest grants of it.
func (o Options) addWASI(functions *component.Host, m Manifest, name string) error {
	granted := m.Grants.WASI
	c := wasi.Config{Environment: map[string]string{}, Output: o.output(name)}
	for _, v := range granted.Environment {
		if value, set := o.Host.Config[v]; set {
			c.Environment[v] = value
		}
	}
	if granted.Clock {
		if o.Host.Clock == nil {
			return fmt.Errorf("plugin: %s is granted WASI's clocks, which this host does not give", name)
		}
		c.Now = o.Host.Clock
	}
	if granted.Random {
		c.Random = rand.Reader
		if o.Host.Random != nil {
			c.Random = o.Host.Random
		}
	}
	wasi.Add(functions, c)
	return nil
}

// output passes a guest's standard output and error on; to the logger goes the
// length alone, as Host.Logger says.
func (o Options) output(name string) func(context.Context, wasi.Stream, []byte) {
	return func(ctx context.Context, to wasi.Stream, text []byte) {
		switch {
		case o.Output != nil:
			_, _ = o.Output.Write(text) // a writer's failure is not the guest's
		case !line(ctx):
		case o.Host.Transcript != nil:
			o.Host.Transcript(to.String(), string(text))
		case o.Host.Logger != nil:
			o.Host.Logger.InfoContext(ctx, "a component wrote output", "component", name, "stream", to.String(), "bytes", len(text))
		}
	}
}
