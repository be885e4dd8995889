package leaf

import auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"

// enum spells an enum's values as leaves do: index is the number, 0 is none.
type enum[T ~int32] []string

//nolint:gochecknoglobals // immutable
var (
	actions  = enum[auditv1.Action]{"", "create", "read", "update", "delete", "execute"}
	phases   = enum[auditv1.Phase]{"", "intent", "outcome"}
	outcomes = enum[auditv1.Outcome]{"", "pending", "success", "refused", "failure"}
)

// name returns the word of a value that audit.Validate admitted.
func (e enum[T]) name(value T) string { return e[value] }

// value returns 0 for a word that is none of the enum's.
func (e enum[T]) value(name string) T {
	for i, word := range e {
		if word == name {
			return T(i)
		}
	}
	return 0
}
