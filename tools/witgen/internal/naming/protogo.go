package naming

import "strings"

// ProtoGo gives the Go name that protoc-gen-go derives from a name in proto:
// source_id becomes SourceId. See GoCamelCase in
// google.golang.org/protobuf/internal/strs, which is out of reach here.
func ProtoGo(name string) string {
	var b strings.Builder
	for i := 0; i < len(name); i++ {
		c := name[i]
		switch {
		case c == '.' && i+1 < len(name) && lower(name[i+1]):
			// A dot before a small letter joins.
		case c == '.':
			b.WriteByte('_')
		case c == '_' && (i == 0 || name[i-1] == '.'):
			b.WriteByte('X')
		case c == '_' && i+1 < len(name) && lower(name[i+1]):
			// An underscore before a small letter joins.
		case lower(c) && (i == 0 || !letter(name[i-1])):
			b.WriteByte(c - 'a' + 'A')
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

func letter(c byte) bool { return lower(c) || c >= 'A' && c <= 'Z' }

func lower(c byte) bool { return c >= 'a' && c <= 'z' }
