package workload_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/hygia-suite/hygia/pkg/identity/workload"
)

// A process that gets the pid of one that ended, and runs the same executable,
// is not the one that was started. The kernel hands out a chosen pid only where
// the test may write ns_last_pid.
func TestReusedPid(t *testing.T) {
	w := newWorld(t, time.Hour)
	first := w.begin(t, "exec", "content")
	pid := first.Process.Pid
	first.kill()                      // and no Exited: the supervisor has not noticed yet
	time.Sleep(20 * time.Millisecond) // start times count in ticks of 10 ms
	for range 50 {
		if err := os.WriteFile("/proc/sys/kernel/ns_last_pid", []byte(strconv.Itoa(pid-1)), 0); err != nil {
			t.Skipf("this system does not let a test choose a pid: %v", err)
		}
		cmd := exec.Command(self(t))
		cmd.Env = append(os.Environ(), childEnv+"=exec")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		defer stdin.Close()
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		got, err := w.registry.Attest(workload.Process{PID: pid, UID: os.Getuid()})
		reused := cmd.Process.Pid == pid
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // its error is the kill
		if !reused {
			continue // another process of this machine was faster
		}
		if err == nil {
			t.Fatalf("another process under the pid is %v", got)
		}
		return
	}
	t.Skip("the pid was not handed out again in 50 attempts")
}
