//! The component `wordpress-import`: the importer of `hygia:content`, over the
//! crate `wxr`. It reads files below the folder that it was granted, and imports
//! nothing but WASI's files.

#![allow(missing_docs)] // What the macro generates has the WIT file's words.
#![allow(unsafe_code)] // The canonical ABI's exports are raw functions.

mod file;

wit_bindgen::generate!({
    path: "../../../../wit/content",
    world: "file-importer",
    generate_all,
});

use exports::hygia::content::importer as wit;
use hygia::document::types::EntryKind;
use wit::Omission;

use file::File;

struct Component;

impl wit::Guest for Component {
    fn inspect(path: String) -> Result<wit::Summary, wit::ImportError> {
        wxr::inspect(&mut open(&path)?).map(lift_summary).map_err(lift_error)
    }

    fn read_items(path: String, offset: u64, limit: u32) -> Result<wit::Page, wit::ImportError> {
        let page = wxr::read_items(&mut open(&path)?, offset, limit).map_err(lift_error)?;
        Ok(wit::Page { items: page.items.into_iter().map(lift_item).collect(), next: page.next })
    }
}

/// The message names no path: the host knows which it passed.
fn open(path: &str) -> Result<File, wit::ImportError> {
    File::open(path).map_err(|error| wit::ImportError::Unreadable(error.to_string()))
}

fn lift_error(error: wxr::Error) -> wit::ImportError {
    let position = |position: wxr::Position| wit::Position {
        offset: position.offset,
        line: position.line,
        message: position.message,
    };
    match error {
        wxr::Error::Unreadable(message) => wit::ImportError::Unreadable(message),
        wxr::Error::NotThisFormat(found) => wit::ImportError::NotThisFormat(found),
        wxr::Error::Malformed(at) => wit::ImportError::Malformed(position(at)),
        wxr::Error::TooLarge(bound) => wit::ImportError::TooLarge(bound),
        wxr::Error::Forbidden(at) => wit::ImportError::Forbidden(position(at)),
    }
}

fn lift_summary(summary: wxr::Summary) -> wit::Summary {
    let terms = |terms: Vec<wxr::Term>| {
        terms
            .into_iter()
            .map(|term| wit::Term { slug: term.slug, name: term.name, parent: term.parent })
            .collect()
    };
    let authors = summary.authors.into_iter();
    wit::Summary {
        site_title: summary.site_title,
        site_url: summary.site_url,
        language: summary.language,
        format_version: summary.format_version,
        authors: authors
            .map(|author| wit::SourceAuthor { login: author.login, display_name: author.display_name })
            .collect(),
        categories: terms(summary.categories),
        tags: terms(summary.tags),
        items: summary.items,
        first_item: summary.first_item,
    }
}

fn lift_item(item: wxr::Item) -> wit::Item {
    let omitted = item.omitted.into_iter().map(|omission| Omission {
        kind: omission.kind,
        source_id: omission.source_id,
        label: omission.label,
        reason: omission.reason,
    });
    wit::Item { omitted: omitted.collect(), entry: item.entry.map(lift_entry) }
}

fn lift_entry(entry: wxr::Entry) -> wit::SourceEntry {
    wit::SourceEntry {
        source_id: entry.source_id,
        kind: match entry.kind {
            wxr::Kind::Post => EntryKind::Post,
            wxr::Kind::Page => EntryKind::Page,
        },
        status: match entry.status {
            wxr::Status::Published => wit::SourceStatus::Published,
            wxr::Status::Draft => wit::SourceStatus::Draft,
            wxr::Status::Pending => wit::SourceStatus::Pending,
            wxr::Status::Scheduled => wit::SourceStatus::Scheduled,
            wxr::Status::Private => wit::SourceStatus::Private,
            wxr::Status::Trashed => wit::SourceStatus::Trashed,
            wxr::Status::Other => wit::SourceStatus::Other,
        },
        slug: entry.slug,
        title: entry.title,
        excerpt: entry.excerpt,
        body: entry.body,
        author: entry.author,
        categories: entry.categories,
        tags: entry.tags,
        published_at: entry.published_at,
        modified_at: entry.modified_at,
        media: entry.media,
        comments: entry.comments,
        sticky: entry.sticky,
        password_protected: entry.password_protected,
    }
}

export!(Component);
