package server

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	"github.com/hygia-suite/hygia/services/audit/internal/index"
)

const defaultPage = 50

// ListEvents returns events of the asker's tenant, newest first.
func (s *Server) ListEvents(ctx context.Context, r *auditv1.ListEventsRequest) (*auditv1.ListEventsResponse, error) {
	asker, err := tenant(ctx)
	if err != nil {
		return nil, err
	}
	before, err := parsePageToken(r)
	if err != nil {
		return nil, err
	}
	size := int(r.GetPageSize())
	if size == 0 {
		size = defaultPage
	}
	query := index.Query{
		Tenant: asker, Person: r.GetPerson(), Object: r.GetObject(), Method: r.GetMethod(),
		Before: before, Limit: size + 1, // one more tells if there is another page
	}
	if err := bound(&query, r.GetSince(), r.GetUntil()); err != nil {
		return nil, err
	}
	rpc.Affects(ctx, "trail", asker)
	places, err := s.trail.List(ctx, query)
	if err != nil {
		return nil, err
	}
	response := &auditv1.ListEventsResponse{}
	if len(places) > size {
		places = places[:size]
		response.NextPageToken = pageToken(r, places[size-1].Position)
	}
	for _, place := range places {
		event, err := logged(place)
		if err != nil {
			return nil, err
		}
		response.Events = append(response.Events, event)
	}
	return response, nil
}

func bound(q *index.Query, since, until *timestamppb.Timestamp) error {
	if since != nil {
		if since.CheckValid() != nil {
			return errTime.WithField("since", "must be a time of the years 1 to 9999")
		}
		q.Since = since.AsTime()
	}
	if until != nil {
		if until.CheckValid() != nil {
			return errTime.WithField("until", "must be a time of the years 1 to 9999")
		}
		q.Until = until.AsTime()
	}
	return nil
}

// A page token is the place before which the next page begins, 8 bytes, and 8
// bytes of the digest of the filters, so that a token does not go astray into
// another list.
func pageToken(r *auditv1.ListEventsRequest, last uint64) string {
	token := binary.BigEndian.AppendUint64(nil, last)
	return base64.RawURLEncoding.EncodeToString(append(token, filterDigest(r)...))
}

// parsePageToken returns 0 for no token: the end of the log.
func parsePageToken(r *auditv1.ListEventsRequest) (uint64, error) {
	if r.GetPageToken() == "" {
		return 0, nil
	}
	token, err := base64.RawURLEncoding.DecodeString(r.GetPageToken())
	if err != nil || len(token) != 16 {
		return 0, ErrPageToken
	}
	before := binary.BigEndian.Uint64(token)
	// Also one of another list, and another spelling: base64 skips line breaks.
	if before == 0 || before > 1<<62 || pageToken(r, before) != r.GetPageToken() {
		return 0, ErrPageToken
	}
	return before, nil
}

func filterDigest(r *auditv1.ListEventsRequest) []byte {
	filters := proto.CloneOf(r)
	filters.PageSize, filters.PageToken = 0, ""
	// Stable within one build, which is as long as a token need live.
	text, err := proto.MarshalOptions{Deterministic: true}.Marshal(filters)
	if err != nil {
		return nil // the request came in as protobuf; it goes out as such
	}
	sum := sha256.Sum256(text)
	return sum[:8]
}
