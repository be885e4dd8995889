package supervisor

import "time"

// Tolerance says how much a release may fail before it is taken out.
type Tolerance struct {
	// Share is the share of failed calls, above 0 and up to 1, at which a release
	// is taken out, and Calls how many calls there must have been within Window.
	Share  float64
	Calls  uint
	Window time.Duration
	// Pause is how long a live release then gets no calls, and Trials how many
	// calls must succeed before it gets all of them again. Neither matters to a
	// canary, which does not come back.
	Pause  time.Duration
	Trials uint
}

// Settings are how slots behave. The zero value means the defaults.
type Settings struct {
	// Live is for live releases: by default half of at least 20 calls within 10 s,
	// then 5 s of pause and 5 trials.
	Live Tolerance
	// Canary is for releases on trial: by default a tenth of at least 10 calls
	// within a minute.
	Canary Tolerance
	// Notify is told of every change, from the goroutine that made it or whose call
	// did, which waits for it, as does every call that is refused for it: nobody
	// outside sees a release taken out before Notify was told. It must not wait for a
	// disk, and must not call back. nil tells nobody.
	Notify func(Event)
}

func (s Settings) complete() Settings {
	s.Live.complete(Tolerance{Share: 0.5, Calls: 20, Window: 10 * time.Second, Pause: 5 * time.Second, Trials: 5})
	s.Canary.complete(Tolerance{Share: 0.1, Calls: 10, Window: time.Minute, Pause: time.Minute, Trials: 1})
	if s.Notify == nil {
		s.Notify = func(Event) {}
	}
	return s
}

func (t *Tolerance) complete(d Tolerance) {
	if t.Share == 0 {
		t.Share = d.Share
	}
	if t.Calls == 0 {
		t.Calls = d.Calls
	}
	if t.Window == 0 {
		t.Window = d.Window
	}
	if t.Pause == 0 {
		t.Pause = d.Pause
	}
	if t.Trials == 0 {
		t.Trials = d.Trials
	}
}
