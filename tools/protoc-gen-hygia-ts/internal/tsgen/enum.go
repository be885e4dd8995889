package tsgen

import (
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/jsdoc"
)

// enum writes an enum as the union of its values' names.
func (f *file) enum(e *protogen.Enum) {
	f.line("")
	f.comment("", jsdoc.Text(e.Comments), e.Desc.Options().(*descriptorpb.EnumOptions))
	f.line("export type %s =", e.GoIdent.GoName)
	for i, v := range e.Values {
		f.comment("  ", jsdoc.Text(v.Comments), v.Desc.Options().(*descriptorpb.EnumValueOptions))
		end := ""
		if i == len(e.Values)-1 {
			end = ";"
		}
		f.line("  | %q%s", string(v.Desc.Name()), end)
	}
}
