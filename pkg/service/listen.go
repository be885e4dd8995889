package service

import (
	"context"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
)

// listen opens what Config.Listen describes. The inherited descriptor is closed
// once the listener has its own copy, so that a child process cannot have it.
func listen(ctx context.Context, where string) (net.Listener, error) {
	number, inherited := strings.CutPrefix(where, "fd:")
	if !inherited {
		return new(net.ListenConfig).Listen(ctx, "tcp", where)
	}
	fd, err := strconv.Atoi(number)
	if err != nil {
		return nil, fmt.Errorf("listen on %q: %w", where, err)
	}
	f := os.NewFile(uintptr(fd), where)
	if f == nil {
		return nil, fmt.Errorf("listen on %s: no such descriptor", where)
	}
	defer f.Close()
	l, err := net.FileListener(f)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: not a listening socket of the parent process: %w", where, err)
	}
	return l, nil
}
