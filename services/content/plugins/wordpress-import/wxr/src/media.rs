//! Media that a body refers to.

/// The most references of one entry.
const MOST: usize = 200;
/// The longest reference, in bytes.
const LONGEST: usize = 2048;

/// Endings of files that are media, whatever link leads to them.
const ENDINGS: [&str; 24] = [
    ".avif", ".bmp", ".doc", ".docx", ".gif", ".heic", ".jpeg", ".jpg", ".m4a", ".mov", ".mp3", ".mp4",
    ".ogg", ".ogv", ".pdf", ".png", ".ppt", ".pptx", ".svg", ".wav", ".webm", ".webp", ".xls", ".xlsx",
];

/// The URLs in `src` and `poster` attributes, and those of links to media, in
/// order and without repeats.
pub fn references(body: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for (at, _) in body.match_indices('=') {
        if found.len() == MOST {
            break;
        }
        let Some(url) = value(&body[at + 1..]) else { continue };
        let wanted = match attribute(&body[..at]) {
            "src" | "poster" => true,
            "href" => is_media(url),
            _ => false,
        };
        if wanted && is_reference(url) && !found.iter().any(|known| known == url) {
            found.push(url.to_owned());
        }
    }
    found
}

/// The name that ends `before`, where white space stands in front of it.
fn attribute(before: &str) -> &str {
    let bytes = before.as_bytes();
    let length = bytes.iter().rev().take(7).take_while(|byte| byte.is_ascii_lowercase()).count();
    let start = bytes.len() - length;
    let apart = start > 0 && bytes[start - 1].is_ascii_whitespace();
    if apart { &before[start..] } else { "" }
}

/// The quoted value that starts `after`.
fn value(after: &str) -> Option<&str> {
    let quote = after.bytes().next().filter(|byte| matches!(byte, b'"' | b'\''))?;
    let inner = &after[1..];
    let end = inner.bytes().take(LONGEST + 1).position(|byte| byte == quote)?;
    Some(&inner[..end])
}

/// Whether it leads to a file: data and scripts do not.
pub fn is_reference(url: &str) -> bool {
    let scheme = ["https://", "http://", "/"].iter().any(|start| url.starts_with(start));
    scheme
        && url.len() <= LONGEST
        && !url.contains(|letter: char| letter.is_whitespace() || letter.is_control())
}

fn is_media(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default().to_ascii_lowercase();
    ENDINGS.iter().any(|ending| path.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::references;

    #[test]
    fn finds_media() {
        let body = r#"<img src="https://a/1.jpg" data-src="https://a/2.jpg"><a href='/b.PDF?x=1'>b</a>
            <a href="https://a/page">p</a><video poster="https://a/p.png"
            src="/v.mp4"><img src="https://a/1.jpg"><img src="data:image/png;base64,AA=="> src=x href="javascript:a.pdf""#;
        assert_eq!(references(body), ["https://a/1.jpg", "/b.PDF?x=1", "https://a/p.png", "/v.mp4"]);
    }

    #[test]
    fn is_bounded() {
        let many: String = (0..500).map(|at| format!("<img src=\"/{at}.png\">")).collect();
        assert_eq!(references(&many).len(), super::MOST);
        assert_eq!(references(&format!("<img src=\"/{}\">", "a".repeat(5000))), Vec::<String>::new());
        assert_eq!(references(&"<img src=\"".repeat(100_000)), Vec::<String>::new());
    }
}
