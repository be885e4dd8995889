//! What a reader sees of a field: its text without markup, folded for matching,
//! each character with its place in the field.

use crate::entities;

/// What stands between a word and the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// Space, a hyphen, a slash: the same phrase.
    None,
    /// A comma or a dash: the same clause, loosely.
    Comma,
    /// A colon, a semicolon, a parenthesis: another clause.
    Clause,
    /// The sentence ends.
    Sentence,
    /// The sentence ends with a question mark.
    Question,
    /// The paragraph ends.
    Block,
}

/// A run of letters and digits.
#[derive(Clone, Copy, Debug)]
pub struct Word {
    /// In the folded text, end exclusive.
    pub start: usize,
    /// See `start`.
    pub end: usize,
    /// Whether it is written with a capital at its start.
    pub capital: bool,
    /// What follows it.
    pub gap: Gap,
}

/// A field's text: lower case, without accents, one ASCII byte a character, a
/// line's end where a paragraph ends.
pub struct Plain {
    folded: String,
    /// For each byte of `folded`, the first byte of its source and the byte after.
    places: Vec<(u32, u32)>,
    capitals: Vec<bool>,
    words: Vec<Word>,
}

impl Plain {
    /// Reads HTML, or plain text, which is HTML without tags.
    pub fn read(source: &str) -> Self {
        let mut plain = Self {
            folded: String::with_capacity(source.len()),
            places: Vec::with_capacity(source.len()),
            capitals: Vec::with_capacity(source.len()),
            words: Vec::new(),
        };
        plain.strip(source);
        plain.split();
        plain
    }

    /// The folded text.
    pub fn folded(&self) -> &str {
        &self.folded
    }

    /// The words, in order.
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// A word's folded letters and digits.
    pub fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", |word| &self.folded[word.start..word.end])
    }

    /// The place in the field of a stretch of the folded text.
    pub fn place(&self, start: usize, end: usize) -> (usize, usize) {
        (self.places[start].0 as usize, self.places[end - 1].1 as usize)
    }

    /// Takes markup out. Comments, and what no reader sees, leave nothing; a tag
    /// that starts or ends a block leaves a line's end.
    fn strip(&mut self, source: &str) {
        let mut at = 0;
        let mut line_ends = 0;
        while let Some(letter) = source[at..].chars().next() {
            let rest = &source[at..];
            if letter == '<'
                && let Some(markup) = markup(rest)
            {
                if let Some(shown) = markup.leaves {
                    self.push(shown, at, at + markup.len);
                }
                at += markup.len;
                continue;
            }
            let (letter, len) = match letter {
                '&' => entities::decode(rest).unwrap_or((letter, 1)),
                _ => (letter, letter.len_utf8()),
            };
            // An empty line ends a paragraph, as WordPress reads plain text.
            line_ends = match letter {
                '\n' => line_ends + 1,
                _ if letter.is_whitespace() => line_ends,
                _ => 0,
            };
            let paragraph = letter == '\n' && line_ends == 2;
            let shown = if letter == '\n' && !paragraph { ' ' } else { letter };
            self.push(shown, at, at + len);
            at += len;
        }
    }

    fn push(&mut self, letter: char, start: usize, end: usize) {
        let Some(byte) = fold(letter) else {
            // An accent, or something invisible, belongs to the letter before.
            if let Some(place) = self.places.last_mut() {
                place.1 = end as u32;
            }
            return;
        };
        self.folded.push(char::from(byte));
        self.places.push((start as u32, end as u32));
        self.capitals.push(letter.is_uppercase());
    }

    /// Finds the words, and what stands after each.
    fn split(&mut self) {
        let bytes = self.folded.as_bytes();
        let mut at = 0;
        while at < bytes.len() {
            if bytes[at].is_ascii_alphanumeric() {
                let start = at;
                while at < bytes.len() && bytes[at].is_ascii_alphanumeric() {
                    at += 1;
                }
                let word = &self.folded[start..at];
                let abbreviated = is_abbreviation(word) && bytes.get(at) == Some(&b'.');
                let numeric = bytes.get(at + 1).is_some_and(u8::is_ascii_digit)
                    && word.ends_with(|last: char| last.is_ascii_digit());
                at += usize::from(abbreviated || (numeric && matches!(bytes[at], b'.' | b',')));
                let end = start + word.len();
                self.words.push(Word { start, end, capital: self.capitals[start], gap: Gap::None });
                continue;
            }
            if let Some(word) = self.words.last_mut() {
                let dash = bytes[at] == b'-' && bytes[at - 1] == b' ';
                word.gap = word.gap.max(if dash { Gap::Comma } else { gap(bytes[at]) });
            }
            at += 1;
        }
    }
}

fn gap(byte: u8) -> Gap {
    match byte {
        b',' => Gap::Comma,
        b':' | b';' | b'(' | b')' | b'"' => Gap::Clause,
        b'.' | b'!' => Gap::Sentence,
        b'?' => Gap::Question,
        b'\n' => Gap::Block,
        _ => Gap::None,
    }
}

/// Words whose full stop ends no sentence.
fn is_abbreviation(word: &str) -> bool {
    matches!(
        word,
        "dr" | "dra"
            | "drs"
            | "dras"
            | "r"
            | "sr"
            | "sra"
            | "prof"
            | "profa"
            | "no"
            | "n"
            | "av"
            | "art"
            | "tel"
    )
}

/// The ASCII byte that stands for a character; none for one that combines with
/// the letter before it or shows nothing.
fn fold(letter: char) -> Option<u8> {
    Some(match letter {
        'A'..='Z' => letter.to_ascii_lowercase() as u8,
        '\n' => b'\n',
        '\0'..='\u{1f}' | '\u{7f}' => b' ',
        '\0'..='\u{7f}' => letter as u8,
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'Á' | 'À' | 'Â' | 'Ã' | 'Ä' | 'ª' => b'a',
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => b'e',
        'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => b'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' | 'º' | '°' => b'o',
        'ú' | 'ù' | 'û' | 'ü' | 'Ú' | 'Ù' | 'Û' | 'Ü' => b'u',
        'ç' | 'Ç' => b'c',
        'ñ' | 'Ñ' => b'n',
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => return None,
        '\u{2010}'..='\u{2015}' | '\u{2212}' => b'-',
        '“' | '”' | '«' | '»' => b'"',
        '‘' | '’' => b'\'',
        '…' => b'.',
        _ if letter.is_alphanumeric() => b'x',
        _ => b' ',
    })
}

/// A tag or comment.
struct Markup {
    len: usize,
    /// What a reader sees in its place.
    leaves: Option<char>,
}

/// The markup at the start of `rest`, which starts with `<`; none where that is a
/// sign of its own, as in "p < 0,05".
fn markup(rest: &str) -> Option<Markup> {
    if let Some(comment) = rest.strip_prefix("<!--") {
        let end = comment.find("-->").map_or(rest.len(), |at| at + 7);
        return Some(Markup { len: end, leaves: None });
    }
    let name_start = 1 + usize::from(rest[1..].starts_with('/'));
    let first = rest[name_start..].bytes().next()?;
    if !first.is_ascii_alphabetic() && first != b'!' && first != b'?' {
        return None;
    }
    let name_len = rest[name_start..].bytes().take_while(u8::is_ascii_alphanumeric).count();
    let name = rest[name_start..name_start + name_len].to_ascii_lowercase();
    let mut len = tag_len(rest);
    if name_start == 1 && is_unseen(&name) {
        len += end_of_unseen(&rest[len..], &name);
    }
    Some(Markup { len, leaves: shown(&name) })
}

/// How long the tag is; one that is never closed takes the rest, as browsers do.
fn tag_len(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    rest.len()
}

fn is_unseen(name: &str) -> bool {
    matches!(name, "script" | "style" | "template" | "noscript" | "iframe" | "object" | "svg")
}

/// Where the element's own end tag starts.
fn end_of_unseen(rest: &str, name: &str) -> usize {
    let is_end = |at: &usize| {
        let tag = &rest.as_bytes()[at + 2..];
        tag.len() >= name.len() && tag[..name.len()].eq_ignore_ascii_case(name.as_bytes())
    };
    rest.match_indices("</").map(|(at, _)| at).find(is_end).unwrap_or(rest.len())
}

/// What an element's tag leaves: nothing inside a sentence, else a space or the
/// paragraph's end.
fn shown(name: &str) -> Option<char> {
    match name {
        "a" | "abbr" | "b" | "bdi" | "bdo" | "cite" | "code" | "del" | "em" | "font" | "i" | "ins"
        | "kbd" | "mark" | "q" | "s" | "small" | "span" | "strike" | "strong" | "sub" | "sup" | "time"
        | "u" | "var" | "wbr" => None,
        "br" | "img" | "input" | "button" => Some(' '),
        _ => Some('\n'),
    }
}
