// Package trust signs plugins and says whose signature a host accepts.
//
// A signature is a C2SP signed note (c2sp.org/signed-note, Ed25519) over three
// lines: the format's name, the plugin's name and version, and the digest of its
// OCI manifest, which in turn names every byte of the package. Nothing is asked
// of a network: a file of the operator's, the policy, holds the public keys, the
// plugins that each may sign, and from when until when. What the policy does not
// allow is refused.
package trust
