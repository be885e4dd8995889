//! The component `fhir-audit-event`: the formatter of `hygia:audit`, over the
//! crate `event`. It imports nothing.

#![allow(missing_docs)] // What the macro generates has the WIT file's words.
#![allow(unsafe_code)] // The canonical ABI's exports are raw functions.

wit_bindgen::generate!({
    path: "../../../../wit/audit",
    world: "pure-formatter",
});

use exports::hygia::audit::formatter::{Event, FormatError, Guest};
use hygia::audit::types::{Action, Outcome, Phase};

struct Component;

impl Guest for Component {
    fn media_type() -> String {
        event::MEDIA_TYPE.into()
    }

    fn format(record: Event) -> Result<String, FormatError> {
        event::format(&lower(record)).map_err(|invalid| FormatError::Invalid(invalid.to_string()))
    }
}

fn lower(record: Event) -> event::Event {
    let objects = record.objects.into_iter().map(|object| event::Object { kind: object.kind, id: object.id });
    event::Event {
        objects: objects.collect(),
        id: record.id,
        access_id: record.access_id,
        time: record.time,
        service: record.service,
        method: record.method,
        action: match record.action {
            Action::Create => event::Action::Create,
            Action::Read => event::Action::Read,
            Action::Update => event::Action::Update,
            Action::Delete => event::Action::Delete,
            Action::Execute => event::Action::Execute,
        },
        phase: match record.phase {
            Phase::Intent => event::Phase::Intent,
            Phase::Outcome => event::Phase::Outcome,
        },
        outcome: match record.outcome {
            Outcome::Pending => event::Outcome::Pending,
            Outcome::Success => event::Outcome::Success,
            Outcome::Refused => event::Outcome::Refused,
            Outcome::Failure => event::Outcome::Failure,
        },
        status: record.status,
        peer: record.peer,
        tenant: record.tenant,
        person: record.person,
        roles: record.roles,
        purpose: record.purpose,
    }
}

export!(Component);
