//! Files that are refused, and how.

use std::io::Cursor;
use std::time::Instant;

use wxr::{Error, MAX_FILE, MAX_TEXT, inspect, read_items};

const SAMPLE: &str = include_str!("testdata/sample.xml");

fn refusal(file: impl AsRef<[u8]>) -> Error {
    inspect(&mut Cursor::new(file.as_ref())).expect_err("the file is refused")
}

/// The sample with the page's body replaced.
fn with_body(body: &str) -> String {
    SAMPLE.replace("a &lt;b&gt; c", body)
}

#[test]
fn what_is_something_else() {
    for (file, found) in [
        (&b""[..], "an empty file"),
        (b"ol\xc3\xa1, mundo", "a file that is not XML"),
        (b"{\"a\": 1}", "a file that is not XML"),
        (b"\x1f\x8b\x08rest", "a gzip archive"),
        (b"PK\x03\x04rest", "a zip archive"),
        (b"\xff\xfe<\0r\0", "UTF-16 text, where UTF-8 is read"),
        (b"<!DOCTYPE html><html></html>", "an HTML page"),
        (b"<html></html>", "XML with the root element <html>"),
        (b"<rss/>", "RSS without a channel"),
        (b"<rss><channel></channel></rss>", "an RSS feed without wp:wxr_version"),
        (b"<rss><channel><item/></channel></rss>", "an RSS feed without wp:wxr_version"),
        (b"<?xml version='1.0' encoding='ISO-8859-1'?><rss/>", "text in ISO-8859-1, where UTF-8 is read"),
    ] {
        assert_eq!(refusal(file), Error::NotThisFormat(found.into()), "{}", String::from_utf8_lossy(file));
    }
    let newer = SAMPLE.replace("1.2</wp:wxr_version", "2.0</wp:wxr_version");
    assert_eq!(refusal(newer), Error::NotThisFormat("WXR 2.0, where 1.0 to 1.2 are read".into()));
}

#[test]
fn what_is_forbidden() {
    let bomb = "<?xml version=\"1.0\"?>\n<!DOCTYPE lolz [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]>\n<rss>&b;</rss>";
    let Error::Forbidden(position) = refusal(bomb) else { panic!("a bomb is forbidden") };
    assert_eq!(
        (position.offset, position.line, position.message.as_str()),
        (22, 2, "a document type declaration")
    );
    let outside = "<!DOCTYPE rss SYSTEM \"file:///etc/passwd\"><rss></rss>";
    assert!(matches!(refusal(outside), Error::Forbidden(_)));
    assert!(matches!(refusal("<!DOCTYPE rss [<!ENTITY"), Error::Forbidden(_)));
}

#[test]
fn what_is_malformed_says_where() {
    for (body, message) in [
        ("a &nbsp; b", "the entity &nbsp; is not declared"),
        ("a & b", "cut off"),
        ("<b>", "closed by"),
        ("</b>", "closed by"),
        ("<x:b/>", "the prefix x is not declared"),
        ("<b a='1' a='2'/>", ""),
        ("<b a=1/>", ""),
        ("\u{1}", "the control character U+0001"),
        ("&#1;", "the control character U+0001"),
        ("&#xD800;", ""),
        ("<!-- a -- b -->", ""),
        ("<!ELEMENT a>", "unknown markup"),
        ("<1/>", "an element has no proper name"),
    ] {
        let file = with_body(body);
        let Error::Malformed(position) = refusal(&file) else { panic!("{body}: {:?}", refusal(&file)) };
        let start =
            file.find("<content:encoded>a").unwrap_or_else(|| file.find("P&#225;gina").expect("it is there"));
        assert!(
            position.offset >= start as u64 && position.offset <= file.len() as u64,
            "{body}: {position:?}"
        );
        assert_eq!(
            position.line,
            1 + file.as_bytes()[..position.offset as usize].iter().filter(|&&byte| byte == b'\n').count()
                as u64
        );
        assert!(body == "a & b" || position.message.contains(message), "{body}: {position:?}");
    }
    let second = format!("{SAMPLE}<rss/>");
    assert!(matches!(refusal(second), Error::Malformed(_)));
    let same = SAMPLE.replace("<wp:post_id>11<", "<wp:post_id>10<");
    let Error::Malformed(position) = refusal(&same) else { panic!("two ids") };
    assert_eq!(position.message, "two items have the same wp:post_id");
    assert!(same[position.offset as usize..].starts_with("<item>"));
    assert!(matches!(refusal(SAMPLE.replace("<wp:post_id>11<", "<wp:post_id><")), Error::Malformed(_)));
    let mut latin = SAMPLE.as_bytes().to_vec();
    latin.splice(700..700, [0xe9]);
    assert!(matches!(refusal(latin), Error::Malformed(_)));
}

/// An export cut anywhere is refused, and never half read.
#[test]
fn every_truncation_is_refused() {
    let end = SAMPLE.find("</rss>").expect("it ends") + "</rss>".len();
    for length in (0..end).step_by(7).chain([end - 1]) {
        let error = refusal(&SAMPLE.as_bytes()[..length]);
        let known = matches!(error, Error::Malformed(_) | Error::NotThisFormat(_));
        assert!(known, "cut at {length}: {error:?}");
    }
    let cut = SAMPLE.len() / 2;
    let Error::Malformed(position) = refusal(&SAMPLE.as_bytes()[..cut]) else {
        panic!("a cut file is malformed")
    };
    assert!(position.message.contains("cut off"), "{position:?}");
}

#[test]
fn what_is_too_large_says_which_bound() {
    let refused = |file: String, bound: &str| match refusal(&file) {
        Error::TooLarge(message) => assert!(message.contains(bound), "{message}"),
        other => panic!("{bound}: {other:?}"),
    };
    refused(with_body(&"a".repeat(MAX_TEXT + 1)), "the text of <encoded>");
    refused(with_body(&"a".repeat(2 * MAX_TEXT)), "a text is longer");
    refused(with_body(&"a&amp;".repeat(MAX_TEXT / 2 + 1)), "the text of <encoded>");
    refused(with_body(&"<b>".repeat(100)), "nested deeper than 32");
    refused(with_body(&format!("<b a='{}'/>", "x".repeat(70_000))), "a tag is longer");
    let attributes: String = (0..70).map(|at| format!(" a{at}=''")).collect();
    refused(with_body(&format!("<b{attributes}/>")), "more than 64 attributes");
    refused(SAMPLE.replace("P&#225;gina", &"x".repeat(70_000)), "the text of <title>");
    refused(" ".repeat(MAX_FILE as usize + 1), "the file is longer than 67108864 bytes");
}

#[test]
fn offsets_where_no_item_starts() {
    let mut file = Cursor::new(SAMPLE);
    let first = inspect(&mut file).expect("the sample is well-formed").first_item;
    for offset in [0, 5, first - 1, first + 1, first + 100, SAMPLE.len() as u64, u64::MAX] {
        assert!(
            matches!(read_items(&mut file, offset, 1), Err(Error::Malformed(_) | Error::Unreadable(_))),
            "{offset}"
        );
    }
    assert_eq!(read_items(&mut file, first, 0).expect("nothing is asked").next, Some(first));
}

#[test]
fn hostile_files_end_soon() {
    let items = |count: usize, item: &str| {
        let head = &SAMPLE[..SAMPLE.find("<item>").expect("it has items")];
        format!("{head}{}</channel></rss>", item.repeat(count))
    };
    for file in [
        with_body(&"&amp;".repeat(1 << 17)),
        with_body(&"<b/>".repeat(1 << 17)),
        with_body(&"<![CDATA[]]>".repeat(1 << 16)),
        with_body(&"<!---->".repeat(1 << 16)),
        with_body(&"<b xmlns:a='u'/>".repeat(1 << 16)),
        items(1 << 16, "<item/>"),
    ] {
        let started = Instant::now();
        let _ = inspect(&mut Cursor::new(&file));
        assert!(started.elapsed().as_secs() < 15, "took {:?}", started.elapsed());
    }
}

/// Any mixture of pieces is read or refused.
#[test]
fn random_files_are_read_or_refused() {
    let pieces = [
        "<rss xmlns:wp=\"http://wordpress.org/export/1.2/\">",
        "<channel>",
        "<wp:wxr_version>1.2</wp:wxr_version>",
        "<item>",
        "<wp:post_id>1</wp:post_id>",
        "</item>",
        "</channel>",
        "</rss>",
        "<![CDATA[",
        "]]>",
        "<!--",
        "-->",
        "<?a",
        "?>",
        "&amp;",
        "&#38;",
        "&",
        "<",
        ">",
        "\"",
        "a",
        "é",
        "\0",
        "<category nicename='a'>",
        "</category>",
        "<b ",
        "/>",
        "<!DOCTYPE",
        "[",
        "\n",
    ];
    let mut random = 7u64;
    let mut accepted = 0;
    for round in 0..30_000 {
        let mut file = String::new();
        for step in 0..round % 24 {
            random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            let at = (random >> 33) as usize;
            // Mostly the next piece of a good file, so that some go deep.
            let good = if step < 8 { pieces[step] } else { "\n" };
            file.push_str(if at.is_multiple_of(8) { pieces[at / 8 % pieces.len()] } else { good });
        }
        accepted += u32::from(inspect(&mut Cursor::new(&file)).is_ok());
        let _ = read_items(&mut Cursor::new(&file), random % 300, 5);
    }
    assert!(accepted > 100, "only {accepted} files were exports");
}
