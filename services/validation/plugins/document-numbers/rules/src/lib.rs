//! The half of the component `document-numbers` that reads documents: the
//! validator of `hygia:validation`, over the crate `scan`. The other half, in C,
//! knows the check digits; the two are composed into one component.

#![allow(missing_docs)] // What the macro generates has the WIT file's words.
#![allow(unsafe_code)] // The canonical ABI's exports are raw functions.

wit_bindgen::generate!({
    path: "../wit",
    world: "rules",
    generate_all,
});

use exports::hygia::validation::validator::{Document, Finding, Guest, Rule, ValidationError};
use hygia::document_numbers::check_digits;
use hygia::validation::types::{Field, Location, Severity, Source};

struct Component;

impl Guest for Component {
    fn rules() -> Vec<Rule> {
        vec![Rule {
            id: "PII-2".into(),
            title: "Nenhum número de NIS ou de título de eleitor".into(),
            severity: Severity::Error,
            source: source(),
        }]
    }

    fn validate(document: Document) -> Result<Vec<Finding>, ValidationError> {
        let language = document.language.split(['-', '_']).next().unwrap_or_default();
        if !language.eq_ignore_ascii_case("pt") {
            // A tag has at most 35 letters in practice (RFC 5646, 4.4.1).
            return Err(ValidationError::UnsupportedLanguage(document.language.chars().take(35).collect()));
        }
        let mut findings = Vec::new();
        for (field, text) in
            [(Field::Title, &document.title), (Field::Excerpt, &document.excerpt), (Field::Body, &document.body)]
        {
            let found = scan::find(text, valid).map_err(|bound| ValidationError::TooLarge(bound.0.into()))?;
            findings.extend(found.into_iter().map(|number| finding(field, number)));
        }
        Ok(findings)
    }
}

/// Asks the other half.
fn valid(kind: scan::Kind, digits: &str) -> bool {
    let kind = match kind {
        scan::Kind::Nis => check_digits::Kind::Nis,
        scan::Kind::Titulo => check_digits::Kind::Titulo,
    };
    check_digits::valid(kind, digits)
}

/// The bound on a text's length keeps every offset within 32 bits.
fn finding(field: Field, number: scan::Found) -> Finding {
    let message = match number.kind {
        scan::Kind::Nis => "O texto traz um número de NIS (PIS, PASEP).",
        scan::Kind::Titulo => "O texto traz um número de título de eleitor.",
    };
    Finding {
        rule: "PII-2".into(),
        severity: Severity::Error,
        location: Location { field, start: number.start as u32, end: number.end as u32 },
        message: message.into(),
        advice: "Remova o número: o conteúdo público não pode identificar um paciente.".into(),
        source: source(),
    }
}

fn source() -> Source {
    Source {
        citation: "Lei 13.709/2018 (LGPD), arts. 7 e 11".into(),
        jurisdiction: "BR".into(),
        in_force_since: "2020-09-18".into(),
        status: "in force".into(),
    }
}

export!(Component);
