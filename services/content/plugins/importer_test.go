package plugins_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/hygia-suite/hygia/pkg/plugin"
	"github.com/hygia-suite/hygia/pkg/plugin/plugintest"
	"github.com/hygia-suite/hygia/pkg/wit/content"
	"github.com/hygia-suite/hygia/services/content/plugins"
)

// guestPath is where the importer sees the file that an export holds.
const guestPath = "/export/export.xml"

// desk is a folder, and an importer that sees it.
type desk struct {
	dir string
	content.Importer
}

func newDesk(tb testing.TB) desk {
	tb.Helper()
	p := plugintest.Load(tb, plugins.WordPressImport(), content.ImporterExports)
	dir := tb.TempDir()
	program, err := p.WithFolders(map[string]string{"export": dir})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(program.Close)
	return desk{dir, content.NewImporter(program)}
}

// put writes the export.
func (d desk) put(tb testing.TB, data []byte) {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(d.dir, "export.xml"), data, 0o600); err != nil {
		tb.Fatal(err)
	}
}

// all reads every item, limit at a time.
func (d desk) all(ctx context.Context, limit uint32) ([]content.Item, error) {
	summary, err := d.Inspect(ctx, guestPath)
	if err != nil || summary.Items == 0 {
		return nil, err
	}
	var items []content.Item
	for next := &summary.FirstItem; next != nil; {
		page, err := d.ReadItems(ctx, guestPath, *next, limit)
		if err != nil {
			return nil, err
		}
		items, next = append(items, page.Items...), page.Next
	}
	if len(items) != int(summary.Items) {
		return nil, fmt.Errorf("read %d items of %d", len(items), summary.Items)
	}
	return items, nil
}

func sample(tb testing.TB) []byte {
	tb.Helper()
	data, err := os.ReadFile("wordpress-import/wxr/tests/testdata/sample.xml")
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func TestImporterReadsAnExport(t *testing.T) {
	d := newDesk(t)
	d.put(t, sample(t))
	summary, err := d.Inspect(t.Context(), guestPath)
	if err != nil {
		t.Fatal(err)
	}
	if summary.SiteTitle != "Saúde & Vida" || summary.FormatVersion != "1.2" || summary.Items != 5 || len(summary.Categories) != 2 {
		t.Errorf("got %+v", summary)
	}
	var first []content.Item
	for limit := uint32(1); limit <= 6; limit++ {
		items, err := d.all(t.Context(), limit)
		if err != nil {
			t.Fatal(err)
		}
		if first == nil {
			first = items
		}
		if fmt.Sprint(items) == fmt.Sprint(first) || limit == 1 {
			continue
		}
		// Entries are pointers: compare what they point at.
		for i := range items {
			if (items[i].Entry == nil) != (first[i].Entry == nil) || !slices.Equal(items[i].Omitted, first[i].Omitted) {
				t.Errorf("limit %d: item %d differs", limit, i)
			}
		}
	}
	post := first[0].Entry
	if post == nil || post.SourceID != "10" || post.Comments != 2 || !post.Sticky || !strings.HasSuffix(post.Body, "<!-- /wp:paragraph -->") {
		t.Errorf("got %+v", post)
	}
	if first[2].Entry != nil || first[2].Omitted[0].Kind != "attachment" {
		t.Errorf("got %+v", first[2])
	}
}

func TestImporterRefuses(t *testing.T) {
	d := newDesk(t)
	bomb := "<?xml version=\"1.0\"?>\n<!DOCTYPE a [<!ENTITY b \"bbbb\">]><rss>&b;</rss>"
	for name, c := range map[string]struct {
		data string
		want func(error) bool
	}{
		"empty":         {"", is[content.ImportErrorNotThisFormat]},
		"not XML":       {"olá", is[content.ImportErrorNotThisFormat]},
		"another XML":   {"<html></html>", is[content.ImportErrorNotThisFormat]},
		"entity bomb":   {bomb, is[content.ImportErrorForbidden]},
		"cut off":       {string(sample(t)[:2000]), is[content.ImportErrorMalformed]},
		"deep":          {"<rss>" + strings.Repeat("<a>", 100), is[content.ImportErrorNotThisFormat]},
		"bad character": {strings.Replace(string(sample(t)), "Resumo", "\x01", 1), is[content.ImportErrorMalformed]},
	} {
		d.put(t, []byte(c.data))
		if _, err := d.Inspect(t.Context(), guestPath); !c.want(err) {
			t.Errorf("%s: got %T %v", name, err, err)
		}
	}
}

// is reports whether an error is this refusal of the importer's.
func is[E error](err error) bool {
	var refusal E
	return errors.As(err, &refusal)
}

func TestImporterRefusesALargeFileUnread(t *testing.T) {
	d := newDesk(t)
	f, err := os.Create(filepath.Join(d.dir, "export.xml"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(200 << 20); err != nil { // sparse: it takes no room
		t.Fatal(err)
	}
	_, err = d.Inspect(t.Context(), guestPath)
	var large content.ImportErrorTooLarge
	if !errors.As(err, &large) || !strings.Contains(string(large), "67108864") {
		t.Errorf("got %v", err)
	}
}

// The largest bodies that are read fit into the manifest's memory and results.
func TestImporterReadsTheLargestBodies(t *testing.T) {
	d := newDesk(t)
	const largest = 8 << 20
	text := string(sample(t))
	first, last := strings.Index(text, "<item>"), strings.Index(text, "</channel>")
	body := strings.Repeat("<p>ação</p>\n", largest/14)
	var items strings.Builder
	for id := range 3 {
		fmt.Fprintf(&items, "<item><wp:post_id>%d</wp:post_id><wp:post_type>post</wp:post_type>"+
			"<content:encoded><![CDATA[%s]]></content:encoded></item>", id+1, body)
	}
	d.put(t, []byte(text[:first]+items.String()+text[last:]))
	read, err := d.all(t.Context(), 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range read {
		if item.Entry == nil || item.Entry.Body != body {
			t.Fatal("a body came out otherwise than it went in")
		}
	}
}

// Invariant 7: the importer reaches the one folder that it is granted.
func TestInvariant7ImporterStaysInItsFolder(t *testing.T) {
	d := newDesk(t)
	outside := filepath.Join(t.TempDir(), "secret.xml")
	if err := os.WriteFile(outside, sample(t), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(d.dir, "link.xml")); err != nil {
		t.Fatal(err)
	}
	relative, err := filepath.Rel(d.dir, outside)
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{
		"", "/", "/export", "/export/", "/export/absent.xml", "/export/link.xml", "/export/" + relative, "/export/" + outside,
		outside, "export.xml", "/etc/passwd", "/export/../etc/passwd", "/exportx/export.xml",
	} {
		if _, err := d.Inspect(t.Context(), path); !is[content.ImportErrorUnreadable](err) {
			t.Errorf("%q: got %T %v", path, err, err)
		}
	}
}

func TestImporterImportsFilesAlone(t *testing.T) {
	got := plugintest.Imports(t, plugins.WordPressImport(), "wordpress-import")
	want := []string{"wasi:filesystem/preopens@0.2.4", "wasi:filesystem/types@0.2.4"}
	if !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// Invariant 7: the same component under a manifest that grants it nothing.
func TestInvariant7ImporterWithoutItsGrantIsRefused(t *testing.T) {
	files := plugins.WordPressImport()
	manifest, err := fs.ReadFile(files, "manifest.json")
	if err != nil {
		t.Fatal(err)
	}
	wasm, err := fs.ReadFile(files, "wordpress-import.wasm")
	if err != nil {
		t.Fatal(err)
	}
	text := string(manifest)
	start, end := strings.Index(text, `"folders"`), strings.Index(text, `"limits"`)
	text = text[:start] + "}, " + text[end:]
	_, err = plugin.Load(t.Context(), plugin.Options{
		Engine:  plugintest.Engine(t),
		Files:   fstest.MapFS{"manifest.json": {Data: []byte(text)}, "wordpress-import.wasm": {Data: wasm}},
		Exports: content.ImporterExports,
	})
	const want = "plugin: wordpress-import@0.1.0 imports wasi:filesystem/types@0.2.4#[method]descriptor.read, " +
		`which its manifest does not grant; to grant it, add "wasi": {} to grants, which by itself reaches nothing, or name a folder under grants.folders`
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// A file cut anywhere, or with anything changed in it, is read or refused: the
// component never traps, and is never half believed.
func TestImporterSurvivesAnyDamage(t *testing.T) {
	d := newDesk(t)
	data := sample(t)
	end := strings.Index(string(data), "</rss>")
	for length := 0; length < end; length += 64 {
		d.put(t, data[:length])
		if _, err := d.all(t.Context(), 2); !isRefusal(err) {
			t.Fatalf("cut at %d: got %v", length, err)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 500 {
		damaged := slices.Clone(data)
		for range 1 + random.IntN(4) {
			at := random.IntN(len(damaged))
			piece := []string{"<", ">", "&", "]]>", "<![CDATA[", "<!--", "<item>", "</item>", "\x00", "\xff", "\"", ""}[random.IntN(12)]
			damaged = slices.Replace(damaged, at, min(at+random.IntN(9), len(damaged)), []byte(piece)...)
		}
		d.put(t, damaged)
		if _, err := d.all(t.Context(), 2); err != nil && !isRefusal(err) {
			t.Fatalf("round %d: got %v", round, err)
		}
	}
}

func isRefusal(err error) bool {
	var refusal content.ImportError
	return errors.As(err, &refusal)
}

func FuzzImporter(f *testing.F) {
	f.Add([]byte("<rss/>"), uint64(0))
	f.Add([]byte("<rss><channel><item></item></channel></rss>"), uint64(14))
	f.Add([]byte("\xef\xbb\xbf<?xml version='1.0'?><!-- -->"), uint64(3))
	f.Add(sample(f), uint64(1742))
	d := newDesk(f)
	f.Fuzz(func(t *testing.T, data []byte, offset uint64) {
		if len(data) > 1<<16 {
			return
		}
		d.put(t, data)
		if _, err := d.all(t.Context(), 3); err != nil && !isRefusal(err) {
			t.Fatal(err)
		}
		if _, err := d.ReadItems(t.Context(), guestPath, offset, 3); err != nil && !isRefusal(err) {
			t.Fatal(err)
		}
	})
}

func BenchmarkInspect10MB(b *testing.B) {
	d := newDesk(b)
	text := string(sample(b))
	first, last := strings.Index(text, "\t<item>"), strings.Index(text, "</channel>")
	item := text[first : first+strings.Index(text[first:], "</item>")+len("</item>")]
	var export strings.Builder
	export.WriteString(text[:first])
	for id := 100; export.Len() < 10<<20; id++ {
		export.WriteString(strings.Replace(item, "<wp:post_id>10<", fmt.Sprintf("<wp:post_id>%d<", id), 1))
	}
	export.WriteString(text[last:])
	d.put(b, []byte(export.String()))
	b.SetBytes(int64(export.Len()))
	for b.Loop() {
		if _, err := d.Inspect(b.Context(), guestPath); err != nil {
			b.Fatal(err)
		}
	}
}
