// Package rest is the suite's REST API: grpc-gateway's generated handlers over
// connections to the services.
package rest

import (
	"context"
	"fmt"
	"net/http"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/reflect/protoreflect"

	accountsv1 "github.com/hygia-suite/hygia/proto/gen/hygia/accounts/v1"
	anonymizationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/anonymization/v1"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	gatewayv1 "github.com/hygia-suite/hygia/proto/gen/hygia/gateway/v1"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/gateway/internal/front"
	"github.com/hygia-suite/hygia/services/gateway/internal/problem"
	"github.com/hygia-suite/hygia/services/gateway/internal/route"
)

// Backends are where requests go; all are required.
type Backends struct {
	Accounts, Audit, Content, Validation, Anonymization grpc.ClientConnInterface
	// Plugins leads to the service that a request names.
	Plugins Hosts
	// Suite is answered in this process.
	Suite gatewayv1.SuiteServiceServer
}

// Routes returns every route of the API.
func Routes() ([]route.Route, error) {
	var services []protoreflect.ServiceDescriptor
	for _, file := range []protoreflect.FileDescriptor{
		accountsv1.File_hygia_accounts_v1_accounts_proto,
		anonymizationv1.File_hygia_anonymization_v1_anonymization_proto,
		auditv1.File_hygia_audit_v1_audit_proto,
		contentv1.File_hygia_content_v1_content_proto,
		contentv1.File_hygia_content_v1_import_proto,
		gatewayv1.File_hygia_gateway_v1_gateway_proto,
		pluginv1.File_hygia_plugin_v1_plugin_proto,
		validationv1.File_hygia_validation_v1_validation_proto,
	} {
		for i := range file.Services().Len() {
			services = append(services, file.Services().Get(i))
		}
	}
	return route.Of(services...)
}

// New returns the handler of the routes. It trusts what package front has
// checked, and must not be served without it.
func New(ctx context.Context, b Backends) (http.Handler, error) {
	mux := runtime.NewServeMux(
		runtime.WithMarshalerOption(runtime.MIMEWildcard, &runtime.JSONPb{
			MarshalOptions: protojson.MarshalOptions{EmitUnpopulated: true},
		}),
		runtime.WithErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, err error) {
			problem.Write(w, err)
		}),
		runtime.WithRoutingErrorHandler(func(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, _ *http.Request, _ int) {
			problem.Write(w, front.ErrNotFound) // such as of an id that holds a slash
		}),
		runtime.WithMetadata(func(ctx context.Context, _ *http.Request) metadata.MD {
			return metadata.New(front.NetworkMetadata(ctx))
		}),
		// No header crosses, in neither direction.
		runtime.WithIncomingHeaderMatcher(never), runtime.WithOutgoingHeaderMatcher(never), runtime.WithOutgoingTrailerMatcher(never),
		runtime.WithDisablePathLengthFallback(), runtime.WithDisableHTTPMethodOverride(), runtime.WithWriteContentLength(),
	)
	for name, register := range map[string]func() error{
		"accounts": func() error {
			return accountsv1.RegisterAuthServiceHandlerClient(ctx, mux, accountsv1.NewAuthServiceClient(b.Accounts))
		},
		"directory": func() error {
			return accountsv1.RegisterDirectoryServiceHandlerClient(ctx, mux, accountsv1.NewDirectoryServiceClient(b.Accounts))
		},
		"anonymization": func() error {
			return anonymizationv1.RegisterAnonymizationServiceHandlerClient(ctx, mux, anonymizationv1.NewAnonymizationServiceClient(b.Anonymization))
		},
		"audit": func() error {
			return auditv1.RegisterAuditServiceHandlerClient(ctx, mux, auditv1.NewAuditServiceClient(b.Audit))
		},
		"content": func() error {
			return contentv1.RegisterContentServiceHandlerClient(ctx, mux, contentv1.NewContentServiceClient(b.Content))
		},
		"imports": func() error {
			return contentv1.RegisterImportServiceHandlerClient(ctx, mux, contentv1.NewImportServiceClient(b.Content))
		},
		"plugins": func() error {
			return pluginv1.RegisterPluginServiceHandlerClient(ctx, mux, pluginv1.NewPluginServiceClient(b.Plugins))
		},
		"suite": func() error { return gatewayv1.RegisterSuiteServiceHandlerServer(ctx, mux, b.Suite) },
		"validation": func() error {
			return validationv1.RegisterValidationServiceHandlerClient(ctx, mux, validationv1.NewValidationServiceClient(b.Validation))
		},
	} {
		if err := register(); err != nil {
			return nil, fmt.Errorf("rest: %s: %w", name, err)
		}
	}
	return mux, nil
}

func never(string) (string, bool) { return "", false }
