//! Brazilian telephone numbers.

use crate::context::{Context, Topic};
use crate::groups::{self, DASH, Group, LINE, PAREN, SLASH, Window};
use crate::words::{joins_left, joins_right};
use crate::{Kind, Span};

/// The area codes in use (Anatel, Resolução 749/2022, Plano Geral de Códigos
/// Nacionais), a bit a code: the tens pick the entry, the units the bit.
const AREAS: [u16; 10] = [
    0,
    units(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    units(&[1, 2, 4, 7, 8]),
    units(&[1, 2, 3, 4, 5, 7, 8]),
    units(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    units(&[1, 3, 4, 5]),
    units(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    units(&[1, 3, 4, 5, 7, 9]),
    units(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
    units(&[1, 2, 3, 4, 5, 6, 7, 8, 9]),
];

const fn units(digits: &[u8]) -> u16 {
    let (mut bits, mut at) = (0, 0);
    while at < digits.len() {
        bits |= 1 << digits[at];
        at += 1;
    }
    bits
}

/// The longest form: 55, a zero, an area code and nine digits.
const LONGEST: usize = 14;

/// A number taken apart.
struct Number {
    /// Starts with 55.
    country: bool,
    area: bool,
    /// How many digits the subscriber's number has: 9 for a mobile, 8 otherwise.
    local: usize,
}

/// Proposes every telephone number.
pub fn find(text: &str, groups: &[Group], context: &Context, found: &mut Vec<Span>) {
    for first in 0..groups.len() {
        groups::windows(text, groups, first, LONGEST, |window, count| {
            if count >= 8 {
                found.extend(judge(text, window, count, context));
            }
        });
    }
}

/// Takes the digits apart; none where they are no telephone number.
fn parse(digits: &[u8]) -> Option<Number> {
    let (country, national) = match digits {
        [5, 5, rest @ ..] if rest.len() >= 10 => (true, rest),
        _ => (false, digits),
    };
    let national = match national {
        [0, rest @ ..] if rest.len() >= 10 => rest,
        _ => national,
    };
    let is_local = |local: &[u8]| match local.len() {
        9 => local[0] == 9,
        8 => (2..=5).contains(&local[0]),
        _ => false,
    };
    match national {
        [tens, units, local @ ..] if is_local(local) => {
            let known = AREAS[usize::from(*tens)] >> units & 1 == 1;
            known.then_some(Number { country, area: true, local: local.len() })
        }
        local if !country && is_local(local) => Some(Number { country, area: false, local: local.len() }),
        _ => None,
    }
}

/// Whether the number is broken only where people break it: before its last four
/// digits, after a mobile's nine, around the area code; or a mobile by threes.
fn is_broken_well(window: &Window<'_>, number: &Number) -> bool {
    let local = number.local;
    let threes = local == 9 && window.breaks().any(|(_, after)| after == 6);
    window.breaks().all(|(_, after)| match after {
        3 | 6 => threes,
        4 => !threes,
        8 => true,
        _ => after == local || after == local + 2 || after == local + 3,
    })
}

fn judge(text: &str, window: &Window<'_>, count: usize, context: &Context) -> Option<Span> {
    let digits: [u8; LONGEST] = window.digits();
    let number = parse(&digits[..count])?;
    let (start, end) = (opening(text, window.start()), window.end());
    let topic = context.topic(start, end);
    let named = topic == Some(Topic::Phone);
    let joined = joins_left(text, start) && !context.touches(start);
    if joined || joins_right(text, end) || window.flags() & (LINE | SLASH) != 0 {
        return None;
    }
    if !is_broken_well(window, &number) && !named {
        return None;
    }
    if number.local == 8 && !number.area && is_span_of_years(window) {
        return None;
    }
    let plus = text[start..].starts_with('+');
    let bracketed = number.area && window.flags() & PAREN != 0;
    if window.is_part() && !(named || plus || bracketed) {
        return None;
    }
    let (confidence, evidence) = if plus && number.country {
        (if named { 99 } else { 95 }, "country code, area code and length")
    } else if named {
        (if number.area { 97 } else { 85 }, "length and context")
    } else if bracketed {
        (90 + u8::from(number.country), "area code, shape and length")
    } else {
        unnamed(window, &number, topic)?
    };
    Some(Span { start, end, kind: Kind::Phone, confidence, evidence })
}

/// The confidence of a number with neither `+55`, nor parentheses, nor a word
/// that names it.
fn unnamed(window: &Window<'_>, number: &Number, topic: Option<Topic>) -> Option<(u8, &'static str)> {
    let hyphened = window.breaks().any(|(gap, after)| after == 4 && gap & DASH != 0);
    let mobile = number.local == 9;
    let base = match (number.area, hyphened, mobile) {
        (true, true, _) => 80,
        _ if topic.is_some() => return None, // The word says that it is another number.
        (true, false, true) if window.gaps().next().is_some() => 65,
        (true, false, true) | (false, true, true) => 50,
        _ => return None,
    };
    Some((base + u8::from(number.country), "area code, shape and length"))
}

/// "2019-2020" has a landline's length.
fn is_span_of_years(window: &Window<'_>) -> bool {
    let digits: [u8; 8] = window.digits();
    let is_year = |year: &[u8]| matches!(year, [1, 9, ..] | [2, 0, ..]);
    window.has_lengths(&[4, 4]) && is_year(&digits[..4]) && is_year(&digits[4..])
}

/// Where the number starts once its opening parenthesis and plus are counted in.
fn opening(text: &str, start: usize) -> usize {
    let bytes = text.as_bytes();
    let mut start = start;
    for mark in [b'(', b'+', b'('] {
        if start > 0 && bytes[start - 1] == mark {
            start -= 1;
        }
    }
    start
}
