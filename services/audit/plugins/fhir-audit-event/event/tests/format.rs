//! Records as AuditEvent.

use event::{Action, Event, Object, Outcome, Phase, format};
use serde_json::{Value, json};

fn record(action: Action) -> Event {
    Event {
        id: "01932f4e-6d2a-7c3b-8a10-0123456789ab".into(),
        access_id: "01932f4e-6d2a-7c3b-8a10-aaaaaaaaaaaa".into(),
        time: "2026-11-21T10:30:00.123Z".into(),
        service: "spiffe://hygia.local/content".into(),
        method: "/hygia.content.v1.ContentService/GetEntry".into(),
        action,
        phase: Phase::Outcome,
        outcome: Outcome::Success,
        status: "OK".into(),
        peer: "spiffe://hygia.local/gateway".into(),
        tenant: "demo".into(),
        person: "01932f4e-0000-7000-8000-000000000001".into(),
        roles: vec!["editor".into()],
        purpose: "publicação".into(),
        objects: vec![Object { kind: "entry".into(), id: "01932f4e-0000-7000-8000-000000000002".into() }],
    }
}

fn written(event: &Event) -> Value {
    serde_json::from_str(&format(event).expect("the record is valid")).expect("the result is JSON")
}

/// The whole of one record, as a person checked it against BALP's Read profile.
#[test]
fn a_read_in_full() {
    let expected = json!({
        "resourceType": "AuditEvent",
        "id": "01932f4e-6d2a-7c3b-8a10-0123456789ab",
        "meta": {"profile": ["https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit.Read"]},
        "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-event-type", "code": "rest", "display": "Restful Operation"},
        "subtype": [
            {"system": "http://hl7.org/fhir/restful-interaction", "code": "read", "display": "read"},
            {"system": "urn:hygia:method", "code": "/hygia.content.v1.ContentService/GetEntry"},
        ],
        "action": "R",
        "recorded": "2026-11-21T10:30:00.123Z",
        "outcome": "0",
        "outcomeDesc": "OK",
        "purposeOfEvent": [{"coding": [{"system": "urn:hygia:purpose", "code": "publicação"}]}],
        "agent": [
            {
                "type": {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110152", "display": "Destination Role ID"}]},
                "who": {"identifier": {"system": "urn:ietf:rfc:3986", "value": "spiffe://hygia.local/gateway"}},
                "requestor": false,
                "network": {"address": "spiffe://hygia.local/gateway", "type": "5"},
            },
            {
                "type": {"coding": [{"system": "http://dicom.nema.org/resources/ontology/DCM", "code": "110153", "display": "Source Role ID"}]},
                "who": {"identifier": {"system": "urn:ietf:rfc:3986", "value": "spiffe://hygia.local/content"}},
                "requestor": false,
                "network": {"address": "spiffe://hygia.local/content", "type": "5"},
            },
            {
                "type": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP", "display": "information recipient"}]},
                "role": [{"coding": [{"system": "urn:hygia:role", "code": "editor"}]}],
                "who": {"identifier": {"system": "urn:hygia:person", "value": "01932f4e-0000-7000-8000-000000000001"}},
                "requestor": true,
                "purposeOfUse": [{"coding": [{"system": "urn:hygia:purpose", "code": "publicação"}]}],
            },
        ],
        "source": {
            "site": "demo",
            "observer": {"identifier": {"system": "urn:ietf:rfc:3986", "value": "spiffe://hygia.local/content"}},
            "type": [{"system": "http://terminology.hl7.org/CodeSystem/security-source-type", "code": "4", "display": "Application Server"}],
        },
        "entity": [
            {
                "what": {"identifier": {"system": "urn:hygia:access", "value": "01932f4e-6d2a-7c3b-8a10-aaaaaaaaaaaa"}},
                "type": {"system": "https://profiles.ihe.net/ITI/BALP/CodeSystem/BasicAuditEntityType", "code": "XrequestId", "display": "X-Request-Id"},
            },
            {
                "what": {"identifier": {"system": "urn:hygia:object:entry", "value": "01932f4e-0000-7000-8000-000000000002"}},
                "type": {"system": "http://terminology.hl7.org/CodeSystem/audit-entity-type", "code": "2", "display": "System Object"},
                "role": {"system": "http://terminology.hl7.org/CodeSystem/object-role", "code": "4", "display": "Domain Resource"},
                "name": "entry",
            },
        ],
    });
    assert_eq!(written(&record(Action::Read)), expected);
}

#[test]
fn each_action_has_its_pattern() {
    for (action, code, interaction, client, server) in [
        (Action::Create, "C", Some("create"), "110153", "110152"),
        (Action::Read, "R", Some("read"), "110152", "110153"),
        (Action::Update, "U", Some("update"), "110153", "110152"),
        (Action::Delete, "D", Some("delete"), "110150", "custodian"),
        (Action::Execute, "E", None, "110153", "110152"),
    ] {
        let written = written(&record(action));
        assert_eq!(written["action"], code);
        let first = &written["subtype"][0];
        assert_eq!(
            first["system"] == "http://hl7.org/fhir/restful-interaction",
            interaction.is_some(),
            "{action:?}"
        );
        assert!(interaction.is_none_or(|code| first["code"] == code), "{action:?}");
        assert_eq!(written["agent"][0]["type"]["coding"][0]["code"], client, "{action:?}");
        assert_eq!(written["agent"][1]["type"]["coding"][0]["code"], server, "{action:?}");
        let profile =
            written["meta"]["profile"][0].as_str().map(|url| url.rsplit('.').next().unwrap().to_lowercase());
        assert_eq!(profile.as_deref(), interaction, "{action:?}");
    }
}

#[test]
fn outcomes_have_their_codes_and_claim_a_profile_on_success_alone() {
    for (phase, outcome, status, code) in [
        (Phase::Outcome, Outcome::Success, "OK", json!("0")),
        (Phase::Outcome, Outcome::Refused, "PERMISSION_DENIED", json!("4")),
        (Phase::Outcome, Outcome::Failure, "INTERNAL", json!("8")),
        (Phase::Intent, Outcome::Pending, "OK", Value::Null),
    ] {
        let written = written(&Event { phase, outcome, status: status.into(), ..record(Action::Update) });
        assert_eq!(written["outcome"], code, "{outcome:?}");
        assert_eq!(written.get("meta").is_some(), outcome == Outcome::Success, "{outcome:?}");
        let description = if phase == Phase::Intent { "PENDING" } else { status };
        assert_eq!(written["outcomeDesc"], description);
    }
}

#[test]
fn a_service_acting_for_itself_is_the_requestor() {
    let written = written(&Event {
        person: String::new(),
        roles: vec![],
        purpose: String::new(),
        tenant: String::new(),
        ..record(Action::Read)
    });
    assert_eq!(written["agent"].as_array().map(Vec::len), Some(2));
    assert_eq!(written["agent"][0]["requestor"], true);
    assert!(written.get("purposeOfEvent").is_none() && written["source"].get("site").is_none());
}

#[test]
fn no_object_and_many_objects_claim_no_profile() {
    let mut event = record(Action::Read);
    event.objects.clear();
    assert!(written(&event).get("meta").is_none());
    event.objects = vec![Object { kind: "entry".into(), id: "a".into() }; 3];
    let written = written(&event);
    assert!(written.get("meta").is_none());
    assert_eq!(written["entity"].as_array().map(Vec::len), Some(4));
}

#[test]
fn text_is_escaped_and_the_bytes_are_always_the_same() {
    let mut event = record(Action::Read);
    event.objects[0].id = "a\"}],\\\u{2028}é😀</script>".into();
    assert!(format(&event).is_err(), "U+2028 is white space");
    event.objects[0].id = "a\"}],\\é😀</script>".into();
    assert_eq!(written(&event)["entity"][1]["what"]["identifier"]["value"], event.objects[0].id.as_str());
    assert_eq!(format(&event), format(&event.clone()));
}

#[test]
fn what_is_malformed_is_named() {
    type Change = fn(&mut Event);
    let changes: &[(&str, Change)] = &[
        ("id", |event| event.id.clear()),
        ("id", |event| event.id = event.id.to_uppercase()),
        ("access-id", |event| event.access_id.push('0')),
        ("time", |event| event.time = "2026-11-21T10:30:00Z".into()),
        ("time", |event| event.time = "2026-13-21T10:30:00.123Z".into()),
        ("time", |event| event.time = "2026-11-21T10:30:00.123+".into()),
        ("service", |event| event.service = "content".into()),
        ("service", |event| event.service = "spiffe:///x".into()),
        ("peer", |event| event.peer = "spiffe://a b".into()),
        ("method", |event| event.method = "GetEntry".into()),
        ("method", |event| event.method = "/a/b/c".into()),
        ("status", |event| event.status.clear()),
        ("tenant", |event| event.tenant = "a\nb".into()),
        ("person", |event| event.person = " a".into()),
        ("purpose", |event| event.purpose = "a  b".into()),
        ("roles[1]", |event| event.roles.push(String::new())),
        ("roles", |event| event.roles = vec!["a".into(); 1001]),
        ("objects[0]", |event| event.objects[0].kind = "a b".into()),
        ("objects[0]", |event| event.objects[0].id = "x".repeat(3000)),
        ("outcome", |event| event.phase = Phase::Intent),
        ("outcome", |event| event.outcome = Outcome::Pending),
    ];
    for (at, (field, change)) in changes.iter().enumerate() {
        let mut event = record(Action::Read);
        change(&mut event);
        assert_eq!(format(&event).map_err(|invalid| invalid.field), Err(field.to_string()), "change {at}");
    }
}
