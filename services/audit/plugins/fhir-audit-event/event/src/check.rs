//! What a record must be before it is written.

use crate::{Event, Invalid, Outcome, Phase};

/// The longest field, in bytes.
const LONGEST: usize = 2048;
/// The most objects, and the most roles.
const MOST: usize = 1000;

type Shape = (fn(&str) -> bool, &'static str);

const UUID: Shape = (is_uuid, "not a UUID in lower case");
const TIME: Shape = (is_instant, "not an RFC 3339 time in UTC with milliseconds");
const SPIFFE: Shape = (is_spiffe, "not a SPIFFE id");
const METHOD: Shape = (is_method, "not a full method, /package.Service/Method");
const STATUS: Shape = (is_code, "not a status name");
const KIND: Shape = (is_kind, "not a kind, of letters, digits, hyphens and underscores");
const SYMBOL: Shape = (is_symbol, "empty, too long, or with spaces or controls that a code cannot have");

pub fn check(event: &Event) -> Result<(), Invalid> {
    field("id", &event.id, UUID)?;
    field("access-id", &event.access_id, UUID)?;
    field("time", &event.time, TIME)?;
    field("service", &event.service, SPIFFE)?;
    field("method", &event.method, METHOD)?;
    field("status", &event.status, STATUS)?;
    field("peer", &event.peer, SPIFFE)?;
    for (name, value) in [("tenant", &event.tenant), ("person", &event.person), ("purpose", &event.purpose)] {
        if !value.is_empty() {
            field(name, value, SYMBOL)?;
        }
    }
    for (at, role) in event.roles.iter().enumerate() {
        item("roles", at, role)?;
    }
    for (at, object) in event.objects.iter().enumerate() {
        item("objects", at, &object.id)?;
        field(&format!("objects[{at}]"), &object.kind, KIND)?;
    }
    if (event.phase == Phase::Intent) != (event.outcome == Outcome::Pending) {
        return Err(Invalid { field: "outcome".into(), expected: "an intent is pending, an outcome is not" });
    }
    Ok(())
}

fn field(name: &str, value: &str, (holds, expected): Shape) -> Result<(), Invalid> {
    if value.len() <= LONGEST && holds(value) {
        Ok(())
    } else {
        Err(Invalid { field: name.into(), expected })
    }
}

fn item(list: &str, at: usize, value: &str) -> Result<(), Invalid> {
    if at >= MOST {
        return Err(Invalid { field: list.into(), expected: "more than 1000" });
    }
    field(&format!("{list}[{at}]"), value, SYMBOL)
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

/// YYYY-MM-DDTHH:MM:SS.mmmZ, each part within its range.
fn is_instant(text: &str) -> bool {
    const PATTERN: &[u8] = b"dddd-dd-ddTdd:dd:dd.dddZ";
    let shaped = text.len() == PATTERN.len()
        && text.bytes().zip(PATTERN).all(|(byte, &expected)| match expected {
            b'd' => byte.is_ascii_digit(),
            mark => byte == mark,
        });
    let within = |from: usize, least: u32, most: u32| {
        text[from..from + 2].parse().is_ok_and(|value: u32| (least..=most).contains(&value))
    };
    shaped
        && within(5, 1, 12)
        && within(8, 1, 31)
        && within(11, 0, 23)
        && within(14, 0, 59)
        && within(17, 0, 60)
}

fn is_spiffe(text: &str) -> bool {
    text.strip_prefix("spiffe://").is_some_and(|rest| {
        let domain = rest.split('/').next().unwrap_or_default();
        !domain.is_empty() && is_symbol(rest) && !rest.contains([' ', '?', '#'])
    })
}

fn is_method(text: &str) -> bool {
    let mut parts = text.split('/');
    let (first, service, method) = (parts.next(), parts.next(), parts.next());
    let named = |part: Option<&str>| part.is_some_and(|part| !part.is_empty() && is_symbol(part));
    first == Some("") && named(service) && named(method) && parts.next().is_none()
}

fn is_code(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

fn is_kind(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// What FHIR takes as a code: words with single spaces between them.
fn is_symbol(text: &str) -> bool {
    text.split(' ').all(|word| {
        !word.is_empty() && !word.contains(|letter: char| letter.is_control() || letter.is_whitespace())
    })
}
