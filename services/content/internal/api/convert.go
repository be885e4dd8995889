package api

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	"github.com/hygia-suite/hygia/services/content/internal/blocks"
	"github.com/hygia-suite/hygia/services/content/internal/entry"
	"github.com/hygia-suite/hygia/services/content/internal/store"
	"github.com/hygia-suite/hygia/services/content/internal/workflow"
)

// The enums, in both directions.
//
//nolint:gochecknoglobals // immutable
var (
	kindOf = map[documentv1.EntryKind]entry.Kind{
		documentv1.EntryKind_ENTRY_KIND_POST: entry.Post,
		documentv1.EntryKind_ENTRY_KIND_PAGE: entry.Page,
	}
	statusOf = map[contentv1.EntryStatus]entry.Status{
		contentv1.EntryStatus_ENTRY_STATUS_DRAFT:     entry.Draft,
		contentv1.EntryStatus_ENTRY_STATUS_IN_REVIEW: entry.InReview,
		contentv1.EntryStatus_ENTRY_STATUS_APPROVED:  entry.Approved,
		contentv1.EntryStatus_ENTRY_STATUS_SCHEDULED: entry.Scheduled,
		contentv1.EntryStatus_ENTRY_STATUS_PUBLISHED: entry.Published,
		contentv1.EntryStatus_ENTRY_STATUS_TRASHED:   entry.Trashed,
	}
	taxonomyOf = map[contentv1.Taxonomy]entry.Taxonomy{
		contentv1.Taxonomy_TAXONOMY_CATEGORY: entry.Category,
		contentv1.Taxonomy_TAXONOMY_TAG:      entry.Tag,
	}
	importStateOf = map[contentv1.ImportState]store.ImportState{
		contentv1.ImportState_IMPORT_STATE_INSPECTING: store.Inspecting,
		contentv1.ImportState_IMPORT_STATE_RUNNING:    store.Running,
		contentv1.ImportState_IMPORT_STATE_DONE:       store.Done,
		contentv1.ImportState_IMPORT_STATE_REFUSED:    store.Refused,
		contentv1.ImportState_IMPORT_STATE_FAILED:     store.Failed,
	}
	kindMessage        = invert(kindOf)
	statusMessage      = invert(statusOf)
	taxonomyMessage    = invert(taxonomyOf)
	importStateMessage = invert(importStateOf)
)

func invert[K, V comparable](m map[K]V) map[V]K {
	inverse := make(map[V]K, len(m))
	for k, v := range m {
		inverse[v] = k
	}
	return inverse
}

// stamp is nil for the zero time.
func stamp(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

func draft(c *contentv1.EntryContent) workflow.Draft {
	return workflow.Draft{
		Kind: kindOf[c.GetKind()], Language: c.GetLanguage(), Slug: c.GetSlug(), Title: c.GetTitle(), Excerpt: c.GetExcerpt(),
		Body: c.GetBody(), AuthorIDs: c.GetAuthorIds(), CategoryIDs: c.GetCategoryIds(), TagIDs: c.GetTagIds(),
	}
}

func contentMessage(c entry.Content) *contentv1.EntryContent {
	m := &contentv1.EntryContent{
		Kind: kindMessage[c.Kind], Language: c.Language, Slug: c.Slug, Title: c.Title, Excerpt: c.Excerpt, Body: c.Body,
	}
	for _, a := range c.Authors {
		m.AuthorIds = append(m.AuthorIds, a.ID)
	}
	for _, t := range c.Categories {
		m.CategoryIds = append(m.CategoryIds, t.ID)
	}
	for _, t := range c.Tags {
		m.TagIds = append(m.TagIds, t.ID)
	}
	return m
}

func entryMessage(e entry.Entry) *contentv1.Entry {
	return &contentv1.Entry{
		Id: e.ID, Status: statusMessage[e.Status], Content: contentMessage(e.Newest.Content), Revision: int32(e.Newest.Number),
		ContentHash: string(e.Newest.Hash), Signature: signatureMessage(e.Signature), PublishedRevision: int32(e.Published),
		PublishTime: stamp(e.PublishTime), ScheduledTime: stamp(e.Scheduled), CreateTime: stamp(e.CreateTime),
		UpdateTime: stamp(e.UpdateTime), ReviewNote: e.ReviewNote,
	}
}

func signatureMessage(s *entry.Signature) *contentv1.Signature {
	if s == nil {
		return nil
	}
	return &contentv1.Signature{
		PersonId: s.Person, DisplayName: s.DisplayName, Credential: credentialMessage(&s.Credential),
		ContentHash: string(s.Hash), Revision: int32(s.Revision), SignTime: stamp(s.Time),
	}
}

func credentialMessage(c *entry.Credential) *documentv1.Credential {
	if c == nil {
		return nil
	}
	return &documentv1.Credential{Council: c.Council, Number: c.Number, Region: c.Region, Specialties: c.Specialties}
}

func revisionMessage(r entry.Revision) *contentv1.Revision {
	return &contentv1.Revision{
		Number: int32(r.Number), Content: contentMessage(r.Content), ContentHash: string(r.Hash),
		PersonId: r.Person, CreateTime: stamp(r.CreateTime),
	}
}

// blockMessages recurses at most blocks.MaxDepth deep.
func blockMessages(list []blocks.Block) []*contentv1.Block {
	var messages []*contentv1.Block
	for i := range list {
		b := &list[i]
		messages = append(messages, &contentv1.Block{
			Name: b.Name, Attributes: b.Attributes, Html: b.OwnHTML(), Blocks: blockMessages(b.Blocks),
		})
	}
	return messages
}

func authorOf(id string, m *documentv1.Author) entry.Author {
	a := entry.Author{ID: id, DisplayName: m.GetDisplayName()}
	if c := m.GetCredential(); c != nil {
		a.Credential = &entry.Credential{
			Council: c.GetCouncil(), Number: c.GetNumber(), Region: c.GetRegion(), Specialties: c.GetSpecialties(),
		}
	}
	return a
}

func profileMessage(a entry.Author) *contentv1.AuthorProfile {
	return &contentv1.AuthorProfile{
		Id: a.ID, Author: &documentv1.Author{DisplayName: a.DisplayName, Credential: credentialMessage(a.Credential)},
	}
}

func termMessage(t entry.Term) *contentv1.Term {
	return &contentv1.Term{Id: t.ID, Taxonomy: taxonomyMessage[t.Taxonomy], Slug: t.Slug, Name: t.Name, ParentId: t.Parent}
}

func importMessage(i store.Import) *contentv1.Import {
	return &contentv1.Import{
		Id: i.ID, Importer: i.Importer, State: importStateMessage[i.State], ItemsDone: int32(i.ItemsDone), ItemsTotal: int32(i.ItemsTotal),
		EntriesCreated: int32(i.EntriesCreated), EntriesKnown: int32(i.EntriesKnown), AuthorsCreated: int32(i.AuthorsCreated),
		TermsCreated: int32(i.TermsCreated), Omissions: int32(i.Omissions), Problem: i.Problem,
		CreateTime: stamp(i.CreateTime), FinishTime: stamp(i.FinishTime), Size: i.Size, Sha256: i.SHA256,
	}
}
