package rpc

import (
	"encoding/json"
	"fmt"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// readPrefixes begin the names of methods that change nothing (AIP-131, 132,
// 136), so that repeating them is safe.
//
//nolint:gochecknoglobals // immutable
var readPrefixes = []string{"Get", "List", "Search"}

// repeatable are methods that may be repeated though they change something:
// what they are given bears its own id.
//
//nolint:gochecknoglobals // immutable
var repeatable = map[protoreflect.FullName]bool{
	"hygia.audit.v1.AuditService.Append": true,
}

type (
	methodName struct {
		Service string `json:"service"`
		Method  string `json:"method"`
	}
	retryPolicy struct {
		MaxAttempts          int      `json:"maxAttempts"`
		InitialBackoff       string   `json:"initialBackoff"`
		MaxBackoff           string   `json:"maxBackoff"`
		BackoffMultiplier    float64  `json:"backoffMultiplier"`
		RetryableStatusCodes []string `json:"retryableStatusCodes"`
	}
	methodConfig struct {
		Name        []methodName `json:"name"`
		RetryPolicy retryPolicy  `json:"retryPolicy"`
	}
	throttling struct {
		MaxTokens  int     `json:"maxTokens"`
		TokenRatio float64 `json:"tokenRatio"`
	}
	clientConfig struct {
		MethodConfig    []methodConfig `json:"methodConfig,omitempty"`
		RetryThrottling throttling     `json:"retryThrottling"`
	}
)

// serviceConfig is gRPC's configuration of a client of one of the suite's
// services: UNAVAILABLE is tried again, twice at most, for the methods where
// that is safe, and not at all while most calls fail.
func serviceConfig(service string) (string, error) {
	config := clientConfig{RetryThrottling: throttling{MaxTokens: 20, TokenRatio: 0.1}}
	if names := safeMethods(protoreflect.FullName("hygia." + service + ".v1")); len(names) > 0 {
		config.MethodConfig = []methodConfig{{Name: names, RetryPolicy: retryPolicy{
			MaxAttempts: 3, InitialBackoff: "0.02s", MaxBackoff: "0.5s", BackoffMultiplier: 3,
			RetryableStatusCodes: []string{"UNAVAILABLE"},
		}}}
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", fmt.Errorf("rpc: service config: %w", err)
	}
	return string(text), nil
}

// safeMethods lists the methods of a proto package that may be repeated, as far
// as its generated code is linked: without it, nothing calls them.
func safeMethods(pkg protoreflect.FullName) (names []methodName) {
	protoregistry.GlobalFiles.RangeFilesByPackage(pkg, func(file protoreflect.FileDescriptor) bool {
		for i := range file.Services().Len() {
			service := file.Services().Get(i)
			for j := range service.Methods().Len() {
				if method := service.Methods().Get(j); safe(method) {
					names = append(names, methodName{string(service.FullName()), string(method.Name())})
				}
			}
		}
		return true
	})
	return names
}

func safe(method protoreflect.MethodDescriptor) bool {
	if repeatable[method.FullName()] {
		return true
	}
	for _, prefix := range readPrefixes {
		if strings.HasPrefix(string(method.Name()), prefix) {
			return true
		}
	}
	return false
}
