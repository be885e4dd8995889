//! The words that say what a number is.

use crate::words::{self, Key, key};

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
const NUMBERS: &[(Key, Topic)] = &[
    (key("agencia"), Topic::Other),
    (key("anvisa"), Topic::Other),
    (key("boleto"), Topic::Other),
    (key("cadsus"), Topic::Cns),
    (key("cartao"), Topic::Cns),
    (key("cel"), Topic::Phone),
    (key("celular"), Topic::Phone),
    (key("cep"), Topic::Other),
    (key("cnh"), Topic::Other),
    (key("cnpj"), Topic::Cnpj),
    (key("cns"), Topic::Cns),
    (key("codigo"), Topic::Other),
    (key("conta"), Topic::Other),
    (key("contato"), Topic::Phone),
    (key("cpf"), Topic::Cpf),
    (key("doi"), Topic::Other),
    (key("ean"), Topic::Other),
    (key("fone"), Topic::Phone),
    (key("fones"), Topic::Phone),
    (key("gtin"), Topic::Other),
    (key("imei"), Topic::Other),
    (key("isbn"), Topic::Other),
    (key("issn"), Topic::Other),
    (key("ligar"), Topic::Phone),
    (key("ligue"), Topic::Phone),
    (key("lote"), Topic::Other),
    (key("matricula"), Topic::Other),
    (key("nis"), Topic::Other),
    (key("orcid"), Topic::Other),
    (key("pasep"), Topic::Other),
    (key("pedido"), Topic::Other),
    (key("pis"), Topic::Other),
    (key("pmid"), Topic::Other),
    (key("processo"), Topic::Other),
    (key("prontuario"), Topic::Other),
    (key("protocolo"), Topic::Other),
    (key("ramal"), Topic::Phone),
    (key("recado"), Topic::Phone),
    (key("recados"), Topic::Phone),
    (key("renavam"), Topic::Other),
    (key("rg"), Topic::Other),
    (key("serie"), Topic::Other),
    (key("sus"), Topic::Cns),
    (key("tel"), Topic::Phone),
    (key("telefone"), Topic::Phone),
    (key("telefones"), Topic::Phone),
    (key("telefonico"), Topic::Phone),
    (key("tels"), Topic::Phone),
    (key("titulo"), Topic::Other),
    (key("whats"), Topic::Phone),
    (key("whatsapp"), Topic::Phone),
    (key("wpp"), Topic::Phone),
    (key("zap"), Topic::Phone),
];

/// Words before a date, folded, in order; each with how far before the date it
/// may end, in bytes: a preposition stands right before it.
const DATES: &[(Key, usize)] = &[
    (key("a"), 1),
    (key("admissao"), REACH),
    (key("admitida"), REACH),
    (key("admitido"), REACH),
    (key("alta"), REACH),
    (key("ate"), 1),
    (key("atendida"), REACH),
    (key("atendido"), REACH),
    (key("atendimento"), REACH),
    (key("cirurgia"), REACH),
    (key("coleta"), REACH),
    (key("consulta"), REACH),
    (key("data"), REACH),
    (key("de"), 1),
    (key("desde"), 1),
    (key("dia"), 4),
    (key("dn"), REACH),
    (key("dt"), REACH),
    (key("dum"), REACH),
    (key("em"), 1),
    (key("evolucao"), REACH),
    (key("exame"), REACH),
    (key("internacao"), REACH),
    (key("internada"), REACH),
    (key("internado"), REACH),
    (key("nasc"), REACH),
    (key("nascida"), REACH),
    (key("nascido"), REACH),
    (key("nascimento"), REACH),
    (key("obito"), REACH),
    (key("operada"), REACH),
    (key("operado"), REACH),
    (key("retorno"), REACH),
    (key("vacina"), REACH),
];

/// The months, folded, in order of the year: the name and its abbreviation.
const MONTHS: [[Key; 2]; 12] = [
    [key("janeiro"), key("jan")],
    [key("fevereiro"), key("fev")],
    [key("marco"), key("mar")],
    [key("abril"), key("abr")],
    [key("maio"), key("mai")],
    [key("junho"), key("jun")],
    [key("julho"), key("jul")],
    [key("agosto"), key("ago")],
    [key("setembro"), key("set")],
    [key("outubro"), key("out")],
    [key("novembro"), key("nov")],
    [key("dezembro"), key("dez")],
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
            let Some(letters) = word.key() else { return };
            let (start, end) = (word.start, word.end);
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
fn look_up<T: Copy>(table: &[(Key, T)], word: Key) -> Option<T> {
    let at = table.binary_search_by_key(&word, |&(known, _)| known).ok()?;
    Some(table[at].1)
}

fn month(word: Key) -> Option<u32> {
    MONTHS.iter().position(|names| names.contains(&word)).map(|at| at as u32 + 1)
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
