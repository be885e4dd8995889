package wasi

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/component"
)

// Functions returns the signatures of all that Add gives, by "interface#function".
func Functions() map[string]string {
	all := map[string]string{}
	adder{give: func(i *component.Import, _ func(context.Context, *component.Decoder, *component.Encoder) error) {
		all[i.Interface+"#"+i.Name] = i.Signature.String()
	}}.addAll()
	return all
}
