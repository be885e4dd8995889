//! Words, as the keyword tables spell them: lower case and without accents.

/// A word of at most sixteen letters as one number, in the order of the alphabet:
/// a table of them is searched without a call for each comparison.
pub type Key = u128;

/// The longest word that has a key, in folded bytes.
const LONGEST: usize = size_of::<Key>();

/// The key of a word that is folded already.
pub const fn key(word: &str) -> Key {
    let bytes = word.as_bytes();
    assert!(bytes.len() <= LONGEST, "a table's word is too long");
    let (mut key, mut at) = (0, 0);
    while at < LONGEST {
        key = key << 8 | if at < bytes.len() { bytes[at] as Key } else { 0 };
        at += 1;
    }
    key
}

/// A letter with an accent as the tables spell it; none for a letter that
/// Portuguese lacks.
fn fold(letter: char) -> Option<u8> {
    Some(match letter {
        'á' | 'à' | 'â' | 'ã' | 'ä' | 'Á' | 'À' | 'Â' | 'Ã' | 'Ä' => b'a',
        'é' | 'è' | 'ê' | 'ë' | 'É' | 'È' | 'Ê' | 'Ë' => b'e',
        'í' | 'ì' | 'î' | 'ï' | 'Í' | 'Ì' | 'Î' | 'Ï' => b'i',
        'ó' | 'ò' | 'ô' | 'õ' | 'ö' | 'Ó' | 'Ò' | 'Ô' | 'Õ' | 'Ö' => b'o',
        'ú' | 'ù' | 'û' | 'ü' | 'Ú' | 'Ù' | 'Û' | 'Ü' => b'u',
        'ç' | 'Ç' => b'c',
        _ => return None,
    })
}

/// A folded word and where it stands.
pub struct Word {
    letters: Key,
    length: usize,
    /// Its first byte in the text.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

impl Word {
    /// The folded word's key; none for a word that no table can hold.
    pub fn key(&self) -> Option<Key> {
        let padding = LONGEST.checked_sub(self.length)?;
        self.letters.checked_shl(8 * padding as u32)
    }

    /// The run of letters that starts at `start`; empty where there is none.
    fn read(text: &str, start: usize) -> Self {
        let mut word = Self { letters: 0, length: 0, start, end: start };
        while let Some(&byte) = text.as_bytes().get(word.end) {
            // Most letters are ASCII, and need no decoding.
            if byte.is_ascii_alphabetic() {
                word.push(Some(byte | 0x20));
                word.end += 1;
                continue;
            }
            let Some(letter) = text[word.end..].chars().next().filter(|letter| !letter.is_ascii()) else {
                break;
            };
            if is_accent(letter) && word.end > start {
                // A combining accent is part of the letter before it.
            } else if letter.is_alphabetic() {
                word.push(fold(letter));
            } else {
                break;
            }
            word.end += letter.len_utf8();
        }
        word
    }

    /// Adds a folded letter. One that does not fold, or one too many, makes the
    /// word unknown.
    fn push(&mut self, folded: Option<u8>) {
        match folded {
            Some(byte) if self.length < LONGEST => {
                self.letters = self.letters << 8 | Key::from(byte);
                self.length += 1;
            }
            _ => self.length = LONGEST + 1,
        }
    }
}

fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// Calls `visit` with each run of letters.
pub fn each(text: &str, mut visit: impl FnMut(&Word)) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at].is_ascii() && !bytes[at].is_ascii_alphabetic() {
            at += 1;
            continue;
        }
        let word = Word::read(text, at);
        if word.end > at {
            visit(&word);
            at = word.end;
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
}

/// Whether a letter or digit ends right before `at`.
pub fn joins_left(text: &str, at: usize) -> bool {
    text[..at].chars().next_back().is_some_and(char::is_alphanumeric)
}

/// Whether a letter or digit starts at `at`.
pub fn joins_right(text: &str, at: usize) -> bool {
    text[at..].chars().next().is_some_and(char::is_alphanumeric)
}
