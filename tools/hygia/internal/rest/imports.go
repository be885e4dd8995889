package rest

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"time"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
)

// importPause is the time between two looks at a running import.
const importPause = 150 * time.Millisecond

// UploadWordPress uploads an export and gives the import that it began.
func (c *Client) UploadWordPress(ctx context.Context, body io.Reader, size int64) (*contentv1.Import, error) {
	out := &contentv1.UploadImportResponse{}
	err := c.Upload(ctx, "/v1/imports/wordpress", "application/xml", body, size, out)
	if err == nil && out.Import == nil {
		err = errors.New("the suite took the export and names no import")
	}
	return out.Import, err
}

// AwaitImport waits until an import has ended, and tells each step.
func (c *Client) AwaitImport(ctx context.Context, id string, tell func(*contentv1.Import)) (*contentv1.Import, error) {
	for {
		out := &contentv1.GetImportResponse{}
		if err := c.Call(ctx, http.MethodGet, "/v1/imports/"+url.PathEscape(id), nil, out); err != nil {
			return nil, err
		}
		tell(out.Import)
		switch out.Import.GetState() {
		case contentv1.ImportState_IMPORT_STATE_DONE, contentv1.ImportState_IMPORT_STATE_REFUSED, contentv1.ImportState_IMPORT_STATE_FAILED:
			return out.Import, nil
		}
		select {
		case <-time.After(importPause):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Omissions gives all that an import left behind.
func (c *Client) Omissions(ctx context.Context, id string) ([]*contentv1.Omission, error) {
	var all []*contentv1.Omission
	err := Pages(ctx, func(token string) (string, error) {
		out := &contentv1.ListOmissionsResponse{}
		err := c.Call(ctx, http.MethodGet, "/v1/imports/"+url.PathEscape(id)+"/omissions?pageSize=500&pageToken="+url.QueryEscape(token), nil, out)
		all = append(all, out.Omissions...)
		return out.NextPageToken, err
	})
	return all, err
}

// OmissionGroup counts the omissions of one kind for one reason.
type OmissionGroup struct {
	// Reason is without the times and addresses in which the omissions differ.
	Kind, Reason string
	Count        int
}

// particular is what differs from one omission to the next of the same reason.
var particular = regexp.MustCompile(` ?\([0-9]{4}-[0-9]{2}-[0-9]{2}T[^)]*\)|;? ?[a-z ]*https?://\S+`)

// GroupOmissions counts omissions, the most frequent first.
func GroupOmissions(omissions []*contentv1.Omission) []OmissionGroup {
	counts := map[OmissionGroup]int{}
	for _, o := range omissions {
		counts[OmissionGroup{Kind: o.Kind, Reason: particular.ReplaceAllString(o.Reason, "")}]++
	}
	var groups []OmissionGroup
	for g, n := range counts {
		g.Count = n
		groups = append(groups, g)
	}
	slices.SortFunc(groups, func(a, b OmissionGroup) int {
		return cmp.Or(b.Count-a.Count, cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Reason, b.Reason))
	})
	return groups
}
