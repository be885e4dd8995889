package ratelimit

import "net/netip"

// AddressMetadata is the gRPC metadata key under which the gateway tells a
// service for which address a call is to be limited, as AddressKey writes it.
// It lives as long as the call and goes into no log.
const AddressMetadata = "hygia-client-network"

// AddressKey returns the key of an address: an IPv4 address itself, and of an
// IPv6 address its /64, all of which a single subscriber may use.
func AddressKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a.String()
	}
	network, err := a.Prefix(64)
	if err != nil { // only for an address that is neither
		return a.String()
	}
	return network.String()
}
