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

/// A letter as the tables spell it; none for a letter that Portuguese lacks.
fn fold(letter: char) -> Option<u8> {
    Some(match letter {
        'a'..='z' => letter as u8,
        'A'..='Z' => letter.to_ascii_lowercase() as u8,
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

    fn push(&mut self, letter: char, at: usize) {
        // A letter that does not fold, or one too many, makes the word unknown;
        // combining accents are part of the letter before them.
        match fold(letter) {
            Some(byte) if self.length < LONGEST => {
                self.letters = self.letters << 8 | Key::from(byte);
                self.length += 1;
            }
            _ if is_accent(letter) => {}
            _ => self.length = LONGEST + 1,
        }
        self.end = at + letter.len_utf8();
    }
}

fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// Calls `visit` with each run of letters.
pub fn each(text: &str, mut visit: impl FnMut(&Word)) {
    let mut word: Option<Word> = None;
    for (at, letter) in text.char_indices() {
        if letter.is_alphabetic() || (is_accent(letter) && word.is_some()) {
            let word = word.get_or_insert(Word { letters: 0, length: 0, start: at, end: at });
            word.push(letter, at);
        } else if let Some(word) = word.take() {
            visit(&word);
        }
    }
    if let Some(word) = word {
        visit(&word);
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
