//! Calendar dates, in figures and with the month's name.

use crate::context::{Context, Month};
use crate::groups::{DASH, DOT, Gap, Group, LINKED, SLASH, SPACE};
use crate::words::{joins_left, joins_right};
use crate::{Kind, Span};

/// The years that a date of four digits may have.
const YEARS: std::ops::RangeInclusive<u32> = 1900..=2100;

/// Proposes every date.
pub fn find(text: &str, groups: &[Group], context: &Context, found: &mut Vec<Span>) {
    for triple in groups.windows(3) {
        if let [first, second, third] = triple {
            found.extend(figures(text, [*first, *second, *third], context));
        }
    }
    for month in &context.months {
        found.extend(named_month(text, month));
    }
}

fn value(text: &str, group: &Group) -> u32 {
    text[group.start()..group.end()].bytes().fold(0, |value, digit| value * 10 + u32::from(digit - b'0'))
}

/// The one mark that both gaps have; SPACE where they have none.
fn separator(first: Gap, second: Gap) -> Option<Gap> {
    let mark = |gap: Gap| gap & !(LINKED | SPACE);
    let same = mark(first) == mark(second);
    match mark(first) {
        _ if !same || first & second & LINKED == 0 => None,
        0 => Some(SPACE),
        mark @ (DOT | DASH | SLASH) => Some(mark),
        _ => None,
    }
}

fn figures(text: &str, triple: [Group; 3], context: &Context) -> Option<Span> {
    let separator = separator(triple[0].gap, triple[1].gap)?;
    if triple.iter().any(|group| group.len() > 4) {
        return None;
    }
    let [first, second, third] = triple.map(|group| value(text, &group));
    let (start, end) = (triple[0].start(), triple[2].end());
    let announced = context.announces_date(start);
    let (year, month, day, full) = match triple.map(|group| group.len()) {
        [4, 2, 2] if separator != DOT => (first, second, third, true),
        [1 | 2, 1 | 2, 4] => (third, second, first, true),
        [1 | 2, 2, 2] if announced && separator != SPACE => (2000 + third, second, first, false),
        _ => return None,
    };
    if !full && separator == DOT && triple[0].len() == 1 {
        return None; // 1.12.24 is a section's number.
    }
    if !stands_alone(text, start, end, separator)
        || !YEARS.contains(&year)
        || (separator == SPACE && !announced)
    {
        return None;
    }
    let (confidence, evidence) = match (exists(year, month, day), announced, full) {
        (true, true, true) => (98, "calendar and context"),
        (true, true, false) => (75, "calendar and context, short year"),
        (true, false, _) => (90, "calendar"),
        // A day mistyped is still a date of somebody's.
        (false, true, _) if (1..=31).contains(&day) && (1..=12).contains(&month) => {
            (40, "shape and context, no such day")
        }
        _ => return None,
    };
    Some(Span { start, end, kind: Kind::Date, confidence, evidence })
}

/// Whether no letter joins the date, and no further number by its own separator,
/// as in 10.1.2.2024. A time may follow: 2024-03-12T10:30.
fn stands_alone(text: &str, start: usize, end: usize, separator: Gap) -> bool {
    let bytes = text.as_bytes();
    let mark = match separator {
        DOT => b'.',
        DASH => b'-',
        SLASH => b'/',
        _ => b' ',
    };
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let chained_left = start >= 2 && bytes[start - 1] == mark && digit(start - 2);
    let chained_right = bytes.get(end) == Some(&mark) && digit(end + 1);
    let time = matches!(bytes.get(end), Some(b'T' | b't')) && digit(end + 1);
    !joins_left(text, start) && (time || !joins_right(text, end)) && !chained_left && !chained_right
}

/// Whether the Gregorian calendar has the day.
fn exists(year: u32, month: u32, day: u32) -> bool {
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// "12 de março de 2024", "1º mar. 2024", "12/mar/2024", around a month's name.
fn named_month(text: &str, month: &Month) -> Option<Span> {
    let left = strip_joint(
        &text[..month.start],
        |rest| rest.chars().next_back(),
        |rest, part| rest.strip_suffix(part),
    )?;
    let left = ["º", "°", "ª", "o"].iter().find_map(|mark| left.strip_suffix(mark)).unwrap_or(left);
    let day_digits = left.bytes().rev().take(3).take_while(u8::is_ascii_digit).count();
    let start = left.len() - day_digits;
    let right = text[month.end..].strip_prefix('.').unwrap_or(&text[month.end..]);
    let right = strip_joint(right, |rest| rest.chars().next(), |rest, part| rest.strip_prefix(part))?;
    let year_digits = right.bytes().take(5).take_while(u8::is_ascii_digit).count();
    let end = text.len() - right.len() + year_digits;
    if !(1..=2).contains(&day_digits) || joins_left(text, start) || joins_right(text, end) {
        return None;
    }
    let number = |from: usize, to: usize| text[from..to].parse::<u32>().ok();
    let day = number(start, start + day_digits)?;
    let written = number(end - year_digits, end)?;
    let (year, confidence) = match year_digits {
        4 => (written, 95),
        2 => (2000 + written, 80),
        _ => return None,
    };
    (YEARS.contains(&year) && exists(year, month.number, day)).then_some(Span {
        start,
        end,
        kind: Kind::Date,
        confidence,
        evidence: "calendar and month's name",
    })
}

/// Takes what joins a day, a month and a year off one end of `rest`: spaces, a
/// slash, a hyphen, or "de" between spaces. None where nothing joins them.
fn strip_joint<'t>(
    rest: &'t str,
    end: impl Fn(&str) -> Option<char>,
    strip: impl Fn(&'t str, &str) -> Option<&'t str>,
) -> Option<&'t str> {
    let spaces = |mut rest: &'t str| {
        for _ in 0..3 {
            let Some(letter) = end(rest).filter(|letter| letter.is_whitespace()) else { break };
            rest = strip(rest, letter.encode_utf8(&mut [0; 4])).unwrap_or(rest);
        }
        rest
    };
    let trimmed = spaces(rest);
    for joint in ["de", "DE", "De", "/", "-", ","] {
        if let Some(inner) = strip(trimmed, joint) {
            let word = joint.len() == 2;
            let after = spaces(inner);
            return (!word || (after.len() < inner.len() && trimmed.len() < rest.len())).then_some(after);
        }
    }
    (trimmed.len() < rest.len()).then_some(trimmed)
}
