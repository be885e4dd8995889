// Package compiled keeps compiled components on disk, so that a host that starts
// again need not compile them again.
//
// What is loaded from there runs as machine code, unchecked. So each file carries
// an HMAC-SHA-256 over all of it, under a key that is in a file of the same
// folder, readable by the host alone. The MAC also covers which component it is
// of, and the engine's fingerprint: the version of the library that runs, the
// processor's features, the configuration. A file that is not exactly what this
// host wrote for this component and this engine is counted, thrown away and
// compiled anew; it is never loaded. Whoever can read the key can run code in the
// host: the folder is as secret as the host's data.
package compiled
