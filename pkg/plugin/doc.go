// Package plugin loads components under their manifests. A manifest names all
// that a component may reach: host interfaces, folders, configuration keys, and
// how much time and memory it gets. What the component imports is compared with
// that before anything of it runs (invariant 7), and its bytes with the digest
// that the manifest gives.
package plugin
