//! Physicians named in a text.

use crate::text::{Gap, Plain};

/// The most words of a name that are read.
const LONGEST: usize = 6;

/// A name, as its folded words without "de", "da" and the like, so that "Dr.
/// Souza" and "João de Souza" can be told to be the same.
#[derive(Clone, Debug)]
pub struct Name(Vec<String>);

impl Name {
    /// The name in a text that holds it alone.
    pub fn of(text: &str) -> Self {
        let plain = Plain::read(text);
        Self::from_words((0..plain.words().len()).map(|at| plain.word(at)))
    }

    fn from_words<'w>(words: impl Iterator<Item = &'w str>) -> Self {
        let telling = words.filter(|word| !is_connective(word) && !is_title(word));
        Self(telling.take(LONGEST).map(str::to_owned).collect())
    }

    /// Whether one name holds every word of the other.
    pub fn matches(&self, other: &Self) -> bool {
        let (short, long) = if self.0.len() <= other.0.len() { (self, other) } else { (other, self) };
        !short.0.is_empty() && short.0.iter().all(|word| long.0.contains(word))
    }
}

/// A physician named.
pub struct Mention {
    /// In the folded text, from the title on; end exclusive.
    pub start: usize,
    /// See `start`.
    pub end: usize,
    pub name: Name,
}

fn is_title(word: &str) -> bool {
    matches!(word, "dr" | "dra" | "doutor" | "doutora" | "prof" | "profa" | "medico" | "medica")
}

fn is_connective(word: &str) -> bool {
    matches!(word, "de" | "da" | "do" | "das" | "dos" | "e")
}

/// Whether an author's name starts with a physician's title.
pub fn has_title(name: &str) -> bool {
    let plain = Plain::read(name);
    (0..2).any(|at| matches!(plain.word(at), "dr" | "dra" | "doutor" | "doutora"))
}

/// Every mention, in order. A heading may write each word with a capital, so that
/// after "médico" no name can be told from others there: `titles_alone`.
pub fn find(plain: &Plain, titles_alone: bool) -> Vec<Mention> {
    let mut mentions = Vec::new();
    let mut at = 0;
    while at < plain.words().len() {
        match read(plain, at, titles_alone) {
            Some((mention, last)) => {
                mentions.push(mention);
                at = last + 1;
            }
            None => at += 1,
        }
    }
    mentions
}

/// The mention that starts with the word at `at`, and its last word.
fn read(plain: &Plain, at: usize, titles_alone: bool) -> Option<(Mention, usize)> {
    let (first, least) = match plain.word(at) {
        "dr" | "dra" | "doutor" | "doutora" if !is_address(plain, at) => (at + 1, 1),
        "medico" | "medica" if !titles_alone => (after_specialty(plain, at), 2),
        _ => return None,
    };
    let last = name_end(plain, at, first)?;
    let name = Name::from_words((first..=last).map(|word| plain.word(word)));
    if name.0.len() < least || is_institution(plain.word(first)) {
        return None;
    }
    let (start, end) = (plain.words()[at].start, plain.words()[last].end);
    Some((Mention { start, end, name }, last))
}

/// "médica cardiologista Ana Souza" has a specialty before the name.
fn after_specialty(plain: &Plain, at: usize) -> usize {
    let is_specialty = |word: &str| {
        ["ista", "logo", "loga", "iatra", "geral", "graduado", "graduada"]
            .iter()
            .any(|ending| word.ends_with(ending))
    };
    if plain.words()[at].gap == Gap::None && is_specialty(plain.word(at + 1)) { at + 2 } else { at + 1 }
}

/// The last word of the name that starts at `first`; none where no name does.
fn name_end(plain: &Plain, title: usize, first: usize) -> Option<usize> {
    let words = plain.words();
    let spelled = |at: usize| {
        words.get(at).is_some_and(|word| {
            word.capital && plain.word(at).starts_with(|letter: char| letter.is_ascii_alphabetic())
        })
    };
    let together = (title..first).all(|at| words.get(at).is_some_and(|word| word.gap == Gap::None));
    if !together || !spelled(first) {
        return None;
    }
    let mut last = first;
    while last < first + LONGEST && words[last].gap == Gap::None {
        // A connective belongs to the name only before another part of it.
        let next = if is_connective(plain.word(last + 1)) { last + 2 } else { last + 1 };
        if !spelled(next) || words[next - 1].gap != Gap::None {
            break;
        }
        last = next;
    }
    Some(last)
}

/// Streets and houses are named after doctors.
fn is_address(plain: &Plain, at: usize) -> bool {
    at > 0
        && plain.words()[at - 1].gap < Gap::Sentence
        && matches!(
            plain.word(at - 1),
            "rua"
                | "r"
                | "av"
                | "avenida"
                | "praca"
                | "alameda"
                | "travessa"
                | "rodovia"
                | "largo"
                | "hospital"
                | "instituto"
                | "escola"
                | "edificio"
                | "centro"
                | "maternidade"
                | "fundacao"
                | "unidade"
                | "ubs"
                | "upa"
        )
}

fn is_institution(word: &str) -> bool {
    ["hospital", "institut", "clinic", "conselho", "federal", "associac", "sociedade", "veterin", "sem"]
        .iter()
        .any(|stem| word.starts_with(stem))
}
