//! Why an export cannot be read.

use std::io::{self, Read, Seek, SeekFrom};

/// A place in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// From the start of the file, in bytes.
    pub offset: u64,
    /// From 1.
    pub line: u64,
    /// What is wrong there. It may name elements, never their text.
    pub message: String,
}

/// Why an export cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// The file cannot be opened or read.
    Unreadable(String),
    /// Not WXR; says what was found.
    NotThisFormat(String),
    /// Cut off, or not well-formed.
    Malformed(Position),
    /// A bound was passed; says which.
    TooLarge(String),
    /// A construct that is never read.
    Forbidden(Position),
}

/// What went wrong, before its line is known.
#[derive(Debug)]
pub enum Fault {
    Unreadable(io::Error),
    NotThisFormat(String),
    TooLarge(String),
    Malformed(u64, String),
    Forbidden(u64, String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error)
    }
}

/// Runs `read`, and gives a fault its line. Lines are counted only then, so that
/// resuming in the middle of a file needs no look at what comes before.
pub fn locate<R: Read + Seek, T>(
    file: &mut R,
    read: impl FnOnce(&mut R) -> Result<T, Fault>,
) -> Result<T, Error> {
    read(file).map_err(|fault| match fault {
        Fault::Unreadable(error) => Error::Unreadable(error.to_string()),
        Fault::NotThisFormat(found) => Error::NotThisFormat(found),
        Fault::TooLarge(bound) => Error::TooLarge(bound),
        Fault::Malformed(offset, message) => Error::Malformed(position(file, offset, message)),
        Fault::Forbidden(offset, message) => Error::Forbidden(position(file, offset, message)),
    })
}

fn position<R: Read + Seek>(file: &mut R, offset: u64, message: String) -> Position {
    // A file that cannot be read again still has an offset.
    let line = count_lines(file, offset).map_or(1, |ends| ends + 1);
    Position { offset, line, message }
}

fn count_lines<R: Read + Seek>(file: &mut R, offset: u64) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut before = file.take(offset);
    let mut chunk = vec![0; 64 << 10];
    let mut ends = 0;
    loop {
        match before.read(&mut chunk)? {
            0 => return Ok(ends),
            count => ends += chunk[..count].iter().filter(|&&byte| byte == b'\n').count() as u64,
        }
    }
}
