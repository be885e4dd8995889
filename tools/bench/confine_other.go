//go:build !linux

package main

import "errors"

func confine() (func(), error) {
	return nil, errors.New("how many CPUs a process uses can be bounded on Linux only")
}
