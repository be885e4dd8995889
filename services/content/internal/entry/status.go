package entry

// Status is where an entry stands.
type Status string

// The statuses.
const (
	Draft     Status = "draft"
	InReview  Status = "in_review"
	Approved  Status = "approved"
	Scheduled Status = "scheduled"
	Published Status = "published"
	Trashed   Status = "trashed"
)

// action is a step of the workflow.
type action string

const (
	edit       action = "edit"
	submit     action = "submit"
	sign       action = "sign"
	sendBack   action = "return"
	publish    action = "publish"
	schedule   action = "schedule"
	publishDue action = "publish when due"
	unpublish  action = "unpublish"
	trash      action = "trash"
)

// transitions is the whole workflow: what each step makes of each status. A
// step that a row does not name is refused. What else a step asks for stands
// with the step.
//
//nolint:gochecknoglobals // immutable
var transitions = map[Status]map[action]Status{
	Draft:     {edit: Draft, submit: InReview, unpublish: Draft, trash: Trashed},
	InReview:  {edit: Draft, sign: Approved, sendBack: Draft, unpublish: InReview, trash: Trashed},
	Approved:  {edit: Draft, publish: Published, schedule: Scheduled, unpublish: Approved, trash: Trashed},
	Scheduled: {edit: Draft, publish: Published, schedule: Scheduled, publishDue: Published, unpublish: Approved, trash: Trashed},
	Published: {edit: Draft, unpublish: Approved, trash: Trashed},
	Trashed:   {edit: Draft},
}

// Signed reports whether an entry of this status has a sign-off of its newest
// revision.
func (s Status) Signed() bool { return s == Approved || s == Scheduled || s == Published }
