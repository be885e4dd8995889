//! CPF, CNPJ and CNS.

use crate::checks;
use crate::context::{Context, Topic};
use crate::groups::{self, DASH, DOT, Gap, Group, LINE, PAREN, SLASH, Window};
use crate::words::{joins_left, joins_right};
use crate::{Kind, Span};

/// How a number is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// With the issuing body's own punctuation.
    Formatted,
    /// Its groups are right, what stands between them is not.
    Spaced,
    /// Digits alone.
    Bare,
    /// Broken elsewhere.
    Broken,
}

/// A kind of number, as the issuing body writes it.
struct Form {
    kind: Kind,
    topic: Topic,
    lengths: &'static [usize],
    /// What stands in each gap; 0 is a space or nothing.
    marks: &'static [Gap],
    /// The confidence of a bare number that passes its check with no word near.
    bare: u8,
}

const CPF: Form =
    Form { kind: Kind::Cpf, topic: Topic::Cpf, lengths: &[3, 3, 3, 2], marks: &[DOT, DOT, DASH], bare: 60 };
const CNPJ: Form = Form {
    kind: Kind::Cnpj,
    topic: Topic::Cnpj,
    lengths: &[2, 3, 3, 4, 2],
    marks: &[DOT, DOT, SLASH, DASH],
    bare: 75,
};
const CNS: Form =
    Form { kind: Kind::Cns, topic: Topic::Cns, lengths: &[3, 4, 4, 4], marks: &[0, 0, 0], bare: 65 };

/// Proposes every CPF, numeric CNPJ and CNS.
pub fn find(text: &str, groups: &[Group], context: &Context, found: &mut Vec<Span>) {
    for first in 0..groups.len() {
        groups::windows(text, groups, first, 15, |window, digits| {
            let (form, valid, uniform) = match digits {
                11 => check(&CPF, window.digits(), checks::cpf),
                14 => check(&CNPJ, window.digits(), checks::cnpj),
                15 => check(&CNS, window.digits(), checks::cns),
                _ => return,
            };
            if !uniform {
                found.extend(judge(text, window, form, valid, context));
            }
        });
    }
}

fn check<const N: usize>(
    form: &'static Form,
    digits: [u8; N],
    valid: fn(&[u8; N]) -> bool,
) -> (&'static Form, bool, bool) {
    (form, valid(&digits), checks::all_equal(&digits))
}

fn shape(window: &Window<'_>, form: &Form) -> Shape {
    if window.gaps().next().is_none() {
        return Shape::Bare;
    }
    if !window.has_lengths(form.lengths) {
        // 529982247-25 is how many a form prints it.
        let unpunctuated =
            form.kind == Kind::Cpf && window.has_lengths(&[9, 2]) && window.flags() & DASH != 0;
        return if unpunctuated { Shape::Formatted } else { Shape::Broken };
    }
    let punctuation = DOT | DASH | SLASH | PAREN | LINE;
    let marked = window.gaps().zip(form.marks).all(|(gap, &mark)| gap & punctuation == mark);
    if marked { Shape::Formatted } else { Shape::Spaced }
}

fn judge(text: &str, window: &Window<'_>, form: &Form, valid: bool, context: &Context) -> Option<Span> {
    let (start, end) = (window.start(), window.end());
    let shape = shape(window, form);
    let topic = context.topic(start, end);
    let named = topic == Some(form.topic);
    let joined = joins_left(text, start) && !context.touches(start);
    if joined || (joins_right(text, end) && shape != Shape::Formatted) {
        return None;
    }
    if !named && shape != Shape::Formatted && window.is_part() {
        return None;
    }
    let (confidence, evidence) = if valid {
        weigh(window, form, shape, topic)?
    } else if named && matches!(shape, Shape::Formatted | Shape::Bare) {
        // One digit mistyped still leads to the person.
        (40, "shape and context, check digits fail")
    } else {
        return None;
    };
    Some(Span { start, end, kind: form.kind, confidence, evidence })
}

/// The confidence of a number whose check digits are right.
fn weigh(window: &Window<'_>, form: &Form, shape: Shape, topic: Option<Topic>) -> Option<(u8, &'static str)> {
    let named = topic == Some(form.topic);
    Some(match shape {
        Shape::Formatted if named => (100, "check digits, shape and context"),
        Shape::Formatted => (95, "check digits and shape"),
        Shape::Bare | Shape::Spaced if named => (98, "check digits and context"),
        Shape::Spaced if window.flags() & (LINE | PAREN) == 0 => (80, "check digits and grouping"),
        Shape::Bare => match topic {
            None => (form.bare, "check digits"),
            Some(Topic::Phone) => (40, "check digits against context"),
            Some(_) => (35, "check digits against context"),
        },
        Shape::Broken if named => (90, "check digits and context"),
        Shape::Broken => {
            let flags = window.flags();
            let punctuated = flags & DOT != 0 && flags & DASH != 0 && flags & (LINE | PAREN) == 0;
            punctuated.then_some((60, "check digits and punctuation"))?
        }
        Shape::Spaced => return None,
    })
}

/// Proposes every CNPJ that has letters: formatted in either case, bare in upper
/// case alone.
pub fn find_alphanumeric(text: &str, context: &Context, found: &mut Vec<Span>) {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let run = bytes[at..].iter().take_while(|byte| byte.is_ascii_alphanumeric()).count();
        match run {
            2 => found.extend(formatted_cnpj(text, at, context)),
            14 => found.extend(bare_cnpj(text, at, context)),
            _ => {}
        }
        at += run;
    }
}

/// `XX.XXX.XXX/XXXX-DD` at `start`.
fn formatted_cnpj(text: &str, start: usize, context: &Context) -> Option<Span> {
    const PATTERN: &[u8; 18] = b"XX.XXX.XXX/XXXX-DD";
    let bytes = text.as_bytes().get(start..start + PATTERN.len())?;
    let mut values = [0; 14];
    let mut count = 0;
    for (&byte, &expected) in bytes.iter().zip(PATTERN) {
        match expected {
            b'X' if byte.is_ascii_alphanumeric() => {}
            b'D' if byte.is_ascii_digit() => {}
            b'X' | b'D' => return None,
            mark if mark == byte => continue,
            _ => return None,
        }
        values[count] = byte.to_ascii_uppercase() - b'0';
        count += 1;
    }
    let end = start + PATTERN.len();
    alphanumeric(text, start, end, &values, context, 95)
}

fn bare_cnpj(text: &str, start: usize, context: &Context) -> Option<Span> {
    let end = start + 14;
    let bytes = &text.as_bytes()[start..end];
    let upper = bytes.iter().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if !upper || !bytes[12..].iter().all(u8::is_ascii_digit) {
        return None;
    }
    let mut values = [0; 14];
    values.iter_mut().zip(bytes).for_each(|(value, byte)| *value = byte - b'0');
    alphanumeric(text, start, end, &values, context, 55)
}

fn alphanumeric(
    text: &str,
    start: usize,
    end: usize,
    values: &[u8; 14],
    context: &Context,
    alone: u8,
) -> Option<Span> {
    let lettered = values.iter().any(|&value| value > 9);
    if !lettered || !checks::cnpj(values) || joins_left(text, start) || joins_right(text, end) {
        return None;
    }
    let named = context.topic(start, end) == Some(Topic::Cnpj);
    let (confidence, evidence) =
        if named { (100, "check digits and context") } else { (alone, "check digits") };
    Some(Span { start, end, kind: Kind::Cnpj, confidence, evidence })
}
