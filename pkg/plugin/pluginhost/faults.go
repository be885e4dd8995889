package pluginhost

import (
	"errors"
	"fmt"

	"google.golang.org/grpc/codes"

	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/store"
	"github.com/hygia-suite/hygia/pkg/plugin/supervisor"
	"github.com/hygia-suite/hygia/pkg/plugin/trust"
)

// What is refused before a plugin is looked at.
var (
	errOtherService = fault.New(codes.NotFound, "SERVICE_NOT_FOUND", "this is another service than the request names")
	errNotManaged   = fault.New(codes.PermissionDenied, "PLUGINS_NOT_MANAGED", "administrators of your organisation do not manage this service's plugins").
			WithHint("plugins run on every organisation's data; the operator names who manages them in the service's configuration, under plugins.administrators")
	errTooLarge = fault.New(codes.InvalidArgument, "PACKAGE_TOO_LARGE", "the package is larger than a plugin may be")
	errUploads  = fault.New(codes.ResourceExhausted, "UPLOADS_FULL", "other packages are being sent").WithHint("try again when one of them has arrived")
	errSlow     = fault.New(codes.DeadlineExceeded, "UPLOAD_TOO_SLOW", "the package took too long to arrive")
	errPackage  = fault.New(codes.InvalidArgument, "PACKAGE_INVALID", "the body is no plugin package").
			WithHint("make one with hygia plugin build and hygia plugin sign")
)

// refusals are the refusals that errors.Is finds, each with its own reason. The
// first that fits counts.
//
//nolint:gochecknoglobals // immutable
var refusals = []struct {
	err   error
	fault *fault.Error
}{
	{supervisor.ErrNotFound, fault.New(codes.NotFound, "PLUGIN_NOT_FOUND", "the service has no plugin of this name")},
	{supervisor.ErrEmbedded, fault.New(codes.FailedPrecondition, "PLUGIN_EMBEDDED", "the component ships with the service and cannot be removed")},
	{supervisor.ErrCanary, fault.New(codes.FailedPrecondition, "CANARY_RUNNING", "another release is on trial").
		WithHint("promote it or roll it back first")},
	{supervisor.ErrNoRelease, fault.New(codes.FailedPrecondition, "CANARY_ALONE", "there is no live release that a canary could be held against").
		WithHint("install it without a share of calls")},
	{supervisor.ErrNoCanary, fault.New(codes.FailedPrecondition, "CANARY_NOT_FOUND", "this version is not on trial")},
	{store.ErrNoPrevious, fault.New(codes.FailedPrecondition, "PLUGIN_NO_PREVIOUS", "there is no release before this one")},
	{store.ErrVersionReused, fault.New(codes.AlreadyExists, "PLUGIN_VERSION_REUSED", "this version was installed with other bytes").
		WithHint("give what changed a version of its own")},
	// What to do about these, trust.Error says.
	{trust.ErrUnsigned, fault.New(codes.PermissionDenied, "PLUGIN_UNSIGNED", "the package is not signed")},
	{trust.ErrUnknownKey, fault.New(codes.PermissionDenied, "PLUGIN_KEY_UNKNOWN", "the package is signed by a key that is not trusted here")},
	{trust.ErrNotAllowed, fault.New(codes.PermissionDenied, "PLUGIN_KEY_NOT_ALLOWED", "the key that signed the package may not sign this plugin")},
	{trust.ErrExpired, fault.New(codes.PermissionDenied, "PLUGIN_KEY_EXPIRED", "the key that signed the package has expired")},
	{trust.ErrNotYetValid, fault.New(codes.PermissionDenied, "PLUGIN_KEY_NOT_YET_VALID", "the key that signed the package is not valid yet")},
	{trust.ErrAltered, fault.New(codes.PermissionDenied, "PLUGIN_ALTERED", "the package is not what was signed")},
	{plugin.ErrDigest, fault.New(codes.InvalidArgument, "PLUGIN_DIGEST", "the component is not the one that its manifest names")},
	{plugin.ErrStart, fault.New(codes.FailedPrecondition, "PLUGIN_NO_START", "no instance of the plugin can be kept ready: it fails to start, or there is no room").
		WithHint("the operator asks for instances under plugins.warm; hygia plugin test shows why one does not start")},
}

// asFault says why a change was refused. What is not known here is our failure.
func asFault(err error) error {
	if f := new(fault.Error); errors.As(err, &f) {
		return f // such as of an audit log that cannot be reached
	}
	for _, r := range refusals {
		if !errors.Is(err, r.err) {
			continue
		}
		f := r.fault.Wrap(err)
		if refused := new(trust.Error); errors.As(err, &refused) {
			f = f.WithHint(refused.Do)
		}
		return f
	}
	var policy *trust.PolicyError
	var downgrade *store.DowngradeError
	var grant *plugin.GrantError
	var hook *HookError
	switch {
	case errors.As(err, &policy):
		return fault.New(codes.FailedPrecondition, "TRUST_FILE_INVALID", "the service's trust file cannot be used, and no signature is accepted until it can").
			WithHint(fmt.Sprintf("the operator mends %s: %v; %s", policy.Path, policy.Err, policy.Do)).Wrap(err)
	case errors.As(err, &downgrade):
		return fault.New(codes.FailedPrecondition, "PLUGIN_DOWNGRADE",
			fmt.Sprintf("%s %s is lower than %s, which was installed before", downgrade.Plugin, downgrade.Version, downgrade.Highest)).
			WithHint(fmt.Sprintf("install %s again, or a higher version; to go back from a release that is installed, roll it back", downgrade.Highest)).Wrap(err)
	case errors.As(err, &grant):
		return fault.New(codes.FailedPrecondition, "PLUGIN_GRANT_MISSING", grant.Error()).Wrap(err)
	case errors.As(err, &hook):
		return fault.New(codes.FailedPrecondition, "PLUGIN_HOOK_UNKNOWN", hook.Error()).Wrap(err)
	case errors.As(err, new(*component.CompileError)):
		return fault.New(codes.InvalidArgument, "PLUGIN_NOT_A_COMPONENT", "the component's bytes are no component that this engine takes").Wrap(err)
	case errors.As(err, new(*component.ImportError)), errors.As(err, new(*component.ExportError)), errors.As(err, new(*component.TypeError)):
		return fault.New(codes.FailedPrecondition, "PLUGIN_CONTRACT", "the component does not fit the contract").
			WithHint("build it against this version's WIT; hygia plugin check says where it differs").Wrap(err)
	}
	return fault.From(err)
}

// asPackageFault says that what was sent is no package. The error's text may quote
// what was sent, and stays here.
func asPackageFault(err error) error {
	if fault.From(err).Code != codes.Internal {
		return err
	}
	return errPackage.Wrap(err)
}
