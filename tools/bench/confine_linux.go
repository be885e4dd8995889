package main

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"

	"golang.org/x/sys/unix"
)

// confine keeps every thread of the process on one CPU. release undoes it.
func confine() (release func(), err error) {
	var all, one unix.CPUSet
	if err := unix.SchedGetaffinity(0, &all); err != nil {
		return nil, fmt.Errorf("which CPUs may be used: %w", err)
	}
	for cpu := 0; one.Count() == 0; cpu++ {
		if all.IsSet(cpu) {
			one.Set(cpu)
		}
	}
	places := runtime.GOMAXPROCS(1)
	release = func() {
		runtime.GOMAXPROCS(places)
		_ = affinity(&all) // nothing more to be done
	}
	if err := affinity(&one); err != nil {
		release()
		return nil, err
	}
	return release, nil
}

// affinity sets the CPUs of every thread; those that are made later take over
// their maker's.
func affinity(cpus *unix.CPUSet) error {
	threads, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range threads {
		tid, err := strconv.Atoi(t.Name())
		if err != nil {
			return err
		}
		if err := unix.SchedSetaffinity(tid, cpus); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("keep thread %d on its CPUs: %w", tid, err)
		}
	}
	return nil
}
