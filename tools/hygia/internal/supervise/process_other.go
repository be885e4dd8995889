//go:build !linux

package supervise

import "syscall"

// processAttributes keeps the terminal's Ctrl-C from the services, so that they
// are drained in order.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}
