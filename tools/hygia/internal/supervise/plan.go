package supervise

// Service names, as in SPIFFE ids, folders, log files and options.
const (
	Accounts      = "accounts"
	Audit         = "audit"
	Content       = "content"
	Validation    = "validation"
	Anonymization = "anonymization"
	Gateway       = "gateway"
)

// service is what the supervisor knows of one.
type service struct {
	name string
	// calls are the services whose addresses go into its configuration.
	calls []string
	// stage orders the end: lower stages are drained first, so that whoever calls
	// is gone before whoever is called.
	stage int
	// hosts says that it hosts plugins.
	hosts bool
}

// services is the suite, in the order in which it is shown.
//
//nolint:gochecknoglobals // immutable
var services = []service{
	{Audit, []string{Accounts}, 3, true},
	{Accounts, []string{Audit}, 2, false},
	{Validation, []string{Accounts, Audit}, 1, true},
	{Anonymization, []string{Accounts, Audit}, 1, true},
	{Content, []string{Accounts, Audit, Validation}, 1, true},
	{Gateway, []string{Accounts, Audit, Content, Validation, Anonymization}, 0, false},
}

const stages = 4

// Names gives every service of the suite.
func Names() []string {
	names := make([]string, len(services))
	for i, s := range services {
		names[i] = s.name
	}
	return names
}
