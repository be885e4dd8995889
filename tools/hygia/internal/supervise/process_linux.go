package supervise

import "syscall"

// processAttributes keeps the terminal's Ctrl-C from the services, so that they
// are drained in order, and has the kernel kill them when the supervisor dies.
func processAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
