// Package form writes events in other forms, with components that speak
// hygia:audit/formatter.
package form

import (
	"context"
	"fmt"

	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
)

// Component is an installed formatter. It is safe for concurrent use; each event
// gets a fresh instance.
type Component struct{ slot *supervisor.Slot }

// New gives the formatter that is live in a slot at the time of each call.
func New(slot *supervisor.Slot) Component { return Component{slot} }

// Format returns the event's text and its media type.
func (c Component) Format(ctx context.Context, event *auditv1.Event) (text, mediaType string, err error) {
	value, err := audit.EventFromProto(event)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", c.slot.Name(), err)
	}
	pin := c.slot.Pin() // both answers are of one release
	defer pin.Release()
	formatter := audit.NewFormatter(pin)
	if mediaType, err = formatter.MediaType(ctx); err != nil {
		return "", "", fmt.Errorf("%s: media type: %w", pin.Name(), err)
	}
	if text, err = formatter.Format(ctx, value); err != nil {
		return "", "", fmt.Errorf("%s: %w", pin.Name(), err)
	}
	return text, mediaType, nil
}
