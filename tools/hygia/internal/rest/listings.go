package rest

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// maxPages bounds a listing that has no end.
const maxPages = 10_000

// Pages reads a listing page by page; read gives the next page's token.
func Pages(ctx context.Context, read func(token string) (string, error)) error {
	token := ""
	for range maxPages {
		next, err := read(token)
		if err != nil || next == "" {
			return err
		}
		if next == token {
			return errors.New("the listing has no end")
		}
		token = next
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return errors.New("the listing has no end")
}

// Entries gives entries that fit a query, at most limit where it is not 0.
func (c *Client) Entries(ctx context.Context, query url.Values, limit int) ([]*contentv1.Entry, error) {
	var all []*contentv1.Entry
	query.Set("pageSize", "200")
	err := Pages(ctx, func(token string) (string, error) {
		query.Set("pageToken", token)
		out := &contentv1.ListEntriesResponse{}
		err := c.Call(ctx, http.MethodGet, "/v1/entries?"+query.Encode(), nil, out)
		all = append(all, out.Entries...)
		if limit > 0 && len(all) >= limit {
			all = all[:limit]
			return "", err
		}
		return out.NextPageToken, err
	})
	return all, err
}
