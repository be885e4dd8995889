//! Rules over medical content in Portuguese, as Brazilian norms ask.
//!
//! A document is read once into what a reader sees ([`text::Plain`]); each rule
//! is then a pass over its words. Every place a finding gives is in bytes of the
//! field as it came in, markup and entities included.

mod catalogue;
mod credentials;
mod entities;
mod notice;
mod privacy;
mod promises;
mod text;

use std::fmt;

pub use catalogue::{RULES, Rule, Severity, Source};

/// The longest title, excerpt and body together, in bytes.
pub const MAX_TEXT: usize = 2 << 20;

/// The most authors.
pub const MAX_AUTHORS: usize = 100;

/// The most findings.
pub const MAX_FINDINGS: usize = 500;

/// The most physicians that title, excerpt and body name.
pub const MAX_NAMED: usize = 1000;

/// A document as a rule sees it.
#[derive(Clone, Debug, Default)]
pub struct Document {
    /// BCP 47, such as "pt-BR".
    pub language: String,
    /// HTML or plain text, like the excerpt and the body.
    pub title: String,
    /// A summary.
    pub excerpt: String,
    /// HTML with block comments.
    pub body: String,
    /// Who answers for it.
    pub authors: Vec<Author>,
}

/// Who wrote or signs a document.
#[derive(Clone, Debug, Default)]
pub struct Author {
    /// The name as published.
    pub display_name: String,
    /// The registration with a council, where there is one.
    pub credential: Option<Credential>,
}

/// A registration, as a site shows it beside the author's name.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    /// The council's letters, such as "CRM".
    pub council: String,
    /// Digits.
    pub number: String,
    /// The federative unit, two letters.
    pub region: String,
}

/// Which part of a document a finding is about, in the order of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Field {
    /// The title.
    Title,
    /// The excerpt.
    Excerpt,
    /// The body.
    Body,
    /// The list of authors.
    Authors,
}

/// What a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule that found it.
    pub rule: &'static Rule,
    /// Where.
    pub field: Field,
    /// The first byte in the field; 0 for something absent.
    pub start: usize,
    /// The byte after the last; 0 for something absent.
    pub end: usize,
    /// What is wrong, in Portuguese. It never repeats personal data.
    pub message: String,
    /// What to do about it.
    pub advice: &'static str,
}

/// Why a document could not be checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A bound was passed; says which.
    TooLarge(&'static str),
    /// There are no rules for the document's language.
    UnsupportedLanguage,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge(bound) => f.write_str(bound),
            Self::UnsupportedLanguage => f.write_str("there are rules for Portuguese alone"),
        }
    }
}

impl std::error::Error for Refusal {}

/// A document's fields, read.
struct Reading<'d> {
    document: &'d Document,
    fields: [(Field, text::Plain); 3],
}

/// Applies every rule. The findings are in the order of their place, none where
/// all rules hold.
pub fn validate(document: &Document) -> Result<Vec<Finding>, Refusal> {
    let language = document.language.split(['-', '_']).next().unwrap_or_default();
    if !language.eq_ignore_ascii_case("pt") {
        return Err(Refusal::UnsupportedLanguage);
    }
    if document.title.len() + document.excerpt.len() + document.body.len() > MAX_TEXT {
        return Err(Refusal::TooLarge("title, excerpt and body are longer than 2097152 bytes together"));
    }
    if document.authors.len() > MAX_AUTHORS {
        return Err(Refusal::TooLarge("there are more than 100 authors"));
    }
    let reading = Reading {
        document,
        fields: [
            (Field::Title, text::Plain::read(&document.title)),
            (Field::Excerpt, text::Plain::read(&document.excerpt)),
            (Field::Body, text::Plain::read(&document.body)),
        ],
    };
    let mut findings = Vec::new();
    credentials::check(&reading, &mut findings)?;
    promises::check(&reading, &mut findings);
    notice::check(&reading, &mut findings);
    privacy::check(&reading, &mut findings)?;
    if findings.len() > MAX_FINDINGS {
        return Err(Refusal::TooLarge("there are more than 500 findings"));
    }
    findings.sort_by_key(|finding| (finding.field, finding.start, finding.end, finding.rule.id));
    Ok(findings)
}
