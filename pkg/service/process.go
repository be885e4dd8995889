package service

import (
	"io"
	"runtime/debug"

	"go.opentelemetry.io/otel"
	"google.golang.org/grpc/grpclog"
)

// quiet silences what libraries write to standard error by themselves: their
// texts quote peers and requests. What matters of them reaches the log as
// errors of calls.
func quiet() {
	grpclog.SetLoggerV2(grpclog.NewLoggerV2(io.Discard, io.Discard, io.Discard))
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {}))
}

// Version returns the version that the binary was built as: the module's, or
// with -ldflags "-X github.com/hygia-suite/hygia/pkg/service.version=1.2.3"
// what that says.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" && info.Main.Version != "(devel)" {
		return info.Main.Version
	}
	return "0.1.0-dev"
}

var version string // set by the linker
