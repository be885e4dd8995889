//! What the fixtures share.

use rules::{Author, Credential, Document, Finding, validate};

/// A notice that satisfies GOV-4, so that a fixture of another rule is clean.
pub const NOTICE: &str = " Este conteúdo não substitui a consulta.";

pub fn document(body: &str) -> Document {
    Document { language: "pt-BR".into(), body: body.into(), ..Document::default() }
}

pub fn author(name: &str, credential: Option<(&str, &str, &str)>) -> Author {
    let credential = credential.map(|(council, number, region)| Credential {
        council: council.into(),
        number: number.into(),
        region: region.into(),
    });
    Author { display_name: name.into(), credential }
}

pub fn findings(document: &Document) -> Vec<Finding> {
    validate(document).expect("within bounds")
}

/// What one rule finds in a body, as the bytes that it points at.
pub fn pointed(rule: &str, body: &str) -> Vec<String> {
    let body = format!("{body}{NOTICE}");
    let found = findings(&document(&body));
    let others: Vec<_> = found.iter().filter(|finding| finding.rule.id != rule).collect();
    assert!(others.is_empty(), "other rules found {others:?} in {body:?}");
    found.iter().map(|finding| body[finding.start..finding.end].to_string()).collect()
}

#[track_caller]
pub fn passes(rule: &str, body: &str) {
    assert_eq!(pointed(rule, body), Vec::<String>::new(), "in {body:?}");
}

#[track_caller]
pub fn fails(rule: &str, body: &str, places: &[&str]) {
    assert_eq!(pointed(rule, body), places, "in {body:?}");
}
