package lane

import (
	"errors"

	"github.com/hygia-suite/hygia/pkg/component/internal/wasmbin"
)

// Why a component stays as it is; wasmtime decides whether it is valid.
var (
	errUnknown  = wasmbin.ErrUnknown
	errNothing  = errors.New("lane: the component has no function that the host could call, and no values that it could read or write")
	errComposed = errors.New("lane: components are composed, or call themselves")
	errEncoding = errors.New("lane: strings are not UTF-8 in the guest")
	errNames    = errors.New("lane: the names of its exports are too long, together")
	errSeveral  = errors.New("lane: functions do not share their memory or what gives room in it")
)
