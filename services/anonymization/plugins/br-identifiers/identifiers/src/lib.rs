//! Finds Brazilian identifiers in text.
//!
//! [`detect`] reads a text once into groups of digits, words that name an
//! identifier, and at-signs; each finder then proposes candidates over those, of
//! a confidence that joins three things: the shape, the check digits, and the
//! nearest word that says what the number is. Where candidates overlap the more
//! confident one stands. Every finder looks a bounded distance around each
//! place, so the time is linear in the text but for one sort of the candidates.

pub mod checks;
mod context;
mod date;
mod email;
mod groups;
mod numbers;
mod phone;
mod resolve;
mod words;

use std::fmt;

/// The longest text that [`detect`] reads, in bytes.
pub const MAX_TEXT: usize = 4 << 20;

/// The most spans that [`detect`] gives.
pub const MAX_SPANS: usize = 50_000;

/// What a span identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Cadastro de Pessoas Físicas.
    Cpf,
    /// Cadastro Nacional da Pessoa Jurídica, numeric or alphanumeric.
    Cnpj,
    /// Cartão Nacional de Saúde.
    Cns,
    /// A Brazilian telephone number.
    Phone,
    /// An e-mail address.
    Email,
    /// A calendar date.
    Date,
}

/// A stretch of text that identifies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
    /// What it is.
    pub kind: Kind,
    /// From 0, a guess, to 100: check digits, shape and context agree.
    pub confidence: u8,
    /// What the confidence rests on; never the text.
    pub evidence: &'static str,
}

/// A bound that a text passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TooLarge {
    /// The text is longer than [`MAX_TEXT`].
    Text,
    /// The text holds more than [`MAX_SPANS`] identifiers.
    Spans,
}

impl fmt::Display for TooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text => write!(f, "the text is longer than {MAX_TEXT} bytes"),
            Self::Spans => write!(f, "the text holds more than {MAX_SPANS} identifiers"),
        }
    }
}

impl std::error::Error for TooLarge {}

/// The identifiers of a text, in the order of their start, none overlapping
/// another, each on character boundaries.
pub fn detect(text: &str) -> Result<Vec<Span>, TooLarge> {
    if text.len() > MAX_TEXT {
        return Err(TooLarge::Text);
    }
    let mut candidates = Vec::new();
    let context = context::Context::read(text);
    let groups = groups::read(text);
    numbers::find(text, &groups, &context, &mut candidates);
    numbers::find_alphanumeric(text, &context, &mut candidates);
    phone::find(text, &groups, &context, &mut candidates);
    date::find(text, &groups, &context, &mut candidates);
    email::find(text, &mut candidates);
    // A place has a few candidates at most: this bounds the memory of the sort.
    if candidates.len() > 8 * MAX_SPANS {
        return Err(TooLarge::Spans);
    }
    let spans = resolve::without_overlaps(candidates);
    if spans.len() > MAX_SPANS {
        return Err(TooLarge::Spans);
    }
    Ok(spans)
}
