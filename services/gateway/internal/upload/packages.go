package upload

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/fault"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/strict"
)

// PackageType is the content type of a plugin package as one file.
const PackageType = "application/vnd.hygia.plugin.v1.tar"

// Packages takes plugin packages of at most 96 MiB to the service that the path
// names, and answers 200 with how the plugin fares.
func Packages(host func(service string) (grpc.ClientConnInterface, error)) Upload {
	return Upload{
		Path:     "/v1/services/{service}/plugins",
		Types:    []string{PackageType, "application/x-tar", "application/octet-stream"},
		maxBytes: 96 << 20,
		tooLarge: fault.New(codes.InvalidArgument, "BODY_TOO_LARGE", "the package is larger than 96 MiB"),
		empty: fault.New(codes.InvalidArgument, "BODY_EMPTY", "the request has no body").
			WithHint("send the package as the request's body, such as with hygia plugin install"),
		stream: func(ctx context.Context, r *http.Request, body pieces) (answer, error) {
			percent, err := canaryPercent(r)
			if err != nil {
				return answer{}, err
			}
			service := r.PathValue("service")
			conn, err := host(service)
			if err != nil {
				return answer{}, err
			}
			stream, err := pluginv1.NewPluginServiceClient(conn).InstallPlugin(ctx)
			if err != nil {
				return answer{}, err
			}
			response, err := send(body, stream, func(chunk []byte, first bool) *pluginv1.InstallPluginRequest {
				piece := &pluginv1.InstallPluginRequest{Chunk: chunk}
				if first {
					piece.Service, piece.CanaryPercent = service, percent
				}
				return piece
			})
			if err != nil {
				return answer{}, err
			}
			return answer{http.StatusOK, "", response}, nil
		},
	}
}

// errQuery refuses a query string that cannot be read.
var errQuery = fault.New(codes.InvalidArgument, "QUERY_INVALID", "the query string cannot be read")

// canaryPercent reads the one parameter that there is, as any route's is read.
func canaryPercent(r *http.Request) (int32, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return 0, errQuery
	}
	request := (&pluginv1.InstallPluginRequest{}).ProtoReflect().Descriptor()
	if err := strict.Query(values, request, []string{"service", "chunk"}); err != nil {
		return 0, err
	}
	for _, name := range []string{"canaryPercent", "canary_percent"} {
		if text := values.Get(name); text != "" {
			n, err := strconv.ParseInt(text, 10, 32)
			if err != nil {
				return 0, strict.ErrType.WithField(name, "must be a whole number")
			}
			return int32(n), nil
		}
	}
	return 0, nil
}
