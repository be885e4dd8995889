//! The words that say what a number is.

use crate::words;

/// What a word announces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    Cpf,
    Cnpj,
    Cns,
    Phone,
    /// A number that is none of ours, such as a protocol's.
    Other,
}

/// Words before a number, folded, in order.
const NUMBERS: &[(&str, Topic)] = &[
    ("agencia", Topic::Other),
    ("anvisa", Topic::Other),
    ("boleto", Topic::Other),
    ("cadsus", Topic::Cns),
    ("cartao", Topic::Cns),
    ("cel", Topic::Phone),
    ("celular", Topic::Phone),
    ("cep", Topic::Other),
    ("cnh", Topic::Other),
    ("cnpj", Topic::Cnpj),
    ("cns", Topic::Cns),
    ("codigo", Topic::Other),
    ("conta", Topic::Other),
    ("contato", Topic::Phone),
    ("cpf", Topic::Cpf),
    ("doi", Topic::Other),
    ("ean", Topic::Other),
    ("fone", Topic::Phone),
    ("fones", Topic::Phone),
    ("gtin", Topic::Other),
    ("imei", Topic::Other),
    ("isbn", Topic::Other),
    ("issn", Topic::Other),
    ("ligar", Topic::Phone),
    ("ligue", Topic::Phone),
    ("lote", Topic::Other),
    ("matricula", Topic::Other),
    ("nis", Topic::Other),
    ("orcid", Topic::Other),
    ("pasep", Topic::Other),
    ("pedido", Topic::Other),
    ("pis", Topic::Other),
    ("pmid", Topic::Other),
    ("processo", Topic::Other),
    ("prontuario", Topic::Other),
    ("protocolo", Topic::Other),
    ("ramal", Topic::Phone),
    ("recado", Topic::Phone),
    ("recados", Topic::Phone),
    ("renavam", Topic::Other),
    ("rg", Topic::Other),
    ("serie", Topic::Other),
    ("sus", Topic::Cns),
    ("tel", Topic::Phone),
    ("telefone", Topic::Phone),
    ("telefones", Topic::Phone),
    ("telefonico", Topic::Phone),
    ("tels", Topic::Phone),
    ("titulo", Topic::Other),
    ("whats", Topic::Phone),
    ("whatsapp", Topic::Phone),
    ("wpp", Topic::Phone),
    ("zap", Topic::Phone),
];

/// Words before a date, folded, in order; each with how far before the date it
/// may end, in bytes: a preposition stands right before it.
const DATES: &[(&str, usize)] = &[
    ("a", 1),
    ("admissao", REACH),
    ("admitida", REACH),
    ("admitido", REACH),
    ("alta", REACH),
    ("ate", 1),
    ("atendida", REACH),
    ("atendido", REACH),
    ("atendimento", REACH),
    ("cirurgia", REACH),
    ("coleta", REACH),
    ("consulta", REACH),
    ("data", REACH),
    ("de", 1),
    ("desde", 1),
    ("dia", 4),
    ("dn", REACH),
    ("dt", REACH),
    ("dum", REACH),
    ("em", 1),
    ("evolucao", REACH),
    ("exame", REACH),
    ("internacao", REACH),
    ("internada", REACH),
    ("internado", REACH),
    ("nasc", REACH),
    ("nascida", REACH),
    ("nascido", REACH),
    ("nascimento", REACH),
    ("obito", REACH),
    ("operada", REACH),
    ("operado", REACH),
    ("retorno", REACH),
    ("vacina", REACH),
];

/// The months, folded, in order of the year; their first three letters are the
/// abbreviations.
const MONTHS: [&str; 12] = [
    "janeiro",
    "fevereiro",
    "marco",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
];

/// How far before a number its word may end, in bytes.
const REACH: usize = 40;

/// How far after a number its word may start, in bytes, as in "… (CPF)".
const REACH_AFTER: usize = 3;

/// A word of the tables.
struct Hit<T> {
    start: usize,
    end: usize,
    what: T,
}

/// A month's name in the text.
pub struct Month {
    pub start: usize,
    pub end: usize,
    /// From 1.
    pub number: u32,
}

/// The telling words of a text.
pub struct Context {
    numbers: Vec<Hit<Topic>>,
    dates: Vec<Hit<usize>>,
    /// Every month that is named, in order.
    pub months: Vec<Month>,
}

impl Context {
    /// Finds the telling words, in one pass.
    pub fn read(text: &str) -> Self {
        let mut found = Self { numbers: Vec::new(), dates: Vec::new(), months: Vec::new() };
        words::each(text, |word| {
            let (letters, start, end) = (word.letters(), word.start, word.end);
            if let Some(topic) = look_up(NUMBERS, letters) {
                found.numbers.push(Hit { start, end, what: topic });
            }
            if let Some(reach) = look_up(DATES, letters) {
                found.dates.push(Hit { start, end, what: reach });
            }
            if let Some(number) = month(letters) {
                found.months.push(Month { start, end, number });
            }
        });
        found
    }

    /// What the nearest telling word says of a number at these bytes.
    pub fn topic(&self, start: usize, end: usize) -> Option<Topic> {
        let next = self.numbers.partition_point(|hit| hit.start < start);
        let before = next.checked_sub(1).map(|at| &self.numbers[at]);
        let after = self.numbers.get(next);
        match (before, after) {
            (Some(hit), _) if hit.end + REACH >= start => Some(hit.what),
            (_, Some(hit)) if hit.start <= end + REACH_AFTER => Some(hit.what),
            _ => None,
        }
    }

    /// Whether a telling word ends right where a number starts, as in "CPF529…".
    pub fn touches(&self, start: usize) -> bool {
        let next = self.numbers.partition_point(|hit| hit.start < start);
        next.checked_sub(1).is_some_and(|at| self.numbers[at].end == start)
    }

    /// Whether a word that announces a date ends shortly before `start`.
    pub fn announces_date(&self, start: usize) -> bool {
        let next = self.dates.partition_point(|hit| hit.start < start);
        let near = self.dates[..next].iter().rev().take_while(|hit| hit.end + REACH >= start);
        near.take(4).any(|hit| hit.end + hit.what >= start)
    }
}

/// What a table, whose words are in order, has for a word.
fn look_up<T: Copy>(table: &[(&str, T)], letters: &[u8]) -> Option<T> {
    let at = table.binary_search_by(|(word, _)| word.as_bytes().cmp(letters)).ok()?;
    Some(table[at].1)
}

fn month(letters: &[u8]) -> Option<u32> {
    if letters.len() < 3 {
        return None;
    }
    let is_month = |name: &[u8]| name == letters || &name[..3] == letters;
    MONTHS.iter().position(|name| is_month(name.as_bytes())).map(|at| at as u32 + 1)
}

#[cfg(test)]
mod tests {
    use super::{DATES, NUMBERS};

    #[test]
    fn tables_are_in_order() {
        assert!(NUMBERS.is_sorted_by(|left, right| left.0 < right.0));
        assert!(DATES.is_sorted_by(|left, right| left.0 < right.0));
    }
}
