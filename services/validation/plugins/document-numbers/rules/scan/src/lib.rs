//! Finds the NIS and the título de eleitor in Portuguese text.
//!
//! One random number of eleven digits in eleven passes the check digit of a NIS:
//! a number counts only where a word shortly before it names its kind. Whether
//! the digits are right is for somebody else to say: see [`find`].

/// The longest text, in bytes.
pub const MAX_TEXT: usize = 2 << 20;

/// The most numbers that are reported.
pub const MAX_FOUND: usize = 500;

/// How many bytes before a number its kind may be named.
const REACH: usize = 48;

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// NIS, PIS, PASEP and NIT: one number.
    Nis,
    /// Título de eleitor.
    Titulo,
}

/// A number in the text, by its bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// The text or what is found in it passes a bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLarge(pub &'static str);

/// Finds numbers, in order. `valid` says whether digits are a number of a kind.
pub fn find(text: &str, mut valid: impl FnMut(Kind, &str) -> bool) -> Result<Vec<Found>, TooLarge> {
    if text.len() > MAX_TEXT {
        return Err(TooLarge("a field is longer than 2097152 bytes"));
    }
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = text[at..].find(|c: char| c.is_ascii_digit()) {
        let start = at + offset;
        let number = Number::read(text, start);
        at = number.end;
        let Some(kind) = number.kind() else { continue };
        if named(text, start, kind) && valid(kind, &number.digits) {
            found.push(Found { kind, start, end: number.end });
        }
        if found.len() > MAX_FOUND {
            return Err(TooLarge("there are more than 500 numbers"));
        }
    }
    Ok(found)
}

/// Digits, and what stands between them.
struct Number {
    digits: String,
    /// The separators, each with how many digits stand before it.
    marks: Vec<(usize, u8)>,
    end: usize,
}

impl Number {
    /// Reads digits with single separators between them, as far as they go.
    fn read(text: &str, start: usize) -> Self {
        let bytes = text.as_bytes();
        let mut number = Self { digits: String::new(), marks: Vec::new(), end: start };
        for at in start..bytes.len() {
            let next_is_digit = bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
            match bytes[at] {
                digit @ b'0'..=b'9' => {
                    number.digits.push(char::from(digit));
                    number.end = at + 1;
                }
                mark @ (b'.' | b'-' | b' ' | b'/') if next_is_digit => {
                    number.marks.push((number.digits.len(), mark));
                }
                _ => break,
            }
        }
        number
    }

    /// The kind that the number is written like: bare, or in its own groups.
    fn kind(&self) -> Option<Kind> {
        match (self.digits.len(), self.marks.as_slice()) {
            (11, [] | [(3, b'.'), (8, b'.'), (10, b'-')]) => Some(Kind::Nis),
            (12, [] | [(4, b' '), (8, b' ')]) => Some(Kind::Titulo),
            _ => None,
        }
    }
}

/// Whether a word shortly before names the kind.
fn named(text: &str, start: usize, kind: Kind) -> bool {
    let from = (start.saturating_sub(REACH)..=start).find(|&at| text.is_char_boundary(at)).unwrap_or(start);
    let before = text[from..start].to_lowercase();
    let names: &[&str] = match kind {
        Kind::Nis => &["nis", "pis", "pasep", "nit"],
        Kind::Titulo => &["título", "titulo", "eleitor", "eleitoral"],
    };
    before.split(|c: char| !c.is_alphabetic()).any(|word| names.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<(Kind, &str)> {
        let found = find(text, |_, _| true).expect("the text is small");
        found.into_iter().map(|f| (f.kind, &text[f.start..f.end])).collect()
    }

    #[test]
    fn finds_what_is_named() {
        for (text, want) in [
            ("PIS 120.38619.49-4.", vec![(Kind::Nis, "120.38619.49-4")]),
            ("NIS: 12038619494", vec![(Kind::Nis, "12038619494")]),
            ("pis/pasep nº 12016784018", vec![(Kind::Nis, "12016784018")]),
            ("Título de eleitor 6908 4709 2828", vec![(Kind::Titulo, "6908 4709 2828")]),
            ("título eleitoral 163204010922 e NIT 12038619494", vec![
                (Kind::Titulo, "163204010922"),
                (Kind::Nis, "12038619494"),
            ]),
        ] {
            assert_eq!(all(text), want, "{text}");
        }
    }

    #[test]
    fn leaves_the_rest() {
        for text in [
            "",
            "12038619494",
            "telefone 12038619494",
            "PIS 120386194",
            "PIS 1203861949499",
            "PIS 120-38619-49-4",
            "PIS 120..38619.49-4",
            "opis 12038619494",
            "Título: dose de 6908 4709 28",
            "PIS, como se sabe há muito tempo por todos os que leem, 12038619494",
        ] {
            assert_eq!(all(text), vec![], "{text}");
        }
    }

    #[test]
    fn asks_for_the_digits() {
        let mut asked = Vec::new();
        let found = find("PIS 120.38619.49-4", |kind, digits| {
            asked.push((kind, digits.to_owned()));
            false
        });
        assert_eq!(found, Ok(vec![]));
        assert_eq!(asked, vec![(Kind::Nis, "12038619494".to_owned())]);
    }

    #[test]
    fn bounds_hold() {
        assert!(find(&"a".repeat(MAX_TEXT + 1), |_, _| true).is_err());
        assert!(find(&"PIS 12038619494 ".repeat(MAX_FOUND + 1), |_, _| true).is_err());
        assert_eq!(all(&"é".repeat(100)), vec![]);
        assert_eq!(all(&format!("PIS {}12038619494", "é".repeat(18))), vec![(Kind::Nis, "12038619494")]);
    }
}
