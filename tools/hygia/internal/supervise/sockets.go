package supervise

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// Ports says where a service listens; 0 takes a free port.
type Ports struct {
	// Serve is the port of its RPCs or, of the gateway, of HTTP.
	Serve int
	// Metrics is the port of Prometheus's /metrics.
	Metrics int
}

// BusyError says that a port is taken, and which option chooses another.
type BusyError struct {
	Address, Option string
	cause           error
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("%s is taken by another program: choose another port with %s, or %s=0 for a free one", e.Address, e.Option, e.Option)
}

func (e *BusyError) Unwrap() error { return e.cause }

// ServeOption and MetricsOption name the command line's options.
func ServeOption(service string) string {
	if service == Gateway {
		return "--http-port"
	}
	return "--" + service + "-port"
}

// MetricsOption names the option that chooses a service's metrics port.
func MetricsOption(service string) string { return "--" + service + "-metrics-port" }

// socket is a listening socket that services inherit. The supervisor holds it
// open and never accepts, so that connections queue while a service restarts.
type socket struct {
	address string
	file    *os.File
}

func listen(ctx context.Context, host string, port int, option string) (*socket, error) {
	address := net.JoinHostPort(host, strconv.Itoa(port))
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, &BusyError{Address: address, Option: option, cause: err}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	file, err := l.(*net.TCPListener).File()
	if err = errors.Join(err, l.Close()); err != nil {
		return nil, fmt.Errorf("%s: %w", option, err)
	}
	return &socket{address: l.Addr().String(), file: file}, nil
}

// close gives the port back. A socket that nothing was written to has no error
// that matters.
func (s *socket) close() { _ = s.file.Close() }

// sockets are one service's.
type sockets struct{ serve, metrics *socket }

func openSockets(ctx context.Context, host string, ports map[string]Ports) (map[string]sockets, error) {
	all := map[string]sockets{}
	for _, s := range services {
		serve, err := listen(ctx, host, ports[s.name].Serve, ServeOption(s.name))
		if err != nil {
			closeSockets(all)
			return nil, err
		}
		metrics, err := listen(ctx, host, ports[s.name].Metrics, MetricsOption(s.name))
		if err != nil {
			serve.close()
			closeSockets(all)
			return nil, err
		}
		all[s.name] = sockets{serve, metrics}
	}
	return all, nil
}

func closeSockets(all map[string]sockets) {
	for _, s := range all {
		s.serve.close()
		s.metrics.close()
	}
}
