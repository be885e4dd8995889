package workload

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"

	"google.golang.org/grpc/credentials"
)

// maxSocketPath is what sockaddr_un holds on every system that we know.
const maxSocketPath = 103

// listen makes the socket for the own user alone. It removes one that a killed
// server left, and refuses where a server still answers.
func listen(ctx context.Context, path string) (net.Listener, error) {
	if len(path) > maxSocketPath {
		return nil, fmt.Errorf("socket path of %d bytes: the system takes at most %d, choose a shorter folder", len(path), maxSocketPath)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Stat(dir)
	if err != nil {
		return nil, err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the socket's folder %s is open to others (mode %v): make it 0700", dir, info.Mode().Perm())
	}
	if err := removeStale(ctx, path); err != nil {
		return nil, err
	}
	lis, err := new(net.ListenConfig).Listen(ctx, "unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(err, lis.Close())
	}
	return lis, nil
}

func removeStale(ctx context.Context, path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != fs.ModeSocket {
		return fmt.Errorf("%s exists and is not a socket", path)
	}
	if conn, err := new(net.Dialer).DialContext(ctx, "unix", path); err == nil {
		_ = conn.Close()
		return fmt.Errorf("another server answers on %s", path)
	}
	return os.Remove(path)
}

// processInfo is what gRPC tells about a connection over the socket.
type processInfo struct {
	credentials.CommonAuthInfo
	Process
}

// AuthType implements credentials.AuthInfo.
func (processInfo) AuthType() string { return "peercred" }

// peerCredentials asks the kernel who connected. A process may pass its
// connection on to another: that is why an Attestor must notice that the one
// that connected has ended.
type peerCredentials struct{}

func (peerCredentials) ServerHandshake(conn net.Conn) (net.Conn, credentials.AuthInfo, error) {
	unix, ok := conn.(*net.UnixConn)
	if !ok {
		return nil, nil, errors.New("workload: not a unix socket")
	}
	p, err := peerProcess(unix)
	if err != nil {
		return nil, nil, fmt.Errorf("workload: peer: %w", err)
	}
	return conn, processInfo{
		CommonAuthInfo: credentials.CommonAuthInfo{SecurityLevel: credentials.PrivacyAndIntegrity},
		Process:        p,
	}, nil
}

func (peerCredentials) ClientHandshake(context.Context, string, net.Conn) (net.Conn, credentials.AuthInfo, error) {
	return nil, nil, errors.New("workload: credentials of a server")
}

func (peerCredentials) Info() credentials.ProtocolInfo {
	return credentials.ProtocolInfo{SecurityProtocol: "peercred"}
}
func (c peerCredentials) Clone() credentials.TransportCredentials { return c }
func (peerCredentials) OverrideServerName(string) error           { return nil }
