//! One span a place.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::Span;

/// Keeps, of the candidates that overlap, the most confident; of equals the
/// longest, then the first. The result is in the order of the start.
pub fn without_overlaps(mut candidates: Vec<Span>) -> Vec<Span> {
    candidates.sort_unstable_by_key(|span| {
        (Reverse(span.confidence), Reverse(span.end - span.start), span.start, span.kind)
    });
    let mut kept: BTreeMap<usize, Span> = BTreeMap::new();
    for span in candidates {
        let before = kept.range(..span.end).next_back();
        if before.is_none_or(|(_, other)| other.end <= span.start) {
            kept.insert(span.start, span);
        }
    }
    kept.into_values().collect()
}
