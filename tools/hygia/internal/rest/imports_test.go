package rest_test

import (
	"slices"
	"testing"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	"github.com/hygia-suite/hygia/tools/hygia/internal/rest"
)

func TestGroupOmissions(t *testing.T) {
	var omissions []*contentv1.Omission
	for _, o := range [][2]string{
		{"publication", "it was public (2026-01-05T11:00:00Z); here it is a draft"},
		{"publication", "it was public (2026-02-03T12:00:00Z); here it is a draft"},
		{"attachment", "not in an export; fetch it from https://a.example/x.jpg"},
		{"attachment", "not in an export; fetch it from https://a.example/y.jpg"},
		{"comment", "personal (see the guide)"},
	} {
		omissions = append(omissions, &contentv1.Omission{Kind: o[0], Reason: o[1]})
	}
	want := []rest.OmissionGroup{
		{Kind: "attachment", Reason: "not in an export", Count: 2},
		{Kind: "publication", Reason: "it was public; here it is a draft", Count: 2},
		{Kind: "comment", Reason: "personal (see the guide)", Count: 1},
	}
	if got := rest.GroupOmissions(omissions); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
}
