package component

import (
	"errors"
	"math"
	"time"
)

// Limits bounds what a guest may use. A zero field means the default that it
// names; a negative one is an error of Link.
type Limits struct {
	// Deadline is the longest that a call may take, 10 s by default. The call's
	// context may make it shorter. Time in host functions counts.
	Deadline time.Duration
	// MemoryBytes bounds each linear memory of an instance, 64 MiB by default. With
	// Config.HeadroomBytes it is raised, for all of them, to what the largest begins with
	// of those that begin within it without their headroom.
	MemoryBytes int64
	// TableElements bounds each table, 20 000 by default.
	TableElements int64
	// Instances, Memories and Tables bound how many core instances, memories and
	// tables an instance is made of: 16, 4 and 16 by default. Those that Compile adds
	// do not count.
	Instances, Memories, Tables int
	// ArgBytes bounds the encoded values that go into a guest at once: a call's
	// arguments, or one host function's results. By default 16 MiB, and 64 KiB for
	// what is around a text or bytes of that size.
	ArgBytes int
	// ResultBytes bounds the encoded values that come out of a guest at once: a
	// call's results, or one host function's arguments. As ArgBytes by default.
	ResultBytes int
	// ListItems bounds the items of all lists of one such set of values together,
	// 1 000 000 by default.
	ListItems int
	// HostCalls bounds the host functions that one call may call, the dropping of
	// a host's resource included, 100 000 by default.
	HostCalls int
	// Resources bounds how many of the host's resources a guest may own at once,
	// and how many of the guest's the host may: 1000 of each by default. How many of
	// its own a guest may have is OwnResources.
	Resources int
	// HostTime bounds the time that one call may spend in host functions, those of
	// its nested calls included: no limit but Deadline by default. A host function
	// that runs longer has its context cancelled, and the call fails once it has
	// returned.
	HostTime time.Duration
	// LogBytes bounds what host functions log on behalf of one call, as far as they
	// count it: see CountLog. 256 KiB by default.
	LogBytes int
	// Fuel bounds what one call may burn, about one for each instruction: no limit
	// by default. It needs Config.Fuel.
	Fuel int64
}

// WithDefaults returns the limits with the default in each field that is zero, as
// Link takes them.
func (l Limits) WithDefaults() Limits {
	def(&l.Deadline, 10*time.Second)
	def(&l.MemoryBytes, 64<<20)
	def(&l.TableElements, 20_000)
	def(&l.Instances, 16)
	def(&l.Memories, 4)
	def(&l.Tables, 16)
	def(&l.ArgBytes, 16<<20+64<<10)
	def(&l.ResultBytes, 16<<20+64<<10)
	def(&l.ListItems, 1_000_000)
	def(&l.HostCalls, 100_000)
	def(&l.Resources, 1000)
	def(&l.LogBytes, 256<<10)
	return l
}

func (l Limits) check() error {
	if min(l.MemoryBytes, l.TableElements, int64(l.Deadline), int64(l.HostTime), l.Fuel) < 0 ||
		min(l.Instances, l.Memories, l.Tables, l.ArgBytes, l.ResultBytes, l.ListItems, l.HostCalls, l.LogBytes, l.Resources) < 0 {
		return errors.New("component: a limit is negative")
	}
	if max(l.ArgBytes, l.ResultBytes, l.ListItems, l.HostCalls, l.LogBytes, l.Resources) > math.MaxInt32 {
		return errors.New("component: a limit on bytes, items, calls or resources is above 2^31-1")
	}
	return nil
}

// named says which bound a limit's error is of, where wasmtime did not.
func (l *Limits) named(err error) error {
	if e := (*LimitError)(nil); errors.As(err, &e) {
		switch e.Limit {
		case LimitMemory:
			e.Max = l.MemoryBytes
		case LimitTable:
			e.Max = l.TableElements
		case LimitFuel:
			e.Max = l.Fuel
		}
	}
	return err
}

// def sets v to d when it is zero.
func def[T comparable](v *T, d T) {
	var zero T
	if *v == zero {
		*v = d
	}
}
