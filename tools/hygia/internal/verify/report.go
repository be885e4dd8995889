package verify

import "errors"

// Failure is one thing that does not hold.
type Failure struct {
	// Check that failed: "checkpoint", "consistency", "listing", "leaf",
	// "inclusion" or "intent".
	Check string `json:"check"`
	// Event is the id of the event concerned, where it is one.
	Event string `json:"event,omitempty"`
	Index *int64 `json:"index,omitempty"`
	// Message says what was expected and what was found.
	Message string `json:"message"`
}

// String puts a failure into one line.
func (f Failure) String() string {
	where := ""
	if f.Event != "" {
		where = " event " + f.Event
	}
	return f.Check + where + ": " + f.Message
}

// Report is what a run found. The log is verified where there are no failures.
type Report struct {
	Verified bool   `json:"verified"`
	Origin   string `json:"origin"`
	// Size of the tree, in leaves of all tenants.
	Size int64 `json:"size"`
	// Root hash, in base64.
	Root string `json:"root"`
	// PreviousSize is the size at the last run, 0 at the first.
	PreviousSize int64 `json:"previousSize"`
	// FinalSize is the size when the run ended; the growth is proved too.
	FinalSize int64     `json:"finalSize"`
	Failures  []Failure `json:"failures"`
	// OpenIntents are changes of which no outcome is known.
	OpenIntents []Event `json:"openIntents"`
	// Events are those proved, in the order of the log.
	Events []Event `json:"events"`
	// Proofs counts the events that were proved in this run; the others were
	// proved in an earlier one, and are still listed as they were.
	Proofs int `json:"proofs"`
	// Later counts events that were listed but are newer than the checkpoint.
	Later int `json:"later"`
}

// withheld turns "not found" into a failure: the log owes the proof. Any other
// error ends the run.
func (r *run) withheld(err error, check string, e *Event, message string) error {
	var missing interface{ NotFound() bool }
	if errors.As(err, &missing) && missing.NotFound() {
		r.fail(check, e, message)
		return nil
	}
	return err
}

func (r *run) fail(check string, e *Event, message string) {
	f := Failure{Check: check, Message: message}
	if e != nil {
		index := e.Index
		f.Event, f.Index = e.ID, &index
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.report.Failures = append(r.report.Failures, f)
}
