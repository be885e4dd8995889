//! One record of the audit log as an AuditEvent of FHIR R4, after the IHE Basic
//! Audit Log Patterns (BALP 1.1.4).
//!
//! A successful create, read, update or delete of one object claims its BALP
//! profile. Any other record is a plain AuditEvent with the same slices: BALP
//! fixes the outcome to success and the data to one entity.

mod check;
mod codes;
mod resource;

use std::fmt;

/// The media type of [`format`]'s result.
pub const MEDIA_TYPE: &str = "application/fhir+json; fhirVersion=4.0";

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// C
    Create,
    /// R
    Read,
    /// U
    Update,
    /// D
    Delete,
    /// E
    Execute,
}

/// Where in an access a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before a change.
    Intent,
    /// After it.
    Outcome,
}

/// What came of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Not known yet.
    Pending,
    /// Done.
    Success,
    /// Refused or invalid.
    Refused,
    /// The service failed.
    Failure,
}

/// Something that was touched.
#[derive(Clone, Debug)]
pub struct Object {
    /// Such as "entry".
    pub kind: String,
    /// Its permanent id.
    pub id: String,
}

/// One record. The fields are those of `hygia:audit/types.event`.
#[derive(Clone, Debug)]
pub struct Event {
    /// UUIDv7.
    pub id: String,
    /// UUIDv7.
    pub access_id: String,
    /// RFC 3339 with milliseconds, UTC.
    pub time: String,
    /// SPIFFE id of the service that acted.
    pub service: String,
    /// Full method.
    pub method: String,
    /// What was done.
    pub action: Action,
    /// Intent or outcome.
    pub phase: Phase,
    /// What came of it.
    pub outcome: Outcome,
    /// Canonical gRPC status name.
    pub status: String,
    /// SPIFFE id of the caller.
    pub peer: String,
    /// Empty where no tenant is concerned.
    pub tenant: String,
    /// Empty for a service's own act.
    pub person: String,
    /// The person's roles.
    pub roles: Vec<String>,
    /// Empty where the access has none.
    pub purpose: String,
    /// What was touched.
    pub objects: Vec<Object>,
}

/// A field that the form needs is missing or malformed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invalid {
    /// The field, as WIT spells it, with an index in a list.
    pub field: String,
    /// What it should be.
    pub expected: &'static str,
}

impl fmt::Display for Invalid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.expected)
    }
}

impl std::error::Error for Invalid {}

/// The record as JSON. The same record always gives the same bytes.
pub fn format(event: &Event) -> Result<String, Invalid> {
    check::check(event)?;
    let resource = resource::AuditEvent::of(event);
    // Serialising strings, numbers and lists into memory has no way to fail.
    serde_json::to_string(&resource)
        .map_err(|_| Invalid { field: "event".into(), expected: "text that JSON can hold" })
}
