package tsgen

import (
	"errors"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/compiler/protogen"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/refusal"
	"github.com/hygia-suite/hygia/tools/protoc-gen-hygia-ts/internal/route"
)

// requiredOf finds the fields without which no request is taken: those that a
// path holds, and those of which protovalidate refuses the zero value. An empty
// message is validated to see which these are.
func requiredOf(units []*unit, f forms, routes map[*protogen.Method]*route.Route) (map[*protogen.Field]bool, error) {
	required := map[*protogen.Field]bool{}
	for _, r := range routes {
		for _, field := range r.Bound() {
			required[field] = true
		}
	}
	validator, err := protovalidate.New()
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, u := range units {
		for _, m := range u.messages {
			if f[m][sent] {
				errs = append(errs, refusedZeros(validator, m, required))
			}
		}
	}
	return required, errors.Join(errs...)
}

// refusedZeros adds the fields of a message whose zero value is refused.
func refusedZeros(validator protovalidate.Validator, m *protogen.Message, required map[*protogen.Field]bool) error {
	err := validator.Validate(dynamicpb.NewMessage(m.Desc))
	if err == nil {
		return nil
	}
	refused, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok {
		return refusal.Of(m.Desc, "its validation rules do not work: %v", err)
	}
	for _, violation := range refused.Violations {
		path := violation.Proto.GetField().GetElements()
		if len(path) != 1 { // a rule of the message as a whole: no field alone is at fault
			continue
		}
		for _, field := range m.Fields { // none, where the rule is a oneof's
			if int32(field.Desc.Number()) == path[0].GetFieldNumber() {
				required[field] = true
			}
		}
	}
	return nil
}
