package outbound

import (
	"net/netip"
	"slices"
	"syscall"

	"github.com/hygia-suite/hygia/pkg/wit/host"
)

// own are the addresses of an operator's own network, which a host has only where
// the operator says so: of the machine itself, private (RFC 1918, RFC 4193) and
// shared (RFC 6598).
//
//nolint:gochecknoglobals // immutable
var own = prefixes("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "::1/128", "fc00::/7")

// special are addresses at which no host answers a plugin: what IANA's registries of
// special-purpose addresses (RFC 6890) list beside own, the routable ones of AS112
// and of AMT among them, multicast, and whatever brings an IPv4 address into an IPv6
// one. What lies outside of global is left out.
//
//nolint:gochecknoglobals // immutable
var special = prefixes(
	"0.0.0.0/8", "169.254.0.0/16", "192.0.0.0/24", "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24",
	"192.175.48.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
	"2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3fff::/20",
)

// global are the IPv6 addresses that the internet uses at all (RFC 4291, 2.4).
//
//nolint:gochecknoglobals // immutable
var global = netip.MustParsePrefix("2000::/3")

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, s := range texts {
		all[i] = netip.MustParsePrefix(s)
	}
	return all
}

// reachable tells whether a host may be at an address; private, whether it may be
// in the operator's own network.
func reachable(a netip.Addr, private bool) bool {
	a = a.Unmap()
	within := func(p netip.Prefix) bool { return p.Contains(a) }
	switch {
	case a.Zone() != "" || slices.ContainsFunc(special, within):
		return false
	case slices.ContainsFunc(own, within):
		return private
	}
	return a.Is4() || global.Contains(a)
}

// guard is a net.Dialer's Control: it sees the address that is connected to.
func guard(private bool) func(network, address string, _ syscall.RawConn) error {
	return func(_, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !reachable(at.Addr(), private) {
			return host.FailureDenied
		}
		return nil
	}
}
