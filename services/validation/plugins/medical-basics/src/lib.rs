//! The component `medical-basics`: the validator of `hygia:validation`, over the
//! crate `rules`. It imports nothing.

#![allow(missing_docs)] // What the macro generates has the WIT file's words.
#![allow(unsafe_code)] // The canonical ABI's exports are raw functions.

wit_bindgen::generate!({
    path: "../../../../wit/validation",
    world: "pure-validator",
    generate_all,
});

use exports::hygia::validation::validator::{Document, Finding, Guest, Rule, ValidationError};
use hygia::validation::types;

struct Component;

impl Guest for Component {
    fn rules() -> Vec<Rule> {
        rules::RULES.iter().map(|rule| lift_rule(rule)).collect()
    }

    fn validate(document: Document) -> Result<Vec<Finding>, ValidationError> {
        let language = document.language.clone();
        match rules::validate(&lower(document)) {
            Ok(findings) => Ok(findings.into_iter().map(lift_finding).collect()),
            Err(rules::Refusal::TooLarge(bound)) => Err(ValidationError::TooLarge(bound.into())),
            Err(rules::Refusal::UnsupportedLanguage) => {
                // A tag has at most 35 letters in practice (RFC 5646, 4.4.1).
                Err(ValidationError::UnsupportedLanguage(language.chars().take(35).collect()))
            }
        }
    }
}

fn lower(document: Document) -> rules::Document {
    let authors = document.authors.into_iter().map(|author| rules::Author {
        display_name: author.display_name,
        credential: author.credential.map(|credential| rules::Credential {
            council: credential.council,
            number: credential.number,
            region: credential.region,
        }),
    });
    rules::Document {
        authors: authors.collect(),
        language: document.language,
        title: document.title,
        excerpt: document.excerpt,
        body: document.body,
    }
}

fn lift_rule(rule: &rules::Rule) -> Rule {
    Rule {
        id: rule.id.into(),
        title: rule.title.into(),
        severity: lift_severity(rule.severity),
        source: lift_source(&rule.source),
    }
}

fn lift_severity(severity: rules::Severity) -> types::Severity {
    match severity {
        rules::Severity::Warning => types::Severity::Warning,
        rules::Severity::Error => types::Severity::Error,
    }
}

fn lift_source(source: &rules::Source) -> types::Source {
    types::Source {
        citation: source.citation.into(),
        jurisdiction: source.jurisdiction.into(),
        in_force_since: source.in_force_since.into(),
        status: source.status.into(),
    }
}

/// The bound on a document's length keeps every offset within 32 bits.
fn lift_finding(finding: rules::Finding) -> Finding {
    let field = match finding.field {
        rules::Field::Title => types::Field::Title,
        rules::Field::Excerpt => types::Field::Excerpt,
        rules::Field::Body => types::Field::Body,
        rules::Field::Authors => types::Field::Authors,
    };
    Finding {
        rule: finding.rule.id.into(),
        severity: lift_severity(finding.rule.severity),
        location: types::Location { field, start: finding.start as u32, end: finding.end as u32 },
        message: finding.message,
        advice: finding.advice.into(),
        source: lift_source(&finding.rule.source),
    }
}

export!(Component);
