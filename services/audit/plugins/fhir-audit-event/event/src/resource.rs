//! The parts of AuditEvent (R4, 6.4) that are written, in the order in which the
//! specification lists them.

use serde::Serialize;

use crate::codes::{self, Pattern};
use crate::{Event, Object, Outcome, Phase};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEvent<'e> {
    resource_type: &'static str,
    id: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    meta: Option<Meta>,
    r#type: Coding<'e>,
    subtype: Vec<Coding<'e>>,
    action: &'static str,
    recorded: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<&'static str>,
    outcome_desc: &'e str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    purpose_of_event: Vec<Concept<'e>>,
    agent: Vec<Agent<'e>>,
    source: Source<'e>,
    entity: Vec<Entity<'e>>,
}

#[derive(Serialize)]
struct Meta {
    profile: [String; 1],
}

#[derive(Clone, Serialize)]
pub struct Coding<'e> {
    pub system: &'e str,
    pub code: &'e str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<&'e str>,
}

#[derive(Clone, Serialize)]
pub struct Concept<'e> {
    coding: [Coding<'e>; 1],
}

impl<'e> Concept<'e> {
    pub fn of(coding: Coding<'e>) -> Self {
        Self { coding: [coding] }
    }
}

#[derive(Serialize)]
struct Identifier<'e> {
    system: String,
    value: &'e str,
}

/// A reference by identifier alone: the resource need not exist.
#[derive(Serialize)]
struct Reference<'e> {
    identifier: Identifier<'e>,
}

impl<'e> Reference<'e> {
    fn to(system: impl Into<String>, value: &'e str) -> Self {
        Self { identifier: Identifier { system: system.into(), value } }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Agent<'e> {
    r#type: Concept<'e>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    role: Vec<Concept<'e>>,
    who: Reference<'e>,
    requestor: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<Network<'e>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    purpose_of_use: Vec<Concept<'e>>,
}

#[derive(Serialize)]
struct Network<'e> {
    address: &'e str,
    /// 5: a URI.
    r#type: &'static str,
}

#[derive(Serialize)]
struct Source<'e> {
    #[serde(skip_serializing_if = "Option::is_none")]
    site: Option<&'e str>,
    observer: Reference<'e>,
    r#type: [Coding<'e>; 1],
}

#[derive(Serialize)]
struct Entity<'e> {
    what: Reference<'e>,
    r#type: Coding<'e>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<Coding<'e>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'e str>,
}

impl<'e> AuditEvent<'e> {
    /// The resource for a record that was checked.
    pub fn of(event: &'e Event) -> Self {
        let pattern = Pattern::of(event.action);
        let conforms = event.outcome == Outcome::Success && event.objects.len() == 1;
        let profile = pattern.profile_url().filter(|_| conforms);
        let method = Coding { system: codes::METHODS, code: &event.method, display: None };
        let subtype = pattern.interaction.clone().into_iter().chain([method]).collect();
        Self {
            resource_type: "AuditEvent",
            id: &event.id,
            meta: profile.map(|url| Meta { profile: [url] }),
            r#type: codes::REST,
            subtype,
            action: pattern.action,
            recorded: &event.time,
            outcome: codes::outcome(event.outcome),
            outcome_desc: if event.phase == Phase::Intent { "PENDING" } else { &event.status },
            purpose_of_event: purpose(event),
            agent: agents(event, pattern),
            source: Source {
                site: Some(event.tenant.as_str()).filter(|tenant| !tenant.is_empty()),
                observer: Reference::to(codes::URIS, &event.service),
                r#type: [codes::APPLICATION_SERVER],
            },
            entity: entities(event),
        }
    }
}

fn purpose(event: &Event) -> Vec<Concept<'_>> {
    let coding = Coding { system: codes::PURPOSES, code: &event.purpose, display: None };
    Some(Concept::of(coding)).filter(|_| !event.purpose.is_empty()).into_iter().collect()
}

/// The service that called, the one that served, and the person for whom.
fn agents(event: &Event, pattern: Pattern) -> Vec<Agent<'_>> {
    let has_person = !event.person.is_empty();
    let service = |kind, id, requestor| Agent {
        r#type: kind,
        role: Vec::new(),
        who: Reference::to(codes::URIS, id),
        requestor,
        // Services know each other by SPIFFE id, not by address.
        network: Some(Network { address: id, r#type: "5" }),
        purpose_of_use: Vec::new(),
    };
    let mut agents = vec![
        service(pattern.client, event.peer.as_str(), !has_person),
        service(pattern.server, event.service.as_str(), false),
    ];
    if has_person {
        let roles = event
            .roles
            .iter()
            .map(|role| Concept::of(Coding { system: codes::ROLES, code: role, display: None }));
        agents.push(Agent {
            r#type: pattern.user,
            role: roles.collect(),
            who: Reference::to(codes::PERSONS, &event.person),
            requestor: true,
            network: None,
            purpose_of_use: purpose(event),
        });
    }
    agents
}

/// The access that joins an intent and its outcome, then each object.
fn entities(event: &Event) -> Vec<Entity<'_>> {
    let transaction = Entity {
        what: Reference::to(codes::ACCESSES, &event.access_id),
        r#type: codes::TRANSACTION,
        role: None,
        name: None,
    };
    let objects = event.objects.iter().map(object);
    [transaction].into_iter().chain(objects).collect()
}

fn object(object: &Object) -> Entity<'_> {
    Entity {
        what: Reference::to(format!("{}{}", codes::OBJECTS, object.kind), &object.id),
        r#type: codes::SYSTEM_OBJECT,
        role: Some(codes::DOMAIN_RESOURCE),
        name: Some(&object.kind),
    }
}
