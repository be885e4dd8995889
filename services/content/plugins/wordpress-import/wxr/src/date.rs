//! WordPress's dates as RFC 3339.

/// "2024-03-12 14:00:00" in UTC. None for what is no time, such as the zeros that
/// stand for "not yet".
pub fn from_sql(text: &str) -> Option<String> {
    let (date, time) = text.trim().split_once(' ')?;
    let mut parts = date.splitn(3, '-').map(digits);
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    rfc3339(year, month, day, time)
}

/// "Tue, 12 Mar 2024 14:00:00 +0000", as RSS has it (RFC 822). Other zones than
/// UTC do not occur in exports, and are not read.
pub fn from_rss(text: &str) -> Option<String> {
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let mut words = text.trim().split_ascii_whitespace();
    let (_weekday, day, month, year) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let (time, zone) = (words.next()?, words.next()?);
    let month = MONTHS.iter().position(|name| *name == month)? as u32 + 1;
    if !matches!(zone, "+0000" | "GMT" | "UTC") || words.next().is_some() {
        return None;
    }
    rfc3339(digits(year)?, month, digits(day)?, time)
}

fn digits(text: &str) -> Option<u32> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| text.parse().ok())?
}

fn rfc3339(year: u32, month: u32, day: u32, time: &str) -> Option<String> {
    let mut parts = time.splitn(3, ':').map(digits);
    let (hour, minute, second) = (parts.next()??, parts.next()??, parts.next()??);
    let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 => 28 + u32::from(leap),
        1..=12 => 31,
        _ => 0,
    };
    let exists = year >= 1 && (1..=days).contains(&day) && hour < 24 && minute < 60 && second < 60;
    exists.then(|| format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::{from_rss, from_sql};

    #[test]
    fn reads_both_forms() {
        assert_eq!(from_sql("2024-03-12 14:05:09").as_deref(), Some("2024-03-12T14:05:09Z"));
        assert_eq!(from_rss("Tue, 12 Mar 2024 14:05:09 +0000").as_deref(), Some("2024-03-12T14:05:09Z"));
        assert_eq!(from_sql("2024-02-29 00:00:00").as_deref(), Some("2024-02-29T00:00:00Z"));
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "0000-00-00 00:00:00",
            "2023-02-29 00:00:00",
            "2024-13-01 00:00:00",
            "2024-01-01",
            "2024-01-01 24:00:00",
            "2024-01-01 1:2",
            "+024-01-01 00:00:00",
            "2024-01-01T00:00:00",
            "é-é-é é:é:é",
        ] {
            assert_eq!(from_sql(text), None, "{text}");
        }
        for text in [
            "",
            "Mon, 30 Nov -0001 00:00:00 +0000",
            "Tue, 12 Mar 2024 14:05:09 -0300",
            "Tue, 12 mars 2024 14:05:09 +0000",
        ] {
            assert_eq!(from_rss(text), None, "{text}");
        }
    }
}
