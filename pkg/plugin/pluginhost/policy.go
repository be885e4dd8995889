package pluginhost

import (
	"maps"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	pluginv1 "github.com/hygia-suite/hygia/proto/gen/hygia/plugin/v1"
)

// chunkBytes bounds a piece of a package, with what else its message holds.
const chunkBytes = 256<<10 + 1<<10

// Policy adds to a service's policy who may manage its plugins: administrators.
// Of which tenants, the service's configuration says.
func Policy(policy rpc.Policy) rpc.Policy {
	manage := func(audit rpc.AuditRule, action auditv1.Action) rpc.Row {
		return rpc.Row{
			Peers: []string{rpc.Gateway, rpc.Operator}, Roles: []actor.Role{actor.RoleAdmin},
			Purposes: []actor.Purpose{actor.PurposeAdministration}, Audit: audit, Action: action,
		}
	}
	install := manage(rpc.Write, auditv1.Action_ACTION_CREATE)
	install.MaxRequestBytes = chunkBytes
	policy = maps.Clone(policy)
	maps.Copy(policy, rpc.Policy{
		pluginv1.PluginService_ListPlugins_FullMethodName:    manage(rpc.Read, auditv1.Action_ACTION_READ),
		pluginv1.PluginService_InstallPlugin_FullMethodName:  install,
		pluginv1.PluginService_PromotePlugin_FullMethodName:  manage(rpc.Write, auditv1.Action_ACTION_UPDATE),
		pluginv1.PluginService_RollbackPlugin_FullMethodName: manage(rpc.Write, auditv1.Action_ACTION_UPDATE),
		pluginv1.PluginService_RemovePlugin_FullMethodName:   manage(rpc.Write, auditv1.Action_ACTION_DELETE),
		pluginv1.PluginService_GetPluginLog_FullMethodName:   manage(rpc.Read, auditv1.Action_ACTION_READ),
	})
	return policy
}
