package trial

import (
	"context"
	"fmt"
	"time"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/tools/hygia/internal/author/fixture"
)

// Used is the most that a fixture used of a limit.
type Used struct {
	Amount  int64  `json:"amount"`
	Fixture string `json:"fixture"`
}

// starts is how often a start is measured; the shortest counts.
const starts = 3

// checkStart makes instances ahead of any call, with the configuration of the first
// fixture. One that is granted folders starts in its calls alone.
func (t *Trial) checkStart(ctx context.Context, fixtures []fixture.Fixture, r *Report) error {
	var first fixture.Fixture
	if len(fixtures) > 0 {
		first = fixtures[0]
	}
	if len(t.project.Manifest.Grants.Folders) > 0 {
		_, err := t.under(ctx, first.Config)
		return err
	}
	for range starts {
		spent, err := t.start(first.WithAnswers(ctx), first.Config)
		if err != nil {
			return err
		}
		if micro := spent.Microseconds(); r.StartMicroseconds == 0 || micro < r.StartMicroseconds {
			r.StartMicroseconds = micro
		}
	}
	t.taken() // its lines are not of interest
	return nil
}

// start links the plugin, makes an instance and says how long that took.
func (t *Trial) start(ctx context.Context, config map[string]string) (time.Duration, error) {
	at := &compiledAt{compiler: compiler{t.compiled}, clock: t.clock}
	o, err := t.options(config, t.manifest, at)
	if err != nil {
		return 0, err
	}
	o.Warm = 1
	p, err := plugin.Load(ctx, o)
	if err != nil {
		return 0, err
	}
	spent := t.clock().Sub(at.time)
	t.loaded = append(t.loaded, p)
	return spent, nil
}

// compiledAt is a compiler that notes when it was asked.
type compiledAt struct {
	compiler
	clock func() time.Time
	time  time.Time
}

// Compile implements plugin.Compiler.
func (c *compiledAt) Compile(ctx context.Context, wasm []byte) (*component.Component, error) {
	c.time = c.clock()
	return c.compiler.Compile(ctx, wasm)
}

// checkFixtures runs the fixtures: one that fails is a problem.
func (t *Trial) checkFixtures(ctx context.Context, fixtures []fixture.Fixture, r *Report) error {
	for _, f := range fixtures {
		result := t.Run(ctx, f)
		if err := ctx.Err(); err != nil {
			return err
		}
		if !result.Pass {
			why := result.Problem
			if why == "" {
				why = result.Differences[0]
			}
			r.Problems = append(r.Problems, fmt.Sprintf("the fixture %s fails: %s\nMore is told by `hygia plugin test --only %s`.", f.Name, why, f.Name))
			continue
		}
		r.Fixtures++
		const millisecond = int64(time.Millisecond / time.Microsecond)
		r.use("deadline_ms", (result.Microseconds+millisecond-1)/millisecond, f)
		r.use("host_calls", int64(result.used.HostCalls), f)
		if r.Limits.HostTimeMS > 0 {
			r.use("host_time_ms", result.used.HostTime.Milliseconds(), f)
		}
		if r.Limits.Fuel > 0 {
			r.use("fuel", result.used.Fuel, f)
		}
		if err := t.useMemory(ctx, f, r); err != nil {
			return err
		}
	}
	return nil
}

// useMemory finds what a fixture needs, where that is more than the others do.
func (t *Trial) useMemory(ctx context.Context, f fixture.Fixture, r *Report) error {
	if known := r.Used["memory_bytes"].Amount; known > 0 {
		if enough, _, err := t.passes(ctx, f, known/page); enough || err != nil {
			return err
		}
	}
	need, err := t.Memory(ctx, f)
	if err != nil {
		return err
	}
	r.use("memory_bytes", need, f)
	return nil
}

func (r *Report) use(limit string, amount int64, f fixture.Fixture) {
	if most, ok := r.Used[limit]; !ok || amount > most.Amount {
		r.Used[limit] = Used{amount, f.Name}
	}
}
