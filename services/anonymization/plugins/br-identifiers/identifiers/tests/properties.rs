//! What holds for any text.

use identifiers::{MAX_SPANS, MAX_TEXT, TooLarge, detect};

/// A small generator, so that a failure names a seed that repeats it.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

const PIECES: &[&str] = &[
    "0",
    "1",
    "2",
    "5",
    "9",
    "11",
    "55",
    "529",
    "982",
    "247",
    "25",
    "98765",
    "4321",
    "2024",
    ".",
    "-",
    "/",
    "(",
    ")",
    "+",
    " ",
    "\u{a0}",
    "\n",
    "\u{200b}",
    "@",
    "a",
    "Z",
    "ção",
    "CPF ",
    "tel ",
    "de",
    " março ",
    "º",
    "😀",
    "\u{301}",
    "\u{345}",
    "\0",
    "\u{10ffff}",
    "٣",
    "．",
    "maria@exemplo.com",
    "12/03/2024",
    "52998224725",
    "T",
];

fn text(random: &mut Random) -> String {
    let pieces = random.below(40);
    (0..pieces).map(|_| PIECES[random.below(PIECES.len())]).collect()
}

#[test]
fn spans_are_sorted_apart_and_on_boundaries() {
    for seed in 1..=20_000 {
        let text = text(&mut Random(seed));
        let mut end = 0;
        for span in detect(&text).expect("short texts are within bounds") {
            assert!(span.start >= end && span.start < span.end, "seed {seed}: {span:?} in {text:?}");
            assert!(text.get(span.start..span.end).is_some(), "seed {seed}: {span:?} in {text:?}");
            assert!(span.confidence <= 100 && !span.evidence.is_empty(), "seed {seed}");
            end = span.end;
        }
    }
}

#[test]
fn hostile_texts_end_soon() {
    for piece in
        ["1", "1 ", "1.", "529.982.247-25", "@a", "a@a.aa ", "é", "(", "12/03/2024/", "de março de ", "CPF "]
    {
        let text = piece.repeat((1 << 18) / piece.len());
        let started = std::time::Instant::now();
        let _ = detect(&text);
        assert!(started.elapsed().as_secs() < 10, "{piece:?} repeated took {:?}", started.elapsed());
    }
}

#[test]
fn bounds_are_named() {
    assert_eq!(detect(&"a".repeat(MAX_TEXT + 1)), Err(TooLarge::Text));
    assert_eq!(detect(&"a@b.cd ".repeat(MAX_SPANS + 1)), Err(TooLarge::Spans));
    assert_eq!(detect(&"a@b.cd ".repeat(MAX_SPANS)).map(|spans| spans.len()), Ok(MAX_SPANS));
    assert!(TooLarge::Text.to_string().contains("4194304"));
}
