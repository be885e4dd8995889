package tsgen

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/jsdoc"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
)

// pages writes an iterator over what a list gives, page after page, where an RPC
// takes a page token and gives the next one: allEntries for ListEntries.
func (f *file) pages(m *protogen.Method, list, request string, names map[string]bool) error {
	token, next := text(m.Input, "page_token"), text(m.Output, "next_page_token")
	switch {
	case token == nil && next == nil:
		return nil
	case token == nil || next == nil:
		return refusal.Of(m.Desc, "page_token in the request and next_page_token in the response go together, as single strings")
	}
	var lists []*protogen.Field
	for _, field := range m.Output.Fields {
		if field.Desc.IsList() {
			lists = append(lists, field)
		}
	}
	if len(lists) != 1 {
		return refusal.Of(m.Desc, "a page holds one repeated field: %s has %d", m.Output.Desc.FullName(), len(lists))
	}
	name := "all" + strings.TrimPrefix(m.GoName, "List")
	if names[name] {
		return refusal.Of(m.Desc, "its iterator would be named %s, which is another's name", name)
	}
	names[name] = true
	item, err := f.single(lists[0], received)
	if err != nil {
		return err
	}
	page := fmt.Sprintf("Omit<%s, %q>", request, token.Desc.JSONName())
	f.line("")
	f.body.WriteString(jsdoc.Comment("  ", fmt.Sprintf(
		"All that {@link %s.%s} gives, page after page.\nEach is fetched when it is reached; a timeout holds for one.", m.Parent.GoName, list)))
	f.line("  %s(%s): AsyncGenerator<%s, void, undefined> {", name, f.parameters(m, page, "request"), item)
	f.line("    return %s(", f.helper(pagesModule, "items"))
	f.line("      (page) => this.%s({ ...request, ...page }, options),", list)
	f.line("      (response) => response.%s,", lists[0].Desc.JSONName())
	f.line("    );")
	f.line("  }")
	return nil
}

// text finds a field that is one string.
func text(m *protogen.Message, name protoreflect.Name) *protogen.Field {
	at := slices.IndexFunc(m.Fields, func(f *protogen.Field) bool {
		return f.Desc.Name() == name && f.Desc.Kind() == protoreflect.StringKind && !f.Desc.IsList()
	})
	if at < 0 {
		return nil
	}
	return m.Fields[at]
}
