// Package identity proves who this process is and who its peers are, with
// X509-SVIDs from a SPIFFE Workload API. It knows nothing but the socket that
// SPIFFE_ENDPOINT_SOCKET names: SPIRE's agent and the embedded server of
// package workload look the same from here.
//
// A Source fails closed. It offers no certificate that has expired or that the
// Workload API has taken back, and it cuts every connection, open ones
// included, when one of the two certificates that it began with expires, when
// the own identity is taken back or becomes another, and when the bundle no
// longer vouches for the peer. So that live services never meet that cut,
// servers end connections in good time: see Source.ConnectionAge.
package identity
