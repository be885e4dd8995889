//! Codes, with the systems that define them.

use crate::resource::{Coding, Concept};
use crate::{Action, Outcome};

const RESTFUL: &str = "http://hl7.org/fhir/restful-interaction";
const DICOM: &str = "http://dicom.nema.org/resources/ontology/DCM";
const PARTICIPATION: &str = "http://terminology.hl7.org/CodeSystem/v3-ParticipationType";

/// The profiles' common prefix.
const PROFILES: &str = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.";

/// Systems of our own: methods, roles, purposes and kinds of object are the
/// suite's words, and no public code system has them.
pub const METHODS: &str = "urn:hygia:method";
pub const ROLES: &str = "urn:hygia:role";
pub const PURPOSES: &str = "urn:hygia:purpose";
/// Permanent ids of an access, of a person, and of an object of some kind.
pub const ACCESSES: &str = "urn:hygia:access";
pub const PERSONS: &str = "urn:hygia:person";
pub const OBJECTS: &str = "urn:hygia:object:";
/// Identifiers that are URIs themselves (RFC 3986), as FHIR names them.
pub const URIS: &str = "urn:ietf:rfc:3986";

pub const REST: Coding<'static> =
    coding("http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "Restful Operation");
pub const SYSTEM_OBJECT: Coding<'static> =
    coding("http://terminology.hl7.org/CodeSystem/audit-entity-type", "2", "System Object");
pub const DOMAIN_RESOURCE: Coding<'static> =
    coding("http://terminology.hl7.org/CodeSystem/object-role", "4", "Domain Resource");
pub const TRANSACTION: Coding<'static> =
    coding("https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "XrequestId", "X-Request-Id");
pub const APPLICATION_SERVER: Coding<'static> =
    coding("http://terminology.hl7.org/CodeSystem/security-source-type", "4", "Application Server");

const fn coding<'c>(system: &'c str, code: &'c str, display: &'c str) -> Coding<'c> {
    Coding { system, code, display: Some(display) }
}

/// What depends on the action.
pub struct Pattern {
    /// AuditEvent.action.
    pub action: &'static str,
    /// The RESTful interaction; none for an execution.
    pub interaction: Option<Coding<'static>>,
    /// The BALP profile's last part.
    pub profile: Option<&'static str>,
    /// The type of the agent that called, of the one that served, and of the
    /// person: data flows from source to destination.
    pub client: Concept<'static>,
    pub server: Concept<'static>,
    pub user: Concept<'static>,
}

impl Pattern {
    /// BALP's pattern for the action. An execution is logged as a query is: what
    /// is asked flows from the client.
    pub fn of(action: Action) -> Self {
        let source = Concept::of(coding(DICOM, "110153", "Source Role ID"));
        let destination = Concept::of(coding(DICOM, "110152", "Destination Role ID"));
        let author = Concept::of(coding(PARTICIPATION, "AUT", "author (originator)"));
        let recipient = Concept::of(coding(PARTICIPATION, "IRCP", "information recipient"));
        let restful = |code| Some(coding(RESTFUL, code, code));
        let (action, interaction, profile, client, server, user) = match action {
            Action::Create => ("C", restful("create"), Some("Create"), source, destination, author),
            Action::Read => ("R", restful("read"), Some("Read"), destination, source, recipient),
            Action::Update => ("U", restful("update"), Some("Update"), source, destination, author),
            Action::Delete => ("D", restful("delete"), Some("Delete"), application(), custodian(), author),
            Action::Execute => ("E", None, None, source, destination, author),
        };
        Self { action, interaction, profile, client, server, user }
    }

    /// The profile's canonical URL.
    pub fn profile_url(&self) -> Option<String> {
        self.profile.map(|name| format!("{PROFILES}{name}"))
    }
}

fn application() -> Concept<'static> {
    Concept::of(coding(DICOM, "110150", "Application"))
}

fn custodian() -> Concept<'static> {
    const SYSTEM: &str = "http://terminology.hl7.org/CodeSystem/provenance-participant-type";
    Concept::of(coding(SYSTEM, "custodian", "Custodian"))
}

/// AuditEvent.outcome: success, minor failure, serious failure. What is pending
/// has none yet.
pub fn outcome(outcome: Outcome) -> Option<&'static str> {
    match outcome {
        Outcome::Pending => None,
        Outcome::Success => Some("0"),
        Outcome::Refused => Some("4"),
        Outcome::Failure => Some("8"),
    }
}
