package rpc

import (
	"context"
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/hygia-suite/hygia/pkg/fault"
)

// maxDepth bounds how deeply messages nest. The deepest of ours has five levels.
const maxDepth = 32

// checkRequests judges each request message: its size, fields that we do not
// know, and the rules that its proto file states.
func (s *Server) checkRequests(ctx context.Context, c *call, next func(context.Context) error) error {
	if c.streaming {
		c.received = func(m proto.Message) error { return s.checkRequest(c.row, m) }
	} else if err := s.checkRequest(c.row, c.request); err != nil {
		return err
	}
	return next(ctx)
}

func (s *Server) checkRequest(row Row, m proto.Message) error {
	if size := proto.Size(m); size > row.maxRequestBytes() {
		return errTooLarge.WithHint(fmt.Sprintf("at most %d bytes", row.maxRequestBytes()))
	}
	if err := checkKnown(m.ProtoReflect(), maxDepth); err != nil {
		return err
	}
	return s.checkRules(m)
}

// checkRules reports what protovalidate finds, without the values.
func (s *Server) checkRules(m proto.Message) error {
	err := s.rules.Validate(m)
	if err == nil {
		return nil
	}
	violations, ok := errors.AsType[*protovalidate.ValidationError](err)
	if !ok {
		return fault.Internal(fmt.Errorf("validate %s: %w", m.ProtoReflect().Descriptor().FullName(), err))
	}
	refusal := errInvalid
	for _, v := range violations.Violations {
		refusal = refusal.WithField(protovalidate.FieldPathString(v.Proto.GetField()), ruleText(v))
	}
	return refusal
}

// ruleText says what a field must be. Standard rules say it in words of their
// own ("must be at most 200 characters") and quote constants only; a rule with
// an empty message is named.
func ruleText(v *protovalidate.Violation) string {
	if text := v.Proto.GetMessage(); text != "" {
		return text
	}
	return "breaks the rule " + v.Proto.GetRuleId()
}

// checkKnown refuses fields that this build does not know: they would be
// dropped in silence, or stored unread.
func checkKnown(m protoreflect.Message, depth int) error {
	if depth == 0 {
		return errTooDeep
	}
	if len(m.GetUnknown()) > 0 {
		return errUnknownField.WithField(string(m.Descriptor().Name()), "holds an unknown field")
	}
	var refusal error
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		refusal = checkField(field, value, depth-1)
		return refusal == nil
	})
	return refusal
}

func checkField(field protoreflect.FieldDescriptor, value protoreflect.Value, depth int) error {
	switch {
	case field.IsMap():
		if field.MapValue().Message() == nil {
			return nil
		}
		var refusal error
		value.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
			refusal = checkKnown(v.Message(), depth)
			return refusal == nil
		})
		return refusal
	case field.Message() == nil:
		return nil
	case field.IsList():
		for i := range value.List().Len() {
			if err := checkKnown(value.List().Get(i).Message(), depth); err != nil {
				return err
			}
		}
		return nil
	default:
		return checkKnown(value.Message(), depth)
	}
}
