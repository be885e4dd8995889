package outbound

// Reachable is for tests: what it allows, no test can connect to.
var Reachable = reachable
