package server

import auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"

// PageToken returns the token of a list that ended at a place.
func PageToken(r *auditv1.ListEventsRequest, last uint64) string { return pageToken(r, last) }

// ParsePageToken returns the place before which the next page begins.
func ParsePageToken(r *auditv1.ListEventsRequest) (uint64, error) { return parsePageToken(r) }
