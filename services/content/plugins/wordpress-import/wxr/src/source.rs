//! The file as the parser reads it: from its start, or its head again and then
//! from some item on; never more than a bound in one go.

use std::io::{self, BufRead, BufReader, Chain, Cursor, ErrorKind, Read, Seek, SeekFrom};

use crate::fault::Fault;
use crate::{MAX_FILE, MAX_TAG, MAX_TEXT};

/// What one piece of the file, a tag or a text, may take at most.
const MAX_PIECE: usize = MAX_TEXT + MAX_TAG;

type Input<'f, R> = Chain<Cursor<Vec<u8>>, BufReader<&'f mut R>>;

/// A reader that stops a piece which is too long.
pub struct Source<'f, R> {
    input: Input<'f, R>,
    left: usize,
    /// How long the repeated head is, and where the rest starts in the file.
    head: u64,
    rest: u64,
}

impl<'f, R: Read + Seek> Source<'f, R> {
    /// The file from its start, after a byte order mark.
    pub fn from_start(file: &'f mut R) -> Result<Self, Fault> {
        let start = sniff(file)?;
        Self::resume(file, Vec::new(), start)
    }

    /// The bytes of `head`, and then the file from `offset`.
    pub fn resume(file: &'f mut R, head: Vec<u8>, offset: u64) -> Result<Self, Fault> {
        file.seek(SeekFrom::Start(offset))?;
        let length = head.len() as u64;
        let input = Cursor::new(head).chain(BufReader::with_capacity(64 << 10, file));
        Ok(Self { input, left: MAX_PIECE, head: length, rest: offset })
    }
}

impl<R> Source<'_, R> {
    /// Starts a new piece.
    pub fn renew(&mut self) {
        self.left = MAX_PIECE;
    }

    /// The place in the file of a place in what was read.
    pub fn offset(&self, read: u64) -> u64 {
        if read < self.head { read } else { read - self.head + self.rest }
    }
}

impl<R: Read> Read for Source<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(into)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Source<'_, R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let bytes = self.input.fill_buf()?;
        if self.left == 0 && !bytes.is_empty() {
            return Err(ErrorKind::FileTooLarge.into());
        }
        Ok(&bytes[..bytes.len().min(self.left)])
    }

    fn consume(&mut self, count: usize) {
        self.left -= count;
        self.input.consume(count);
    }
}

/// Where the XML starts, for a file that can be an export.
fn sniff<R: Read + Seek>(file: &mut R) -> Result<u64, Fault> {
    let length = file.seek(SeekFrom::End(0))?;
    if length > MAX_FILE {
        return Err(Fault::TooLarge(format!("the file is longer than {MAX_FILE} bytes")));
    }
    file.seek(SeekFrom::Start(0))?;
    let mut start = Vec::with_capacity(512);
    file.take(512).read_to_end(&mut start)?;
    let found = match start.as_slice() {
        [] => "an empty file",
        [0x1f, 0x8b, ..] => "a gzip archive",
        [b'P', b'K', 3, 4, ..] => "a zip archive",
        [0xfe, 0xff, ..] | [0xff, 0xfe, ..] | [0, b'<', ..] | [b'<', 0, ..] => {
            "UTF-16 text, where UTF-8 is read"
        }
        [0xef, 0xbb, 0xbf, xml @ ..] if starts_markup(xml) => return Ok(3),
        xml if starts_markup(xml) => return Ok(0),
        _ => "a file that is not XML",
    };
    Err(Fault::NotThisFormat(found.into()))
}

fn starts_markup(bytes: &[u8]) -> bool {
    bytes.trim_ascii_start().first() == Some(&b'<')
}
