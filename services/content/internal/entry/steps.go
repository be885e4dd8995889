package entry

import "time"

// Bounds on the time for which an entry can be scheduled.
const (
	// ClockLeeway is how far in the past a given time still means "now".
	ClockLeeway = 5 * time.Minute
	// MaxAhead is how far in the future it can lie.
	MaxAhead = 5 * 366 * 24 * time.Hour
)

// step looks the action up and applies what every step has in common.
func (e Entry) step(a action, now time.Time) (Entry, error) {
	to, ok := transitions[e.Status][a]
	if !ok {
		return e, refusal(e, a)
	}
	e.Status = to
	e.UpdateTime = now
	if to != Scheduled {
		e.Scheduled = time.Time{}
	}
	if !to.Signed() {
		e.Signature = nil
	}
	return e, nil
}

// Edit saves a new revision and takes the entry back to a draft; what is public
// stays public. base is the revision that the editor had before them.
func (e Entry) Edit(c Content, base int, person string, now time.Time) (Entry, error) {
	if base != e.Newest.Number {
		return e, ErrRevisionConflict
	}
	if c.Kind != e.Newest.Content.Kind {
		return e, ErrKindChanged
	}
	next, err := e.step(edit, now)
	if err != nil {
		return e, err
	}
	next.Newest = Revision{Number: base + 1, Content: c, Hash: c.Hash(), Person: person, CreateTime: now}
	next.ReviewNote = ""
	return next, nil
}

// Submit asks for a review of the newest revision, which must be the one that
// was validated.
func (e Entry) Submit(validated int, now time.Time) (Entry, error) {
	if validated != e.Newest.Number {
		return e, ErrRevisionConflict
	}
	next, err := e.step(submit, now)
	next.ReviewNote = ""
	return next, err
}

// Return gives an entry in review back to its editors.
func (e Entry) Return(note string, now time.Time) (Entry, error) {
	next, err := e.step(sendBack, now)
	next.ReviewNote = note
	return next, err
}

// Publish makes the signed revision public: now where at is zero or within
// ClockLeeway of now, else at that time.
func (e Entry) Publish(at, now time.Time) (Entry, error) {
	switch {
	case at.IsZero() || !at.After(now) && now.Sub(at) <= ClockLeeway:
		return e.public(publish, now)
	case !at.After(now):
		return e, ErrTimePast
	case at.Sub(now) > MaxAhead:
		return e, ErrTimeFar
	}
	if err := e.signed(schedule); err != nil {
		return e, err
	}
	next, err := e.step(schedule, now)
	next.Scheduled = at
	return next, err
}

// PublishDue publishes an entry whose time has come.
func (e Entry) PublishDue(now time.Time) (Entry, error) {
	if e.Status == Scheduled && e.Scheduled.After(now) {
		return e, ErrNotDue
	}
	return e.public(publishDue, now)
}

func (e Entry) public(a action, now time.Time) (Entry, error) {
	if err := e.signed(a); err != nil {
		return e, err
	}
	next, err := e.step(a, now)
	if err != nil {
		return e, err
	}
	next.Published = e.Newest.Number
	next.PublishTime = now
	return next, nil
}

// Unpublish takes a public or scheduled entry back from the reader. Its sign-off
// stands.
func (e Entry) Unpublish(now time.Time) (Entry, error) {
	if e.Published == 0 && e.Status != Scheduled {
		return e, ErrNotPublished
	}
	next, err := e.step(unpublish, now)
	if err != nil {
		return e, err
	}
	return next.withdraw(), nil
}

// Trash unpublishes the entry and puts it away; only an edit brings it back.
func (e Entry) Trash(now time.Time) (Entry, error) {
	next, err := e.step(trash, now)
	if err != nil {
		return e, err
	}
	return next.withdraw(), nil
}

func (e Entry) withdraw() Entry {
	e.Published = 0
	e.PublishTime = time.Time{}
	return e
}
