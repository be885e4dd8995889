//! HTML's character references.

/// The named ones that Portuguese text meets, in the order of their names.
const NAMED: &[(&str, char)] = &[
    ("Aacute", 'Á'),
    ("Acirc", 'Â'),
    ("Agrave", 'À'),
    ("Atilde", 'Ã'),
    ("Ccedil", 'Ç'),
    ("Eacute", 'É'),
    ("Ecirc", 'Ê'),
    ("Iacute", 'Í'),
    ("Oacute", 'Ó'),
    ("Ocirc", 'Ô'),
    ("Otilde", 'Õ'),
    ("Uacute", 'Ú'),
    ("Uuml", 'Ü'),
    ("aacute", 'á'),
    ("acirc", 'â'),
    ("agrave", 'à'),
    ("amp", '&'),
    ("apos", '\''),
    ("atilde", 'ã'),
    ("bull", '•'),
    ("ccedil", 'ç'),
    ("commat", '@'),
    ("deg", '°'),
    ("eacute", 'é'),
    ("ecirc", 'ê'),
    ("emsp", '\u{2003}'),
    ("ensp", '\u{2002}'),
    ("gt", '>'),
    ("hellip", '…'),
    ("hyphen", '-'),
    ("iacute", 'í'),
    ("laquo", '«'),
    ("ldquo", '“'),
    ("lpar", '('),
    ("lsquo", '‘'),
    ("lt", '<'),
    ("mdash", '—'),
    ("middot", '·'),
    ("nbsp", '\u{a0}'),
    ("ndash", '–'),
    ("oacute", 'ó'),
    ("ocirc", 'ô'),
    ("ordf", 'ª'),
    ("ordm", 'º'),
    ("otilde", 'õ'),
    ("percnt", '%'),
    ("period", '.'),
    ("plus", '+'),
    ("quot", '"'),
    ("raquo", '»'),
    ("rdquo", '”'),
    ("rpar", ')'),
    ("rsquo", '’'),
    ("shy", '\u{ad}'),
    ("sol", '/'),
    ("thinsp", '\u{2009}'),
    ("uacute", 'ú'),
    ("uuml", 'ü'),
];

/// The longest reference that is looked for, from `&` to `;`.
const LONGEST: usize = 12;

/// The character that a reference at the start of `text` stands for, and how many
/// bytes it takes; none where there is no reference that is known.
pub fn decode(text: &str) -> Option<(char, usize)> {
    let inner = text.strip_prefix('&')?;
    let end = inner.bytes().take(LONGEST).position(|byte| byte == b';')?;
    let name = &inner[..end];
    let character = match name.strip_prefix('#') {
        Some(number) => numeric(number)?,
        None => NAMED[NAMED.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?].1,
    };
    Some((character, end + 2))
}

fn numeric(number: &str) -> Option<char> {
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16).ok()?,
        None => number.parse().ok()?,
    };
    // HTML reads the codes that Windows-1252 gives to punctuation as that.
    char::from_u32(match code {
        0x85 => 0x2026,
        0x91 | 0x92 => 0x2018 + (code - 0x91),
        0x93 | 0x94 => 0x201c + (code - 0x93),
        0x96 | 0x97 => 0x2013 + (code - 0x96),
        _ => code,
    })
}

#[cfg(test)]
mod tests {
    use super::{NAMED, decode};

    #[test]
    fn names_are_in_order() {
        assert!(NAMED.is_sorted_by(|left, right| left.0 < right.0));
    }

    #[test]
    fn decodes_names_and_numbers() {
        assert_eq!(decode("&eacute;s"), Some(('é', 8)));
        assert_eq!(decode("&Eacute;"), Some(('É', 8)));
        assert_eq!(decode("&nbsp;"), Some(('\u{a0}', 6)));
        assert_eq!(decode("&#233;"), Some(('é', 6)));
        assert_eq!(decode("&#xE9;"), Some(('é', 6)));
        assert_eq!(decode("&#150;"), Some(('–', 6)));
    }

    #[test]
    fn leaves_the_rest() {
        for text in [
            "&",
            "&;",
            "& eacute;",
            "&unknown;",
            "&#;",
            "&#x;",
            "&#xD800;",
            "&#99999999;",
            "eacute;",
            "&eacute",
        ] {
            assert_eq!(decode(text), None, "{text}");
        }
    }
}
