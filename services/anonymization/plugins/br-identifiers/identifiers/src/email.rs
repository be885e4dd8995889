//! E-mail addresses, as people write them rather than all that RFC 5322 allows.

use crate::{Kind, Span};

/// RFC 5321, 4.5.3.1: bytes before and after the at-sign.
const LOCAL: usize = 64;
const DOMAIN: usize = 255;

/// Proposes every address.
pub fn find(text: &str, found: &mut Vec<Span>) {
    found.extend(text.match_indices('@').filter_map(|(at, _)| address(text, at)));
}

fn address(text: &str, at: usize) -> Option<Span> {
    // Scanned or dictated text may hold a space on both sides of the sign; one
    // side alone is a handle, as in "siga @perfil".
    let spaces = |letter: char| letter == ' ' || letter == '\u{a0}';
    let (before, after) = (&text[..at], &text[at + 1..]);
    let (left, right) = match (before.strip_suffix(spaces), after.strip_prefix(spaces)) {
        (Some(left), Some(right)) => (left, right),
        _ => (before, after),
    };
    let spaced = left.len() < before.len();
    let start = local_part(left)?;
    let domain = domain(right)?;
    let end = text.len() - right.len() + domain;
    let (confidence, evidence) = if spaced { (70, "shape, with spaces") } else { (98, "shape") };
    Some(Span { start, end, kind: Kind::Email, confidence, evidence })
}

/// Where the local part that ends `left` starts. Letters outside ASCII are
/// allowed (RFC 6531): leaving them out would leave half a name behind.
fn local_part(left: &str) -> Option<usize> {
    let mut start = left.len();
    for (at, letter) in left.char_indices().rev() {
        let allowed = letter.is_alphanumeric() || matches!(letter, '.' | '_' | '%' | '+' | '-');
        if !allowed || left.len() - at > LOCAL {
            break;
        }
        start = at;
    }
    let part = left[start..].trim_start_matches(['.', '-', '+', '%']);
    (!part.is_empty() && !part.ends_with('.')).then_some(left.len() - part.len())
}

/// How long the domain is that starts `right`: labels, at least two, the last of
/// letters alone and at least two of them.
fn domain(right: &str) -> Option<usize> {
    let allowed = |letter: char| letter.is_alphanumeric() || letter == '.' || letter == '-';
    let mut end = 0;
    for (at, letter) in right.char_indices() {
        if !allowed(letter) || at > DOMAIN {
            break;
        }
        end = at + letter.len_utf8();
    }
    let name = right[..end].trim_end_matches(['.', '-']);
    let (host, top) = name.rsplit_once('.')?;
    let top_is_word = top.chars().count() >= 2 && top.chars().all(char::is_alphabetic);
    let labels = host.split('.').all(|label| !label.is_empty() && !label.starts_with('-'));
    (top_is_word && labels).then_some(name.len())
}
