package component

import "context"

// Local returns what the instance that a host function was called from keeps
// under a key, which fresh makes when there is nothing yet. It lasts as long as
// the instance: for a host whose functions need a state of each guest's own.
//
// It is for the goroutine of the host function, until that returns, and for its
// context or one made from it. With any other context it returns a fresh value.
func Local(ctx context.Context, key any, fresh func() any) any {
	f := originOf(ctx).outer
	if f == nil || f.scope.values == nil {
		return fresh()
	}
	v := f.scope.values
	if l, ok := v.locals[key]; ok {
		return l
	}
	l := fresh()
	if v.locals == nil {
		v.locals = make(map[any]any)
	}
	v.locals[key] = l
	return l
}
