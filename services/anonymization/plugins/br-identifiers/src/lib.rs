//! The component `br-identifiers`: the detector of `hygia:anonymization`, over
//! the routines of the crate `identifiers`. It imports nothing.

#![allow(missing_docs)] // What the macro generates has the WIT file's words.
#![allow(unsafe_code)] // The canonical ABI's exports are raw functions.

wit_bindgen::generate!({
    path: "../../../../wit/anonymization",
    world: "pure-detector",
});

use exports::hygia::anonymization::detector::{DetectError, Guest};
use hygia::anonymization::types::{Identifier, Span};
use identifiers::Kind;

struct Component;

impl Guest for Component {
    fn detect(text: String) -> Result<Vec<Span>, DetectError> {
        match identifiers::detect(&text) {
            Ok(spans) => Ok(spans.into_iter().map(lift).collect()),
            Err(error) => Err(DetectError::TooLarge(error.to_string())),
        }
    }
}

/// The bound on the text's length keeps every offset within 32 bits.
fn lift(span: identifiers::Span) -> Span {
    Span {
        start: span.start as u32,
        end: span.end as u32,
        identifier: match span.kind {
            Kind::Cpf => Identifier::Cpf,
            Kind::Cnpj => Identifier::Cnpj,
            Kind::Cns => Identifier::Cns,
            Kind::Phone => Identifier::Phone,
            Kind::Email => Identifier::Email,
            Kind::Date => Identifier::Date,
        },
        confidence: span.confidence,
        evidence: span.evidence.into(),
    }
}

export!(Component);
