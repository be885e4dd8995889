//! A whole export, as it should come out.

use std::io::Cursor;

use wxr::{Entry, Item, Kind, Omission, SourceAuthor, Status, Term, inspect, read_items};

const SAMPLE: &[u8] = include_bytes!("testdata/sample.xml");

fn pages(file: &[u8], limit: u32) -> Vec<Item> {
    let mut file = Cursor::new(file);
    let summary = inspect(&mut file).expect("the sample is well-formed");
    let mut items = Vec::new();
    let mut next = Some(summary.first_item);
    while let Some(offset) = next {
        let page = read_items(&mut file, offset, limit).expect("the sample is well-formed");
        assert!(page.items.len() <= limit as usize);
        items.extend(page.items);
        next = page.next;
    }
    assert_eq!(items.len(), summary.items as usize);
    items
}

fn omission(kind: &str, id: &str, label: &str, reason: &str) -> Omission {
    Omission { kind: kind.into(), source_id: id.into(), label: label.into(), reason: reason.into() }
}

#[test]
fn the_summary() {
    let summary = inspect(&mut Cursor::new(SAMPLE)).expect("the sample is well-formed");
    assert_eq!(summary.site_title, "Saúde & Vida");
    assert_eq!(summary.site_url, "https://exemplo.com.br/blog");
    assert_eq!(summary.language, "pt-BR");
    assert_eq!(summary.format_version, "1.2");
    assert_eq!(summary.authors, [SourceAuthor { login: "ana".into(), display_name: "Ana Souza".into() }]);
    let term = |slug: &str, name: &str, parent: Option<&str>| Term {
        slug: slug.into(),
        name: name.into(),
        parent: parent.map(Into::into),
    };
    assert_eq!(
        summary.categories,
        [term("cardiologia", "Cardiologia", None), term("hipertensao", "Hipertensão", Some("cardiologia"))]
    );
    assert_eq!(summary.tags, [term("sal", "Sal", None)]);
    assert_eq!(summary.items, 5);
    assert!(SAMPLE[summary.first_item as usize..].starts_with(b"<item>"));
}

#[test]
fn a_post_in_full() {
    let item = pages(SAMPLE, 100).remove(0);
    let expected = Entry {
        source_id: "10".into(),
        kind: Kind::Post,
        status: Status::Published,
        slug: "hipertensao".into(),
        title: "Hipertensão: o que é".into(),
        excerpt: "Resumo.".into(),
        body: "<!-- wp:paragraph -->\n<p>Pressão &gt; 14 por 9. <img src=\"https://exemplo.com.br/a.jpg\"/> ]]></p>\n<!-- /wp:paragraph -->".into(),
        author: "ana".into(),
        categories: vec!["hipertensao".into()],
        tags: vec!["sal".into()],
        published_at: "2024-03-12T14:00:00Z".into(),
        modified_at: "2024-04-01T09:30:00Z".into(),
        media: vec!["https://exemplo.com.br/a.jpg".into()],
        comments: 2,
        sticky: true,
        password_protected: false,
    };
    assert_eq!(item.entry, Some(expected));
    assert_eq!(
        item.omitted,
        [
            omission("comment", "10", "2 comments", "comments hold personal data of their writers"),
            omission("featured_image", "10", "attachment 12", "media files are not in an export"),
            omission("post_format", "10", "post-format-aside", "only categories and tags are taken over"),
            omission("postmeta", "10", "_seo (2 times)", "custom fields are not taken over"),
        ]
    );
}

#[test]
fn the_other_items() {
    let items = pages(SAMPLE, 100);
    let page = items[1].entry.as_ref().expect("a page");
    assert_eq!((page.kind, page.status, page.title.as_str()), (Kind::Page, Status::Draft, "Página"));
    assert_eq!((page.body.as_str(), page.published_at.as_str()), ("a <b> c", ""));
    assert!(page.password_protected && !page.sticky);
    let kinds = |item: &Item| item.omitted.iter().map(|one| one.kind.clone()).collect::<Vec<_>>();
    assert_eq!(kinds(&items[1]), ["post_password", "post_parent"]);
    assert_eq!(items[2].entry, None);
    let fetch = "media files are not in an export; fetch it from https://exemplo.com.br/a.jpg";
    assert_eq!(items[2].omitted, [omission("attachment", "12", "Foto", fetch)]);
    let personal = "it holds personal data of readers or customers";
    assert_eq!(items[3].omitted, [omission("feedback", "13", "", personal)]);
    let scheduled = items[4].entry.as_ref().expect("a post");
    assert_eq!(
        (scheduled.status, scheduled.published_at.as_str()),
        (Status::Scheduled, "2028-01-01T10:00:00Z")
    );
}

#[test]
fn pages_of_any_size_give_the_same_items() {
    let all = pages(SAMPLE, 1000);
    for limit in 1..6 {
        assert_eq!(pages(SAMPLE, limit), all, "limit {limit}");
    }
}

#[test]
fn nothing_of_a_comment_or_a_custom_field_comes_out() {
    let printed = format!("{:?} {:?}", inspect(&mut Cursor::new(SAMPLE)), pages(SAMPLE, 100));
    for secret in ["Zeca", "CPF", "Obrigado", "segredo", "abre-te", "ana@exemplo"] {
        assert!(!printed.contains(secret), "{secret}");
    }
}

#[test]
fn a_byte_order_mark_and_other_prefixes_change_nothing() {
    let marked = [b"\xef\xbb\xbf", SAMPLE].concat();
    assert_eq!(pages(&marked, 2), pages(SAMPLE, 2));
    let text = std::str::from_utf8(SAMPLE).expect("the sample is UTF-8");
    let renamed =
        text.replace("wp:", "x:").replace("xmlns:wp", "xmlns:x").replace("export/1.2", "export/1.0");
    let renamed = renamed.replace("1.2</x:wxr_version", "1.0</x:wxr_version");
    // Block comments in a body start with "wp:" too.
    assert_eq!(pages(renamed.as_bytes(), 2)[1..], pages(SAMPLE, 2)[1..]);
}
