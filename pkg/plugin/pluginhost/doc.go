// Package pluginhost is what a service that hosts components makes of its plugins:
// those that ship with it and those that an operator installed, supervised,
// audited, and managed over hygia.plugin.v1.PluginService.
package pluginhost
