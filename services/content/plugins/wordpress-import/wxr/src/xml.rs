//! Well-formed XML as three kinds of token, with every bound and every error in
//! one place.

use std::io::{ErrorKind, Read, Seek};

use quick_xml::Reader;
use quick_xml::errors::{Error as XmlError, IllFormedError, SyntaxError};
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesDecl, BytesRef, Event};

use crate::fault::Fault;
use crate::source::Source;
use crate::tag::{BadTag, Scope, Tag, short};
use crate::{MAX_DEPTH, MAX_TEXT};

/// A piece of the document.
pub enum Token {
    Start(Tag),
    End,
    Text(String),
    /// The end of the document, after its root.
    Eof,
}

/// A pull parser.
pub struct Xml<'f, R> {
    reader: Reader<Source<'f, R>>,
    scope: Scope,
    depth: usize,
    rooted: bool,
    buffer: Vec<u8>,
}

impl<'f, R: Read + Seek> Xml<'f, R> {
    pub fn new(source: Source<'f, R>) -> Self {
        let mut reader = Reader::from_reader(source);
        let config = reader.config_mut();
        config.expand_empty_elements = true;
        config.check_comments = true;
        Self { reader, scope: Scope::default(), depth: 0, rooted: false, buffer: Vec::new() }
    }

    /// Where the next token starts in the file.
    pub fn offset(&self) -> u64 {
        self.reader.get_ref().offset(self.reader.buffer_position())
    }

    /// The next token. Comments and processing instructions are passed over.
    pub fn next(&mut self) -> Result<Token, Fault> {
        let mut buffer = std::mem::take(&mut self.buffer);
        let token = loop {
            buffer.clear();
            if let Some(token) = self.read(&mut buffer)? {
                break token;
            }
        };
        self.buffer = buffer;
        Ok(token)
    }

    fn read(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Token>, Fault> {
        let offset = self.offset();
        self.reader.get_mut().renew();
        let event = match self.reader.read_event_into(buffer) {
            Ok(event) => event,
            Err(error) => return Err(self.fault(error)),
        };
        let malformed = |message: &str| Err(Fault::Malformed(offset, message.into()));
        let token = match event {
            // An empty element comes as a start and an end.
            Event::Start(start) | Event::Empty(start) => {
                if self.depth == 0 && self.rooted {
                    return malformed("a second root element");
                }
                if self.depth == MAX_DEPTH {
                    return Err(Fault::TooLarge(format!("elements are nested deeper than {MAX_DEPTH}")));
                }
                self.depth += 1;
                self.rooted = true;
                let tag = self.scope.read(&start, self.depth, offset).map_err(|bad| match bad {
                    BadTag::TooLarge(bound) => Fault::TooLarge(bound),
                    BadTag::Malformed(message) => Fault::Malformed(offset, message),
                })?;
                Some(Token::Start(tag))
            }
            Event::End(_) => {
                self.depth -= 1;
                self.scope.leave(self.depth);
                Some(Token::End)
            }
            Event::Text(text) => Some(Token::Text(text.into_inner().into_owned())),
            Event::CData(text) if self.depth > 0 => Some(Token::Text(text.into_inner().into_owned())),
            Event::CData(_) => return malformed("text outside the root element"),
            Event::GeneralRef(reference) => Some(Token::Text(resolve(&reference, offset)?.into())),
            Event::Decl(declaration) => {
                check_declaration(&declaration)?;
                None
            }
            Event::DocType(text)
                if text.trim_start().get(..4).is_some_and(|name| name.eq_ignore_ascii_case("html")) =>
            {
                return Err(Fault::NotThisFormat("an HTML page".into()));
            }
            Event::DocType(_) => return Err(Fault::Forbidden(offset, "a document type declaration".into())),
            Event::Comment(_) | Event::PI(_) => None,
            Event::Eof if self.depth > 0 || !self.rooted => return malformed("the file is cut off"),
            Event::Eof => Some(Token::Eof),
        };
        if let Some(Token::Text(text)) = &token {
            if let Some(control) = control(text) {
                return Err(Fault::Malformed(offset, control));
            }
            if self.depth == 0 && !text.trim_ascii().is_empty() {
                return malformed("text outside the root element");
            }
        }
        Ok(token)
    }

    /// The text of the element that was just started, and of it alone, up to its
    /// end tag.
    pub fn text(&mut self, tag: &Tag, limit: usize) -> Result<String, Fault> {
        let mut text = String::new();
        loop {
            match self.next()? {
                Token::Text(more) => {
                    if text.len() + more.len() > limit {
                        return Err(too_long(tag, limit));
                    }
                    text.push_str(&more);
                }
                Token::Start(inner) => self.skip(&inner)?,
                Token::End | Token::Eof => return Ok(text),
            }
        }
    }

    /// Passes over the element that was just started.
    pub fn skip(&mut self, tag: &Tag) -> Result<(), Fault> {
        let mut open = 1;
        let mut length = 0;
        while open > 0 {
            match self.next()? {
                Token::Start(_) => open += 1,
                Token::End | Token::Eof => open -= 1,
                Token::Text(text) => length += text.len(),
            }
            if length > MAX_TEXT {
                return Err(too_long(tag, MAX_TEXT));
            }
        }
        Ok(())
    }

    fn fault(&self, error: XmlError) -> Fault {
        let at = self.reader.get_ref().offset(self.reader.error_position());
        let message = match error {
            XmlError::Io(error) if error.kind() == ErrorKind::FileTooLarge => {
                return Fault::TooLarge(format!("a text is longer than {MAX_TEXT} bytes"));
            }
            XmlError::Io(error) => {
                return Fault::Unreadable(std::io::Error::new(error.kind(), error.to_string()));
            }
            XmlError::Syntax(SyntaxError::UnclosedDoctype) => {
                return Fault::Forbidden(at, "a document type declaration".into());
            }
            XmlError::Syntax(SyntaxError::InvalidBangMarkup) => "unknown markup after <!".into(),
            XmlError::Syntax(_) => "the file is cut off".into(),
            XmlError::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                format!("<{}> is closed by </{}>", short(&expected), short(&found))
            }
            XmlError::IllFormed(IllFormedError::UnmatchedEndTag(found)) => {
                format!("</{}> closes nothing", short(&found))
            }
            XmlError::IllFormed(error) => error.to_string(),
            XmlError::Encoding(_) => {
                return Fault::Malformed(self.offset(), "bytes that are not UTF-8".into());
            }
            other => other.to_string(),
        };
        Fault::Malformed(at, message)
    }
}

fn too_long(tag: &Tag, limit: usize) -> Fault {
    Fault::TooLarge(format!("the text of <{}> is longer than {limit} bytes", short(&tag.name)))
}

/// The character that a reference stands for: a number's, or one of the five
/// entities that XML itself declares.
fn resolve(reference: &BytesRef<'_>, offset: u64) -> Result<char, Fault> {
    let number = reference.resolve_char_ref().map_err(|error| Fault::Malformed(offset, error.to_string()))?;
    let letter = match number {
        Some(letter) => letter,
        None => {
            let name = reference.as_ref();
            let unknown =
                || Fault::Malformed(offset, format!("the entity &{}; is not declared", short(name)));
            resolve_xml_entity(name).and_then(|text| text.chars().next()).ok_or_else(unknown)?
        }
    };
    match control(letter.encode_utf8(&mut [0; 4])) {
        Some(message) => Err(Fault::Malformed(offset, message)),
        None => Ok(letter),
    }
}

/// What is wrong with a text that holds a character which XML 1.0 forbids.
pub fn control(text: &str) -> Option<String> {
    let forbidden = |byte: u8| byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r');
    let found = text.bytes().find(|&byte| forbidden(byte))?;
    Some(format!("the control character U+{found:04X}"))
}

fn check_declaration(declaration: &BytesDecl<'_>) -> Result<(), Fault> {
    match declaration.encoding() {
        Some(Ok(encoding))
            if !["utf-8", "utf8", "us-ascii"].iter().any(|known| encoding.eq_ignore_ascii_case(known)) =>
        {
            Err(Fault::NotThisFormat(format!("text in {}, where UTF-8 is read", short(&encoding))))
        }
        _ => Ok(()),
    }
}
