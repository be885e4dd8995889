// Package form writes events in other forms, with components that speak
// hygia:audit/formatter.
package form

import (
	"context"
	"fmt"
	"io/fs"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/wit/audit"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
)

// Component is a loaded formatter. It is safe for concurrent use; each event
// gets a fresh instance.
type Component struct {
	plugin    *plugin.Plugin
	formatter audit.Formatter
	mediaType string
}

// Load loads the component in files and asks it once for its media type.
func Load(ctx context.Context, engine *component.Engine, files fs.FS, host plugin.Host) (*Component, error) {
	p, err := plugin.Load(ctx, plugin.Options{Engine: engine, Files: files, Exports: audit.FormatterExports, Host: host})
	if err != nil {
		return nil, err
	}
	formatter := audit.NewFormatter(p)
	mediaType, err := formatter.MediaType(ctx)
	if err != nil {
		p.Close()
		return nil, fmt.Errorf("%s: media type: %w", p.Name(), err)
	}
	return &Component{plugin: p, formatter: formatter, mediaType: mediaType}, nil
}

// Name is the name by which askers choose the form, such as "fhir-audit-event".
func (c *Component) Name() string { return c.plugin.Manifest().Name }

// Format returns the event's text and its media type.
func (c *Component) Format(ctx context.Context, event *auditv1.Event) (text, mediaType string, err error) {
	value, err := audit.EventFromProto(event)
	if err != nil {
		return "", "", fmt.Errorf("%s: %w", c.Name(), err)
	}
	if text, err = c.formatter.Format(ctx, value); err != nil {
		return "", "", fmt.Errorf("%s: %w", c.Name(), err)
	}
	return text, c.mediaType, nil
}

// Status tells operators what is loaded.
func (c *Component) Status() *statusv1.Component { return c.plugin.Status() }

// Close frees the component, once no call is running.
func (c *Component) Close() { c.plugin.Close() }
