package tsgen

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/jsdoc"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
)

// message writes a message in each form that is needed.
func (f *file) message(m *protogen.Message) error {
	if len(m.Extensions) > 0 || m.Desc.ExtensionRanges().Len() > 0 {
		return refusal.Of(m.Desc, "extensions have no type here")
	}
	var errs []error
	for _, as := range f.forms.of(m) {
		errs = append(errs, f.shape(m, as))
	}
	return errors.Join(errs...)
}

// shape writes a message in one form. One without fields is closed: an empty
// interface would take anything.
func (f *file) shape(m *protogen.Message, as form) error {
	name := f.forms.name(m, as)
	text := messageText(m)
	if name != m.GoIdent.GoName {
		text = paragraphs(text, fmt.Sprintf("{@link %s}, as requests hold it.", m.GoIdent.GoName))
	}
	f.line("")
	f.comment("", text, m.Desc.Options().(*descriptorpb.MessageOptions))
	if len(m.Fields) == 0 {
		f.line("export type %s = %s;", name, f.json("Empty"))
		return nil
	}
	f.line("export interface %s {", name)
	var errs []error
	for _, field := range m.Fields {
		errs = append(errs, f.field(field, as))
	}
	f.line("}")
	return errors.Join(errs...)
}

// identifier is what a JSON name must be, so that no member needs quotes.
var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// field writes one member.
func (f *file) field(field *protogen.Field, as form) error {
	if !identifier.MatchString(field.Desc.JSONName()) {
		return refusal.Of(field.Desc, "json_name %q is no identifier", field.Desc.JSONName())
	}
	value, err := f.fieldType(field, as)
	if err != nil {
		return err
	}
	mark := ""
	if f.optional(field, as) {
		mark = "?"
	}
	if nullable(field) && (as == received || mark != "") {
		value += " | null"
	}
	f.comment("  ", jsdoc.Text(field.Comments), field.Desc.Options().(*descriptorpb.FieldOptions))
	f.line("  %s%s: %s;", field.Desc.JSONName(), mark, value)
	return nil
}

// optional tells whether a member may be missing. The server leaves out what has
// presence and is not set; a request may leave out what is not required.
func (f *file) optional(field *protogen.Field, as form) bool {
	if as == received {
		return field.Oneof != nil
	}
	return !f.required[field]
}

// nullable fields are those for which the server writes null where they are not
// set: single messages outside of oneofs.
func nullable(field *protogen.Field) bool {
	return field.Message != nil && !field.Desc.IsList() && !field.Desc.IsMap() && field.Oneof == nil
}

// messageText is a message's comment, and what there is to say of its oneofs,
// which have no member of their own.
func messageText(m *protogen.Message) string {
	parts := []string{jsdoc.Text(m.Comments)}
	for _, one := range m.Oneofs {
		if one.Desc.IsSynthetic() {
			continue
		}
		names := make([]string, len(one.Fields))
		for i, field := range one.Fields {
			names[i] = "`" + field.Desc.JSONName() + "`"
		}
		note := "At most one is set of " + strings.Join(names, ", ") + "."
		parts = append(parts, strings.TrimSuffix(note+"\n"+jsdoc.Text(one.Comments), "\n"))
	}
	return paragraphs(parts...)
}

// paragraphs joins what is not empty.
func paragraphs(parts ...string) string {
	said := slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return strings.Join(said, "\n\n")
}
