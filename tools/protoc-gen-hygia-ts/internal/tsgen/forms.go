package tsgen

import (
	"google.golang.org/protobuf/compiler/protogen"
)

// form is one of the two shapes that a message has in JSON. The server sends
// every field, and takes requests in which most are left out.
type form int

const (
	received form = iota
	sent
)

// forms tells which messages are needed in which form.
type forms map[*protogen.Message]map[form]bool

// formsOf follows messages from where RPCs use them. What an RPC takes is sent,
// with all that it holds; everything else is received, so that no message goes
// without a type, and what is added to a request later renames nothing.
func formsOf(units []*unit) forms {
	f := forms{}
	taken := map[*protogen.Message]bool{}
	for _, u := range units {
		for _, s := range u.services {
			for _, m := range s.Methods {
				taken[m.Input] = true
				f.mark(m.Input, sent)
				f.mark(m.Output, received)
			}
		}
	}
	for _, u := range units {
		for _, m := range u.messages {
			if !taken[m] {
				f.mark(m, received)
			}
		}
	}
	return f
}

// mark adds a form to a message and to those in its fields.
func (f forms) mark(m *protogen.Message, as form) {
	if f[m][as] {
		return
	}
	if f[m] == nil {
		f[m] = map[form]bool{}
	}
	f[m][as] = true
	for _, field := range m.Fields {
		if field.Message != nil {
			f.mark(field.Message, as)
		}
	}
}

// of lists the forms that a message is needed in.
func (f forms) of(m *protogen.Message) []form {
	var needed []form
	for _, as := range []form{received, sent} {
		if f[m][as] {
			needed = append(needed, as)
		}
	}
	return needed
}

// name is a message's name in a form: where it has both, the sent one ends in
// "Input".
func (f forms) name(m *protogen.Message, as form) string {
	if as == sent && f[m][received] {
		return m.GoIdent.GoName + "Input"
	}
	return m.GoIdent.GoName
}
