//! A streaming reader of WordPress eXtended RSS (WXR 1.0 to 1.2), the format of
//! WordPress's own export.
//!
//! [`inspect`] reads an export to its end and refuses it whole; [`read_items`]
//! then reads a page of items from where the one before stopped. Neither holds
//! more than a page in memory, and every length, depth and number is bounded.
//! Document type declarations are never read, so no entity can be declared.

mod channel;
mod date;
mod entry;
mod fault;
mod item;
mod media;
mod omission;
mod source;
mod tag;
mod xml;

pub use channel::{Page, SourceAuthor, Summary, Term};
pub use fault::{Error, Position};
pub use item::{Entry, Item, Kind, Omission, Status};

use std::io::{Read, Seek};

/// The longest file, in bytes.
pub const MAX_FILE: u64 = 64 << 20;
/// The longest text of one element, in bytes.
pub const MAX_TEXT: usize = 8 << 20;
/// The longest text of an element that holds no body, in bytes.
pub const MAX_FIELD: usize = 64 << 10;
/// The longest tag, in bytes.
pub const MAX_TAG: usize = 64 << 10;
/// The deepest nesting of elements.
pub const MAX_DEPTH: usize = 32;
/// The most items in an export.
pub const MAX_ITEMS: u32 = 100_000;
/// The most authors, and the most terms of a taxonomy.
pub const MAX_TERMS: usize = 20_000;
/// The most items in a page.
pub const MAX_PAGE_ITEMS: u32 = 1_000;
/// The bytes of text after which a page ends early.
pub const MAX_PAGE_TEXT: usize = 8 << 20;

/// Reads the whole export, and says what is in it or why it cannot be read.
pub fn inspect<R: Read + Seek>(file: &mut R) -> Result<Summary, Error> {
    fault::locate(file, channel::inspect)
}

/// Reads at most `limit` items from `offset`, which is where an item starts:
/// [`Summary::first_item`] or an earlier page's [`Page::next`].
pub fn read_items<R: Read + Seek>(file: &mut R, offset: u64, limit: u32) -> Result<Page, Error> {
    fault::locate(file, |file| channel::read_items(file, offset, limit))
}
