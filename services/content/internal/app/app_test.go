package app_test

import (
	"bytes"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/hygia-suite/hygia/pkg/actor"
	"github.com/hygia-suite/hygia/pkg/component"
	"github.com/hygia-suite/hygia/pkg/fault"
	"github.com/hygia-suite/hygia/pkg/rpc"
	auditv1 "github.com/hygia-suite/hygia/proto/gen/hygia/audit/v1"
	contentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/content/v1"
	documentv1 "github.com/hygia-suite/hygia/proto/gen/hygia/document/v1"
	statusv1 "github.com/hygia-suite/hygia/proto/gen/hygia/status/v1"
	validationv1 "github.com/hygia-suite/hygia/proto/gen/hygia/validation/v1"
	"github.com/hygia-suite/hygia/services/content/internal/app"
)

func article(slug string) *contentv1.EntryContent {
	return &contentv1.EntryContent{
		Kind: documentv1.EntryKind_ENTRY_KIND_POST, Slug: slug, Title: "Gripe", Excerpt: "Resumo",
		Body: `<!-- wp:group --><div><!-- wp:paragraph {"a":1} --><p>a</p><!-- /wp:paragraph --></div><!-- /wp:group -->`,
	}
}

func (w *world) create(slug string) *contentv1.Entry {
	w.Helper()
	r, err := w.CreateEntry(w.editor(), &contentv1.CreateEntryRequest{Content: article(slug)})
	if err != nil {
		w.Fatal(err)
	}
	return r.GetEntry()
}

func TestFromADraftToTheReader(t *testing.T) {
	w := start(t)
	author, err := w.CreateAuthor(w.editor(), &contentv1.CreateAuthorRequest{Author: &documentv1.Author{
		DisplayName: "Ana", Credential: &documentv1.Credential{Council: "CRM", Number: "1", Region: "SP", Specialties: []string{"2"}},
	}})
	if err != nil {
		t.Fatal(err)
	}
	term, err := w.CreateTerm(w.editor(), &contentv1.CreateTermRequest{Taxonomy: contentv1.Taxonomy_TAXONOMY_CATEGORY, Name: "Saúde"})
	if err != nil || term.GetTerm().GetSlug() != "saude" {
		t.Fatal(term, err)
	}
	content := article("")
	content.AuthorIds, content.CategoryIds = []string{author.GetProfile().GetId()}, []string{term.GetTerm().GetId()}
	made, err := w.CreateEntry(w.editor(), &contentv1.CreateEntryRequest{Content: content, RequestId: newID()})
	if err != nil {
		t.Fatal(err)
	}
	e := made.GetEntry()
	id := e.GetId()
	if e.GetContent().GetSlug() != "gripe" || e.GetContent().GetLanguage() != "pt-BR" || e.GetStatus() != contentv1.EntryStatus_ENTRY_STATUS_DRAFT {
		t.Errorf("made %v", e)
	}
	list, err := w.ListBlocks(w.editor(), &contentv1.ListBlocksRequest{Id: id})
	if err != nil || len(list.GetBlocks()) != 1 || list.GetBlocks()[0].GetBlocks()[0].GetAttributes() != `{"a":1}` || list.GetBlocks()[0].GetHtml() != "<div></div>" {
		t.Errorf("blocks %v, %v", list, err)
	}

	_, err = w.PublishEntry(w.editor(), &contentv1.PublishEntryRequest{Id: id})
	w.wantReason(err, "SIGN_OFF_MISSING", "publish a draft")
	w.validation.answer(nil, &validationv1.Finding{Rule: "ADV-1", Severity: validationv1.Severity_SEVERITY_ERROR, Message: "m",
		Location: &validationv1.Location{Field: validationv1.Field_FIELD_TITLE, Start: 1, End: 2}})
	checked, err := w.ValidateEntry(w.editor(), &contentv1.ValidateEntryRequest{Id: id})
	if err != nil || len(checked.GetFindings()) != 1 || checked.GetContentHash() != e.GetContentHash() {
		t.Errorf("validated %v, %v", checked, err)
	}
	_, err = w.SubmitEntry(w.editor(), &contentv1.SubmitEntryRequest{Id: id})
	w.wantReason(err, "FINDINGS_BLOCK_SUBMIT", "submit")
	if f := fault.From(err); len(f.Fields) != 1 || f.Fields[0].Path != "content.title[1:2]" || f.Fields[0].Message != "ADV-1: m" {
		t.Errorf("fields %v", f.Fields)
	}
	w.validation.answer(fault.New(codes.Unavailable, "SERVICE_UNREACHABLE", "down"))
	_, err = w.SubmitEntry(w.editor(), &contentv1.SubmitEntryRequest{Id: id})
	w.wantReason(err, "SERVICE_UNREACHABLE", "submit without validators")
	if code := fault.From(err).Code; code != codes.Unavailable {
		t.Errorf("code %v", code)
	}
	w.validation.answer(nil)
	if _, err = w.SubmitEntry(w.editor(), &contentv1.SubmitEntryRequest{Id: id}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.SignEntry(w.editor(), &contentv1.SignEntryRequest{Id: id, ContentHash: e.GetContentHash()}); fault.From(err).Code != codes.PermissionDenied {
		t.Errorf("an editor signs: %v", err)
	}
	signed, err := w.SignEntry(w.reviewer(), &contentv1.SignEntryRequest{Id: id, ContentHash: e.GetContentHash()})
	if err != nil || signed.GetEntry().GetSignature().GetCredential().GetNumber() != "52123" || signed.GetEntry().GetSignature().GetRevision() != 1 {
		t.Fatal(signed, err)
	}
	published, err := w.PublishEntry(w.editor(), &contentv1.PublishEntryRequest{Id: id})
	if err != nil || published.GetEntry().GetPublishedRevision() != 1 || published.GetEntry().GetPublishTime() == nil {
		t.Fatal(published, err)
	}
	updated, err := w.UpdateAuthor(w.editor(), &contentv1.UpdateAuthorRequest{Id: author.GetProfile().GetId(), Author: &documentv1.Author{DisplayName: "Bia"}})
	if err != nil || updated.GetProfile().GetAuthor().GetDisplayName() != "Bia" {
		t.Fatal(updated, err)
	}
	got, err := w.GetEntry(w.acting(actor.RoleDPO, actor.PurposePrivacy, clinic), &contentv1.GetEntryRequest{Id: id})
	if err != nil || got.GetEntry().GetRevision() != 2 || got.GetEntry().GetPublishedRevision() != 1 || got.GetEntry().GetSignature() != nil {
		t.Errorf("after its author changed: %v, %v", got, err)
	}
	revisions, err := w.ListRevisions(w.editor(), &contentv1.ListRevisionsRequest{Id: id, PageSize: 1})
	if err != nil || len(revisions.GetRevisions()) != 1 || revisions.GetRevisions()[0].GetNumber() != 2 || revisions.GetNextPageToken() == "" {
		t.Errorf("revisions %v, %v", revisions, err)
	}
	old, err := w.GetRevision(w.editor(), &contentv1.GetRevisionRequest{Id: id, Number: 1})
	if err != nil || old.GetRevision().GetContentHash() != e.GetContentHash() || old.GetRevision().GetPersonId() != persons[actor.RoleEditor] {
		t.Errorf("revision 1: %v, %v", old, err)
	}
}

func TestListsComeInPages(t *testing.T) {
	w := start(t)
	want := map[string]bool{}
	for _, slug := range []string{"a", "b", "c", "d", "e"} {
		want[w.create(slug).GetId()] = true
	}
	token, pages := "", 0
	for {
		r, err := w.ListEntries(w.editor(), &contentv1.ListEntriesRequest{PageSize: 2, PageToken: token})
		if err != nil {
			t.Fatal(err)
		}
		pages++
		for _, e := range r.GetEntries() {
			if !want[e.GetId()] || e.GetContent().GetBody() != "" {
				t.Errorf("listed again, or with its body: %s", e.GetId())
			}
			delete(want, e.GetId())
		}
		if token = r.GetNextPageToken(); token == "" {
			break
		}
	}
	if len(want) != 0 || pages != 3 {
		t.Errorf("%d entries are missing from %d pages", len(want), pages)
	}
	for _, bad := range []string{"x", "e30x", "eyJ4IjoxfQ", "eyJuIjotMX0"} {
		_, err := w.ListEntries(w.editor(), &contentv1.ListEntriesRequest{PageToken: bad})
		w.wantReason(err, "PAGE_TOKEN_INVALID", bad)
	}
}

func TestABodyIsBounded(t *testing.T) {
	w := start(t)
	c := article("large")
	c.Body = strings.Repeat("é", 1<<19)
	r, err := w.CreateEntry(w.editor(), &contentv1.CreateEntryRequest{Content: c})
	if err != nil {
		t.Fatal(err)
	}
	got, err := w.GetEntry(w.editor(), &contentv1.GetEntryRequest{Id: r.GetEntry().GetId()})
	if err != nil || got.GetEntry().GetContent().GetBody() != c.Body {
		t.Errorf("1 MiB comes back as %d bytes, %v", len(got.GetEntry().GetContent().GetBody()), err)
	}
	for name, body := range map[string]string{
		"1 MiB and a byte": c.Body + "x", "3 MiB": strings.Repeat("x", 3<<20), "too deep": strings.Repeat("<!-- wp:a -->", 101), "a control character": "\x00",
	} {
		c := article("other")
		c.Body = body
		if _, err := w.CreateEntry(w.editor(), &contentv1.CreateEntryRequest{Content: c}); err == nil {
			t.Errorf("%s was kept", name)
		}
	}
	list, err := w.ListEntries(w.editor(), &contentv1.ListEntriesRequest{})
	if err != nil || len(list.GetEntries()) != 1 {
		t.Errorf("%d entries, %v", len(list.GetEntries()), err)
	}
}

func TestOtherTenantsAndOtherPeersSeeNothing(t *testing.T) {
	w := start(t)
	e := w.create("a")
	foreign := w.acting(actor.RoleEditor, actor.PurposeEditorial, other)
	_, err := w.GetEntry(foreign, &contentv1.GetEntryRequest{Id: e.GetId()})
	w.wantReason(err, "NOT_FOUND", "another tenant reads")
	_, err = w.TrashEntry(foreign, &contentv1.TrashEntryRequest{Id: e.GetId()})
	w.wantReason(err, "NOT_FOUND", "another tenant trashes")
	list, err := w.ListEntries(foreign, &contentv1.ListEntriesRequest{})
	if err != nil || len(list.GetEntries()) != 0 {
		t.Errorf("another tenant lists %v, %v", list, err)
	}
	for _, peer := range []string{rpc.Validation, rpc.Operator, rpc.Accounts} {
		if _, err := w.as(peer).GetEntry(w.editor(), &contentv1.GetEntryRequest{Id: e.GetId()}); err == nil {
			t.Errorf("%s reads an entry", peer)
		}
	}
	for name, ctx := range map[string]func() error{
		"a DPO writes": func() error {
			_, err := w.CreateEntry(w.acting(actor.RoleDPO, actor.PurposePrivacy, clinic), &contentv1.CreateEntryRequest{Content: article("x")})
			return err
		},
		"a reviewer publishes": func() error {
			_, err := w.PublishEntry(w.reviewer(), &contentv1.PublishEntryRequest{Id: e.GetId()})
			return err
		},
		"an editor writes for another purpose": func() error {
			_, err := w.CreateEntry(w.acting(actor.RoleEditor, actor.PurposePrivacy, clinic), &contentv1.CreateEntryRequest{Content: article("x")})
			return err
		},
		"an editor returns": func() error {
			_, err := w.ReturnEntry(w.editor(), &contentv1.ReturnEntryRequest{Id: e.GetId(), Note: "n"})
			return err
		},
	} {
		if err := ctx(); fault.From(err).Code != codes.PermissionDenied {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAnExportIsImportedAndPublishesNothing(t *testing.T) {
	w := start(t)
	data := sample(t)
	i, err := w.upload(w.editor(), "wordpress", data)
	if err != nil {
		t.Fatal(err)
	}
	i = w.finished(i.GetId())
	if i.GetState() != contentv1.ImportState_IMPORT_STATE_DONE || i.GetItemsDone() != i.GetItemsTotal() || i.GetEntriesCreated() == 0 ||
		i.GetSize() != int64(len(data)) || !strings.HasPrefix(i.GetImporter(), "wordpress-import@") {
		t.Fatalf("import %v", i)
	}
	list, err := w.ListEntries(w.editor(), &contentv1.ListEntriesRequest{ImportId: i.GetId(), PageSize: 200})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list.GetEntries() {
		if e.GetStatus() != contentv1.EntryStatus_ENTRY_STATUS_DRAFT || e.GetPublishedRevision() != 0 {
			t.Errorf("imported as %v", e.GetStatus())
		}
	}
	omissions, err := w.ListOmissions(w.editor(), &contentv1.ListOmissionsRequest{Id: i.GetId(), PageSize: 500})
	if err != nil || len(omissions.GetOmissions()) != int(i.GetOmissions()) || i.GetOmissions() == 0 {
		t.Errorf("%d omissions of %d, %v", len(omissions.GetOmissions()), i.GetOmissions(), err)
	}
	again, err := w.upload(w.editor(), "wordpress", data)
	if err != nil {
		t.Fatal(err)
	}
	if again = w.finished(again.GetId()); again.GetEntriesCreated() != 0 || again.GetEntriesKnown() != i.GetEntriesCreated() {
		t.Errorf("the same export again: %v", again)
	}
	w.noExports()
	all, err := w.ListImports(w.editor(), &contentv1.ListImportsRequest{})
	if err != nil || len(all.GetImports()) != 2 || all.GetImports()[0].GetId() != again.GetId() {
		t.Errorf("imports %v, %v", all, err)
	}
	// The work was recorded as the uploader's.
	recorded := 0
	for _, event := range w.log.Events() {
		if strings.HasSuffix(event.GetMethod(), "/RunImport") && event.GetOutcome() == auditv1.Outcome_OUTCOME_SUCCESS {
			recorded++
			if event.GetPerson() != persons[actor.RoleEditor] || event.GetTenant() != clinic {
				t.Errorf("recorded as %v", event)
			}
		}
	}
	if recorded < 4 {
		t.Errorf("%d transactions recorded", recorded)
	}
}

func sample(t *testing.T) []byte {
	t.Helper()
	data, err := os.ReadFile("../../plugins/wordpress-import/wxr/tests/testdata/sample.xml")
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestABadExportIsRefusedAndLeavesNothing(t *testing.T) {
	w := start(t)
	whole := sample(t)
	bomb := []byte("<?xml version=\"1.0\"?>\n<!DOCTYPE x [<!ENTITY a \"aaaa\"><!ENTITY b \"&a;&a;&a;\">]>\n<rss>&b;</rss>")
	for name, data := range map[string][]byte{
		"truncated": whole[:len(whole)*2/3],
		"not XML":   bytes.Repeat([]byte("\x89PNG\r\n"), 1000),
		"no export": []byte("<html><body>não</body></html>"),
		"bomb":      bomb,
		"empty":     nil,
	} {
		i, err := w.upload(w.editor(), "wordpress", data)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		i = w.finished(i.GetId())
		list, err := w.ListEntries(w.editor(), &contentv1.ListEntriesRequest{})
		if i.GetState() != contentv1.ImportState_IMPORT_STATE_REFUSED || len(i.GetProblem()) < 20 || err != nil || len(list.GetEntries()) != 0 {
			t.Errorf("%s: %v, %d entries, %v", name, i, len(list.GetEntries()), err)
		}
		t.Logf("%s: %s", name, i.GetProblem())
	}
	_, err := w.upload(w.editor(), "joomla", whole)
	w.wantReason(err, "IMPORT_FORMAT_UNKNOWN", "another format")
	_, err = w.upload(w.editor(), "wordpress", make([]byte, 65<<20))
	w.wantReason(err, "IMPORT_TOO_LARGE", "65 MiB")
	if code := fault.From(err).Code; code != codes.ResourceExhausted {
		t.Errorf("code %v", code)
	}
	w.noExports()
}

func TestWhatWasAnsweredIsThereAfterARestart(t *testing.T) {
	w := start(t)
	e := w.create("a")
	for _, step := range []func() error{
		func() error {
			_, err := w.SubmitEntry(w.editor(), &contentv1.SubmitEntryRequest{Id: e.GetId()})
			return err
		},
		func() error {
			_, err := w.SignEntry(w.reviewer(), &contentv1.SignEntryRequest{Id: e.GetId(), ContentHash: e.GetContentHash()})
			return err
		},
		func() error {
			_, err := w.PublishEntry(w.editor(), &contentv1.PublishEntryRequest{Id: e.GetId(), PublishTime: timestamppb.New(w.clock().Add(time.Hour))})
			return err
		},
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	w.stop()
	w.wait(2 * time.Hour)
	w.serve()
	deadline := time.Now().Add(time.Minute)
	for {
		r, err := w.GetEntry(w.editor(), &contentv1.GetEntryRequest{Id: e.GetId()})
		if err != nil {
			t.Fatal(err)
		}
		if r.GetEntry().GetStatus() == contentv1.EntryStatus_ENTRY_STATUS_PUBLISHED {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("is %v two hours later", r.GetEntry().GetStatus())
		}
		time.Sleep(10 * time.Millisecond)
	}
	for _, event := range w.log.Events() {
		if strings.HasSuffix(event.GetMethod(), "/PublishDue") && event.GetPerson() == "" && event.GetTenant() == clinic {
			return
		}
	}
	t.Error("the scheduled publication was not recorded")
}

func TestStatusNamesTheComponent(t *testing.T) {
	w := start(t)
	r, err := w.GetStatus(t.Context(), &statusv1.GetStatusRequest{})
	if err != nil || len(r.GetComponents()) != 1 || r.GetComponents()[0].GetName() != "wordpress-import" || r.GetEngine() != component.EngineName() {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestOneProcessWorksInAFolder(t *testing.T) {
	w := start(t)
	lis, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lis.Close() })
	if err := app.Serve(t.Context(), w.deps(lis)); err == nil || !strings.Contains(err.Error(), "another content service") {
		t.Errorf("a second one: %v", err)
	}
	w.create("a") // the first one does not mind
}
