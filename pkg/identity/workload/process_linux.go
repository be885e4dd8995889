package workload

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// peerProcess returns who called connect, as SO_PEERCRED says.
func peerProcess(conn *net.UnixConn) (Process, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return Process{}, err
	}
	var cred *syscall.Ucred
	var failed error
	if err := raw.Control(func(fd uintptr) {
		cred, failed = syscall.GetsockoptUcred(int(fd), syscall.SOL_SOCKET, syscall.SO_PEERCRED)
	}); err != nil {
		return Process{}, err
	}
	if failed != nil {
		return Process{}, failed
	}
	return Process{PID: int(cred.Pid), UID: int(cred.Uid)}, nil
}

// executable identifies the file that a process runs, also where that was
// removed or replaced since.
func executable(pid int) (os.FileInfo, error) {
	return os.Stat("/proc/" + strconv.Itoa(pid) + "/exe")
}

// startTime returns when a process started, in clock ticks since the machine
// did: together with the pid it names one process for ever (proc_pid_stat(5),
// field 22).
func startTime(pid int) (uint64, error) {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return 0, err
	}
	return parseStartTime(stat)
}

// parseStartTime looks behind the last parenthesis: the second field is the
// program's name, which may hold spaces and parentheses.
func parseStartTime(stat []byte) (uint64, error) {
	end := bytes.LastIndexByte(stat, ')')
	if end < 0 {
		return 0, errors.New("workload: stat of a process without a name")
	}
	fields := bytes.Fields(stat[end+1:]) // begins with field 3, the state
	if len(fields) < 20 {
		return 0, errors.New("workload: stat of a process is too short")
	}
	if state := string(fields[0]); state == "Z" || state == "X" {
		return 0, errors.New("workload: the process has ended")
	}
	ticks, err := strconv.ParseUint(string(fields[19]), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("workload: start time of a process: %w", err)
	}
	return ticks, nil
}
