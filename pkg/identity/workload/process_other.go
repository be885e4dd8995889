//go:build !linux

package workload

import (
	"errors"
	"net"
	"os"
)

var errSystem = errors.New("workload: processes are attested on Linux alone; on this system run a SPIRE agent and set SPIFFE_ENDPOINT_SOCKET")

func peerProcess(*net.UnixConn) (Process, error) { return Process{}, errSystem }
func executable(int) (os.FileInfo, error)        { return nil, errSystem }
func startTime(int) (uint64, error)              { return 0, errSystem }
