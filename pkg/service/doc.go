// Package service is what the main of every service uses: flags, a strict
// configuration file, signals and exit codes, and an Env with the identity,
// telemetry, listeners and clients that the configuration names.
//
//	func main() { os.Exit(service.Main("content", run)) }
//
//	func run(ctx context.Context, env *service.Env[Config]) error
//
// Exit codes: 0 after a drain that a signal asked for; 1 when the service
// failed; 2 when the command line or the configuration is wrong, or the
// identity cannot be had, so that a restart alone does not help; 130 when a
// second signal cut the drain short.
package service
