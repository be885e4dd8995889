//! Registrations with a council, as they are written in a text.

use crate::text::{Gap, Plain};

/// The federative units.
const REGIONS: [&str; 27] = [
    "ac", "al", "am", "ap", "ba", "ce", "df", "es", "go", "ma", "mg", "ms", "mt", "pa", "pb", "pe", "pi",
    "pr", "rj", "rn", "ro", "rr", "rs", "sc", "se", "sp", "to",
];

/// Councils whose members may be called doctor without being physicians.
const OTHERS: [&str; 10] = ["cro", "coren", "crp", "crefito", "crn", "crf", "crbm", "crfa", "crmv", "oab"];

/// How many words after the council's letters its number and unit may stand.
const REACH: usize = 8;

/// A registration: the council's letters, and what follows them.
pub struct Registration {
    /// In the folded text, end exclusive.
    pub start: usize,
    /// See `start`.
    pub end: usize,
    /// The council is the physicians'.
    pub physicians: bool,
    /// It has both the number and the federative unit.
    pub complete: bool,
}

/// Whether the letters, of either case, are a federative unit's.
pub fn is_region(letters: &str) -> bool {
    REGIONS.iter().any(|region| region.eq_ignore_ascii_case(letters))
}

/// Every registration that has at least a number, in order.
pub fn find(plain: &Plain) -> Vec<Registration> {
    (0..plain.words().len()).filter_map(|at| read(plain, at)).collect()
}

/// "CRM/SP 123456", "CRM-SP nº 123.456", "CRM 123456/SP", "CRMSP 123456".
fn read(plain: &Plain, at: usize) -> Option<Registration> {
    let letters = plain.word(at);
    let (council, joined) = match letters.strip_prefix("crm") {
        Some("" | "v") | None => (letters, false),
        Some(rest) => ("crm", is_region(rest).then_some(true)?),
    };
    let physicians = council == "crm";
    if !physicians && !OTHERS.contains(&council) {
        return None;
    }
    let (mut region, mut number, mut last) = (joined, false, at);
    for next in at + 1..(at + REACH).min(plain.words().len()) {
        if plain.words()[next - 1].gap >= Gap::Sentence {
            break;
        }
        let word = plain.word(next);
        if word.bytes().all(|byte| byte.is_ascii_digit()) {
            number = true;
        } else if !region && plain.words()[next].capital && is_region(word) {
            region = true;
        } else if matches!(word, "n" | "no" | "numero" | "do" | "de" | "estado" | "inscricao" | "sob" | "o") {
            continue;
        } else {
            break;
        }
        last = next;
        if region && number && !continues(plain, next) {
            break;
        }
    }
    let (start, end) = (plain.words()[at].start, plain.words()[last].end);
    number.then_some(Registration { start, end, physicians, complete: region })
}

/// Whether the number goes on after a full stop or a hyphen: "52.12345-6".
fn continues(plain: &Plain, at: usize) -> bool {
    let rest = &plain.folded().as_bytes()[plain.words()[at].end..];
    matches!(rest, [b'.' | b'-', digit, ..] if digit.is_ascii_digit())
}
