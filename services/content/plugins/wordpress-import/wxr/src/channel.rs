//! The export around its items.

use std::collections::BTreeSet;
use std::io::{Read, Seek, SeekFrom};

use crate::fault::Fault;
use crate::item::{self, Item};
use crate::source::Source;
use crate::tag::{Namespace, Tag, short};
use crate::xml::{Token, Xml};
use crate::{MAX_FIELD, MAX_ITEMS, MAX_PAGE_ITEMS, MAX_PAGE_TEXT, MAX_TAG, MAX_TERMS};

/// What an export holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// title.
    pub site_title: String,
    /// wp:base_blog_url, else link.
    pub site_url: String,
    /// language.
    pub language: String,
    /// wp:wxr_version.
    pub format_version: String,
    /// wp:author.
    pub authors: Vec<SourceAuthor>,
    /// wp:category.
    pub categories: Vec<Term>,
    /// wp:tag.
    pub tags: Vec<Term>,
    /// How many items there are.
    pub items: u32,
    /// Where the first one starts; 0 where there is none.
    pub first_item: u64,
}

/// An author. The address that an export has of them is not read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SourceAuthor {
    /// wp:author_login.
    pub login: String,
    /// wp:author_display_name.
    pub display_name: String,
}

/// A category or tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Term {
    /// Its slug.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// The slug of the category that it belongs to.
    pub parent: Option<String>,
}

/// Some items.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// In the order of the file.
    pub items: Vec<Item>,
    /// Where the next item starts; none after the last.
    pub next: Option<u64>,
}

/// See [`crate::inspect`].
pub fn inspect<R: Read + Seek>(file: &mut R) -> Result<Summary, Fault> {
    let mut xml = Xml::new(Source::from_start(file)?);
    enter(&mut xml)?;
    let mut summary = Summary::default();
    let mut link = String::new();
    let mut ids = BTreeSet::new();
    while let Some(tag) = next_child(&mut xml)? {
        if tag.is(Namespace::None, "item") {
            check_version(&summary.format_version)?;
            read_item(&mut xml, &tag, &mut summary, &mut ids)?;
        } else if tag.is(Namespace::None, "link") {
            link = xml.text(&tag, MAX_FIELD)?;
        } else {
            read_header(&mut xml, &tag, &mut summary)?;
        }
    }
    check_version(&summary.format_version)?;
    leave(&mut xml)?;
    if summary.site_url.is_empty() {
        summary.site_url = link;
    }
    Ok(summary)
}

/// Goes into the channel.
fn enter<R: Read + Seek>(xml: &mut Xml<'_, R>) -> Result<(), Fault> {
    let Some(root) = next_child(xml)? else { return Err(Fault::NotThisFormat("no element at all".into())) };
    if !root.is(Namespace::None, "rss") {
        return Err(Fault::NotThisFormat(format!("XML with the root element <{}>", short(&root.name))));
    }
    match next_child(xml)? {
        Some(channel) if channel.is(Namespace::None, "channel") => Ok(()),
        _ => Err(Fault::NotThisFormat("RSS without a channel".into())),
    }
}

/// Goes to the end of the document, where nothing but its root's end is left.
fn leave<R: Read + Seek>(xml: &mut Xml<'_, R>) -> Result<(), Fault> {
    loop {
        match xml.next()? {
            Token::Start(tag) => {
                return Err(Fault::Malformed(tag.offset, "an element after the channel".into()));
            }
            Token::Text(_) | Token::End => {}
            Token::Eof => return Ok(()),
        }
    }
}

/// The next start tag inside the current element; none at its end.
fn next_child<R: Read + Seek>(xml: &mut Xml<'_, R>) -> Result<Option<Tag>, Fault> {
    loop {
        match xml.next()? {
            Token::Start(tag) => return Ok(Some(tag)),
            Token::Text(_) => {}
            Token::End | Token::Eof => return Ok(None),
        }
    }
}

fn check_version(version: &str) -> Result<(), Fault> {
    match version {
        "1.0" | "1.1" | "1.2" => Ok(()),
        "" => Err(Fault::NotThisFormat("an RSS feed without wp:wxr_version".into())),
        other => Err(Fault::NotThisFormat(format!("WXR {}, where 1.0 to 1.2 are read", short(other)))),
    }
}

fn read_item<R: Read + Seek>(
    xml: &mut Xml<'_, R>,
    tag: &Tag,
    summary: &mut Summary,
    ids: &mut BTreeSet<String>,
) -> Result<(), Fault> {
    if summary.items == MAX_ITEMS {
        return Err(Fault::TooLarge(format!("the export has more than {MAX_ITEMS} items")));
    }
    if summary.items == 0 {
        summary.first_item = tag.offset;
    }
    summary.items += 1;
    let fields = item::read(xml, tag)?;
    if !ids.insert(fields.id) {
        return Err(Fault::Malformed(tag.offset, "two items have the same wp:post_id".into()));
    }
    Ok(())
}

/// Reads an element that stands before the items.
fn read_header<R: Read + Seek>(xml: &mut Xml<'_, R>, tag: &Tag, summary: &mut Summary) -> Result<(), Fault> {
    use Namespace::{None, Wp};
    let field = match (tag.namespace, tag.name.as_str()) {
        (Wp, "author") => {
            let [login, display_name] = children(xml, ["author_login", "author_display_name"])?;
            return push(&mut summary.authors, SourceAuthor { login, display_name }, "authors");
        }
        (Wp, "category") => {
            let [slug, name, parent] = children(xml, ["category_nicename", "cat_name", "category_parent"])?;
            let parent = Some(parent).filter(|slug| !slug.is_empty());
            return push(&mut summary.categories, Term { slug, name, parent }, "categories");
        }
        (Wp, "tag") => {
            let [slug, name] = children(xml, ["tag_slug", "tag_name"])?;
            return push(&mut summary.tags, Term { slug, name, parent: Option::None }, "tags");
        }
        (None, "title") => &mut summary.site_title,
        (None, "language") => &mut summary.language,
        (Wp, "base_blog_url") => &mut summary.site_url,
        (Wp, "wxr_version") => &mut summary.format_version,
        _ => return xml.skip(tag),
    };
    *field = xml.text(tag, MAX_FIELD)?.trim().to_owned();
    Ok(())
}

fn push<T>(list: &mut Vec<T>, one: T, what: &str) -> Result<(), Fault> {
    if list.len() == MAX_TERMS {
        return Err(Fault::TooLarge(format!("the export has more than {MAX_TERMS} {what}")));
    }
    list.push(one);
    Ok(())
}

/// The texts of the named children in WordPress's namespace.
fn children<R: Read + Seek, const N: usize>(
    xml: &mut Xml<'_, R>,
    names: [&str; N],
) -> Result<[String; N], Fault> {
    let mut texts = [const { String::new() }; N];
    while let Some(tag) = next_child(xml)? {
        let wanted = names.iter().position(|name| tag.is(Namespace::Wp, name));
        match wanted {
            Some(at) => texts[at] = xml.text(&tag, MAX_FIELD)?.trim().to_owned(),
            None => xml.skip(&tag)?,
        }
    }
    Ok(texts)
}

/// See [`crate::read_items`].
pub fn read_items<R: Read + Seek>(file: &mut R, offset: u64, limit: u32) -> Result<Page, Fault> {
    let head = read_head(file)?;
    let no_item = || Fault::Malformed(offset, "no item starts here".into());
    if offset < head.end {
        return Err(no_item());
    }
    let mut xml = Xml::new(Source::resume(file, head.bytes, offset)?);
    enter(&mut xml)?;
    let mut tag = next_child(&mut xml)?;
    if !tag.as_ref().is_some_and(|tag| tag.offset == offset && tag.is(Namespace::None, "item")) {
        return Err(no_item());
    }
    let mut page = Page::default();
    let mut length = 0;
    while let Some(start) = tag {
        if !start.is(Namespace::None, "item") {
            xml.skip(&start)?;
        } else if page.items.len() >= limit.min(MAX_PAGE_ITEMS) as usize || length >= MAX_PAGE_TEXT {
            page.next = Some(start.offset);
            break;
        } else {
            let fields = item::read(&mut xml, &start)?;
            length += fields.body.len() + fields.excerpt.len() + fields.title.len();
            page.items.push(fields.into_item());
        }
        tag = next_child(&mut xml)?;
    }
    Ok(page)
}

/// The file up to the end of the channel's start tag, which declares the
/// namespaces that the items use.
struct Head {
    bytes: Vec<u8>,
    end: u64,
}

fn read_head<R: Read + Seek>(file: &mut R) -> Result<Head, Fault> {
    let mut xml = Xml::new(Source::from_start(file)?);
    let start = xml.offset();
    enter(&mut xml)?;
    let end = xml.offset();
    let longest = 4 * MAX_TAG as u64;
    if end - start > longest {
        return Err(Fault::TooLarge(format!("more than {longest} bytes stand before the channel")));
    }
    drop(xml);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(end - start).read_to_end(&mut bytes)?;
    Ok(Head { bytes, end })
}
