//! Runs of digits, and what stands between them.

/// What stands between two groups, as flags; 0 where they are too far apart, or
/// something else stands between them.
pub type Gap = u8;

/// The groups are near enough to be one number.
pub const LINKED: Gap = 1;
/// A space of any width, or an invisible character.
pub const SPACE: Gap = 2;
/// A line's end.
pub const LINE: Gap = 4;
/// A full stop.
pub const DOT: Gap = 8;
/// A hyphen or dash.
pub const DASH: Gap = 16;
/// A slash.
pub const SLASH: Gap = 32;
/// A parenthesis.
pub const PAREN: Gap = 64;

/// The most characters between two groups of one number.
const WIDEST: usize = 4;

/// A maximal run of ASCII digits.
#[derive(Clone, Copy, Debug)]
pub struct Group {
    // 32 bits hold any place in a text, and a hostile text has millions of groups.
    start: u32,
    end: u32,
    /// What stands between it and the next.
    pub gap: Gap,
}

impl Group {
    /// Its first byte.
    pub fn start(&self) -> usize {
        self.start as usize
    }

    /// The byte after its last.
    pub fn end(&self) -> usize {
        self.end as usize
    }

    /// How many digits it has.
    pub fn len(&self) -> usize {
        self.end() - self.start()
    }
}

/// The groups of a text, in order.
pub fn read(text: &str) -> Vec<Group> {
    let bytes = text.as_bytes();
    let mut groups = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits = bytes[at..].iter().take_while(|byte| byte.is_ascii_digit());
        let end = at + digits.count();
        groups.push(Group { start: at as u32, end: end as u32, gap: gap(&text[end..]) });
        at = end;
    }
    groups
}

/// What stands before the first digit of `rest`.
fn gap(rest: &str) -> Gap {
    let mut flags = LINKED;
    for (count, letter) in rest.chars().enumerate() {
        flags |= match letter {
            '0'..='9' => return flags,
            _ if count == WIDEST => return 0,
            ' '
            | '\t'
            | '\u{a0}'
            | '\u{ad}'
            | '\u{2000}'..='\u{200d}'
            | '\u{202f}'
            | '\u{2060}'
            | '\u{feff}' => SPACE,
            '\n' | '\r' => LINE,
            '.' => DOT,
            '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => DASH,
            '/' => SLASH,
            '(' | ')' => PAREN,
            _ => return 0,
        };
    }
    0
}

/// Consecutive groups that may be one number.
pub struct Window<'t> {
    text: &'t str,
    groups: &'t [Group],
    first: usize,
    last: usize,
}

/// Calls `visit` with every window that starts at group `first` and holds at most
/// `most` digits.
pub fn windows<'t>(
    text: &'t str,
    groups: &'t [Group],
    first: usize,
    most: usize,
    mut visit: impl FnMut(&Window<'t>, usize),
) {
    let mut digits = 0;
    for last in first..groups.len() {
        digits += groups[last].len();
        if digits > most {
            return;
        }
        visit(&Window { text, groups, first, last }, digits);
        if groups[last].gap == 0 {
            return;
        }
    }
}

impl Window<'_> {
    /// The first byte.
    pub fn start(&self) -> usize {
        self.groups[self.first].start()
    }

    /// The byte after the last.
    pub fn end(&self) -> usize {
        self.groups[self.last].end()
    }

    /// Whether the groups have just these lengths.
    pub fn has_lengths(&self, lengths: &[usize]) -> bool {
        let groups = &self.groups[self.first..=self.last];
        groups.len() == lengths.len()
            && groups.iter().zip(lengths).all(|(group, &length)| group.len() == length)
    }

    /// The gaps inside.
    pub fn gaps(&self) -> impl Iterator<Item = Gap> {
        self.groups[self.first..self.last].iter().map(|group| group.gap)
    }

    /// All flags of the gaps inside.
    pub fn flags(&self) -> Gap {
        self.gaps().fold(0, |flags, gap| flags | gap)
    }

    /// Each gap with how many digits follow it inside.
    pub fn breaks(&self) -> impl Iterator<Item = (Gap, usize)> {
        let mut after: usize = self.groups[self.first..=self.last].iter().map(Group::len).sum();
        self.groups[self.first..self.last].iter().map(move |group| {
            after -= group.len();
            (group.gap, after)
        })
    }

    /// The digits' values; `N` is how many there are.
    pub fn digits<const N: usize>(&self) -> [u8; N] {
        let mut values = [0; N];
        let bytes = self.text.as_bytes()[self.start()..self.end()].iter();
        let digits = bytes.filter(|byte| byte.is_ascii_digit());
        values.iter_mut().zip(digits).for_each(|(value, digit)| *value = digit - b'0');
        values
    }

    /// Whether one of `.,:/-` alone stands between the window and another digit,
    /// so that it is a part of a longer number.
    pub fn is_part(&self) -> bool {
        let bytes = self.text.as_bytes();
        let joint = |at: usize| matches!(bytes.get(at), Some(b'.' | b',' | b':' | b'/' | b'-'));
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let (start, end) = (self.start(), self.end());
        let left = start >= 2 && joint(start - 1) && digit(start - 2);
        left || (joint(end) && digit(end + 1))
    }
}
