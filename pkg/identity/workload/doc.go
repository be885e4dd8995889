// Package workload is a SPIFFE Workload API server for one machine: it gives
// X509-SVIDs to the processes that its Attestor recognises, over a unix socket
// that only the own user can open. What asks is known from the kernel
// (SO_PEERCRED), not from what it says. To clients it looks like SPIRE's agent.
//
// It serves X.509 identities and bundles of its one trust domain, and no
// JWT-SVIDs or federation: those methods answer UNIMPLEMENTED, as the standard
// has it.
//
// Anybody who runs as the same user can read the keys' file and debug the
// services. The server keeps programs apart that err, not a hostile user from
// themselves; SPIRE with a user for each service does that.
package workload
