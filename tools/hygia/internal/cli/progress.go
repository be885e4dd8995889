package cli

import (
	"time"

	"github.com/schollz/progressbar/v3"
)

// barAfter is how long something may take before a bar is shown.
const barAfter = time.Second

// progress is a bar on standard error. It appears only where a person looks at
// it, and only once the work has taken a second. It is not safe for concurrent
// use.
type progress struct {
	app   *app
	what  string
	bytes bool
	begin time.Time
	bar   *progressbar.ProgressBar
}

func (a *app) progress(what string, bytes bool) *progress {
	return &progress{app: a, what: what, bytes: bytes, begin: a.env.Clock()}
}

// set shows that done of total is done; a total of 0 is one that is not known.
func (p *progress) set(done, total int64) {
	e := p.app.env
	if !e.StderrTerminal || p.app.json || (p.bar == nil && e.Clock().Sub(p.begin) < barAfter) {
		return
	}
	if total <= 0 {
		total = -1
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(e.Stderr), progressbar.OptionSetDescription(p.what),
			progressbar.OptionShowBytes(p.bytes), progressbar.OptionShowCount(), progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(50*time.Millisecond), progressbar.OptionClearOnFinish(), progressbar.OptionUseANSICodes(true),
		)
	}
	p.bar.ChangeMax64(total)
	_ = p.bar.Set64(done) // a terminal that does not take it loses a bar
}

// end takes the bar away.
func (p *progress) end() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
