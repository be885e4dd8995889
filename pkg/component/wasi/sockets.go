package wasi

import (
	"context"

	"github.com/hygia-suite/hygia/pkg/component"
)

// The resources of wasi:sockets. A guest can have a network, and do nothing with
// it: making a socket and looking up a name are denied, so of the others there
// are none.
//
//nolint:gochecknoglobals // immutable
var (
	network                = resource("sockets/network", "network")
	resolveAddressStream   = resource("sockets/ip-name-lookup", "resolve-address-stream")
	tcpSocket              = resource("sockets/tcp", "tcp-socket")
	udpSocket              = resource("sockets/udp", "udp-socket")
	incomingDatagramStream = resource("sockets/udp", "incoming-datagram-stream")
	outgoingDatagramStream = resource("sockets/udp", "outgoing-datagram-stream")
)

// The types of wasi:sockets.
//
//nolint:gochecknoglobals // immutable
var (
	netError = component.EnumOf("error-code", "unknown", "access-denied", "not-supported", "invalid-argument",
		"out-of-memory", "timeout", "concurrency-conflict", "not-in-progress", "would-block", "invalid-state",
		"new-socket-limit", "address-not-bindable", "address-in-use", "remote-unreachable", "connection-refused",
		"connection-reset", "connection-aborted", "datagram-too-large", "name-unresolvable",
		"temporary-resolver-failure", "permanent-resolver-failure")
	addressFamily = component.EnumOf("ip-address-family", "ipv4", "ipv6")
	ipv4Address   = component.TupleOf(component.U8, component.U8, component.U8, component.U8)
	ipv6Address   = component.TupleOf(component.U16, component.U16, component.U16, component.U16,
		component.U16, component.U16, component.U16, component.U16)
	ipAddress = component.VariantOf("ip-address",
		component.Case{Name: "ipv4", Type: ipv4Address}, component.Case{Name: "ipv6", Type: ipv6Address})
	socketAddress = component.VariantOf("ip-socket-address",
		component.Case{Name: "ipv4", Type: component.RecordOf("ipv4-socket-address",
			param("port", component.U16), param("address", ipv4Address))},
		component.Case{Name: "ipv6", Type: component.RecordOf("ipv6-socket-address",
			param("port", component.U16), param("flow-info", component.U32),
			param("address", ipv6Address), param("scope-id", component.U32))})
	shutdownType     = component.EnumOf("shutdown-type", "receive", "send", "both")
	incomingDatagram = component.RecordOf("incoming-datagram", param("data", bytes), param("remote-address", socketAddress))
	outgoingDatagram = component.RecordOf("outgoing-datagram",
		param("data", bytes), param("remote-address", component.OptionOf(socketAddress)))
)

// accessDenied is the network's error-code.
const accessDenied = 1

func (a adder) addSockets() {
	a.add("sockets/network",
		function{"network-error-code", params(param("err", component.BorrowOf(ioError))), component.OptionOf(netError), nil})
	a.add("sockets/instance-network",
		function{"instance-network", nil, component.OwnOf(network), give(network, struct{}{})})
	a.add("sockets/ip-name-lookup",
		function{"resolve-addresses", params(param("network", component.BorrowOf(network)), param("name", component.String)),
			netResult(component.OwnOf(resolveAddressStream)), denyLookup},
		method(resolveAddressStream, "resolve-next-address", nil, netResult(component.OptionOf(ipAddress)), nil),
		method(resolveAddressStream, "subscribe", nil, component.OwnOf(pollable), nil),
	)
	family := params(param("address-family", addressFamily))
	a.add("sockets/tcp-create-socket", function{"create-tcp-socket", family, netResult(component.OwnOf(tcpSocket)), denySocket})
	a.add("sockets/udp-create-socket", function{"create-udp-socket", family, netResult(component.OwnOf(udpSocket)), denySocket})
	a.addTCP()
	a.addUDP()
}

func netResult(ok *component.Type) *component.Type { return component.ResultOf(ok, netError) }

func denyLookup(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	d.Borrow(network)
	_ = d.String()
	denied(e)
	return nil
}

func denySocket(_ context.Context, d *component.Decoder, e *component.Encoder) error {
	d.Case()
	denied(e)
	return nil
}

func denied(e *component.Encoder) {
	e.Case(1)
	e.Case(accessDenied)
}

func (a adder) addTCP() {
	iface := "sockets/tcp"
	at := func(name string) []component.Field {
		return params(param("network", component.BorrowOf(network)), param(name, socketAddress))
	}
	done := netResult(nil)
	in, out := component.OwnOf(inputStream), component.OwnOf(outputStream)
	a.add(iface,
		method(tcpSocket, "start-bind", at("local-address"), done, nil),
		method(tcpSocket, "finish-bind", nil, done, nil),
		method(tcpSocket, "start-connect", at("remote-address"), done, nil),
		method(tcpSocket, "finish-connect", nil, netResult(component.TupleOf(in, out)), nil),
		method(tcpSocket, "start-listen", nil, done, nil),
		method(tcpSocket, "finish-listen", nil, done, nil),
		method(tcpSocket, "accept", nil, netResult(component.TupleOf(component.OwnOf(tcpSocket), in, out)), nil),
		method(tcpSocket, "local-address", nil, netResult(socketAddress), nil),
		method(tcpSocket, "remote-address", nil, netResult(socketAddress), nil),
		method(tcpSocket, "is-listening", nil, component.Bool, nil),
		method(tcpSocket, "address-family", nil, addressFamily, nil),
		method(tcpSocket, "subscribe", nil, component.OwnOf(pollable), nil),
		method(tcpSocket, "shutdown", params(param("shutdown-type", shutdownType)), done, nil),
		setter(tcpSocket, "listen-backlog-size", u64),
	)
	a.add(iface, option(tcpSocket, "keep-alive-enabled", component.Bool)...)
	a.add(iface, option(tcpSocket, "keep-alive-idle-time", u64)...)
	a.add(iface, option(tcpSocket, "keep-alive-interval", u64)...)
	a.add(iface, option(tcpSocket, "keep-alive-count", component.U32)...)
	a.add(iface, option(tcpSocket, "hop-limit", component.U8)...)
	a.add(iface, buffers(tcpSocket)...)
}

func (a adder) addUDP() {
	iface := "sockets/udp"
	done := netResult(nil)
	a.add(iface,
		method(udpSocket, "start-bind", params(param("network", component.BorrowOf(network)), param("local-address", socketAddress)), done, nil),
		method(udpSocket, "finish-bind", nil, done, nil),
		method(udpSocket, "stream", params(param("remote-address", component.OptionOf(socketAddress))),
			netResult(component.TupleOf(component.OwnOf(incomingDatagramStream), component.OwnOf(outgoingDatagramStream))), nil),
		method(udpSocket, "local-address", nil, netResult(socketAddress), nil),
		method(udpSocket, "remote-address", nil, netResult(socketAddress), nil),
		method(udpSocket, "address-family", nil, addressFamily, nil),
		method(udpSocket, "subscribe", nil, component.OwnOf(pollable), nil),
		method(incomingDatagramStream, "receive", params(param("max-results", u64)), netResult(component.ListOf(incomingDatagram)), nil),
		method(incomingDatagramStream, "subscribe", nil, component.OwnOf(pollable), nil),
		method(outgoingDatagramStream, "check-send", nil, netResult(u64), nil),
		method(outgoingDatagramStream, "send", params(param("datagrams", component.ListOf(outgoingDatagram))), netResult(u64), nil),
		method(outgoingDatagramStream, "subscribe", nil, component.OwnOf(pollable), nil),
	)
	a.add(iface, option(udpSocket, "unicast-hop-limit", component.U8)...)
	a.add(iface, buffers(udpSocket)...)
}

// option is the two functions of a socket's option.
func option(of *component.Resource, name string, t *component.Type) []function {
	return []function{method(of, name, nil, netResult(t), nil), setter(of, name, t)}
}

func setter(of *component.Resource, name string, t *component.Type) function {
	return method(of, "set-"+name, params(param("value", t)), netResult(nil), nil)
}

func buffers(of *component.Resource) []function {
	return append(option(of, "receive-buffer-size", u64), option(of, "send-buffer-size", u64)...)
}
