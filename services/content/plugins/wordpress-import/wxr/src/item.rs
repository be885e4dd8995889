//! One item of an export.

use std::io::{Read, Seek};

use crate::fault::Fault;
use crate::omission;
use crate::tag::{Namespace, Tag};
use crate::xml::{Token, Xml};
use crate::{MAX_FIELD, MAX_TEXT};

/// The most terms of one item.
const MAX_ITEM_TERMS: usize = 500;
/// The most kinds of custom field that are named one by one.
const MAX_META_KEYS: usize = 50;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A post.
    Post,
    /// A page.
    Page,
}

/// A status in WordPress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// publish
    Published,
    /// draft
    Draft,
    /// pending
    Pending,
    /// future
    Scheduled,
    /// private
    Private,
    /// trash
    Trashed,
    /// Any other, such as a plugin's.
    Other,
}

/// A post or a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// wp:post_id.
    pub source_id: String,
    /// Post or page.
    pub kind: Kind,
    /// wp:status.
    pub status: Status,
    /// wp:post_name; empty for a draft that has none yet.
    pub slug: String,
    /// title.
    pub title: String,
    /// excerpt:encoded.
    pub excerpt: String,
    /// content:encoded, byte for byte.
    pub body: String,
    /// dc:creator, a login.
    pub author: String,
    /// Slugs.
    pub categories: Vec<String>,
    /// Slugs.
    pub tags: Vec<String>,
    /// RFC 3339, UTC; empty where there is none.
    pub published_at: String,
    /// RFC 3339, UTC; empty where there is none.
    pub modified_at: String,
    /// URLs.
    pub media: Vec<String>,
    /// How many comments are left behind.
    pub comments: u32,
    /// wp:is_sticky.
    pub sticky: bool,
    /// A password was set; it is not taken over.
    pub password_protected: bool,
}

/// Something left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Omission {
    /// Such as "attachment".
    pub kind: String,
    /// wp:post_id of what it belongs to.
    pub source_id: String,
    /// For a person to recognise it.
    pub label: String,
    /// Why.
    pub reason: String,
}

/// An entry with what of it is left behind, or only what is left behind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// None for what is neither a post nor a page.
    pub entry: Option<Entry>,
    /// Never empty where there is no entry.
    pub omitted: Vec<Omission>,
}

/// An item's elements as they were read.
#[derive(Default)]
pub struct Fields {
    pub id: String,
    pub post_type: String,
    pub status: String,
    pub slug: String,
    pub title: String,
    pub excerpt: String,
    pub body: String,
    pub creator: String,
    pub date: String,
    pub pub_date: String,
    pub modified: String,
    pub parent: String,
    pub attachment: String,
    pub sticky: bool,
    pub password: bool,
    pub categories: Vec<String>,
    pub tags: Vec<String>,
    pub comments: u32,
    pub thumbnail: String,
    /// Terms of other taxonomies: taxonomy and slug.
    pub other_terms: Vec<(String, String)>,
    /// Custom fields' names, and how many there are of each.
    pub meta: Vec<(String, u32)>,
    pub more_meta: u32,
}

/// Reads the item that was just started, up to its end tag.
pub fn read<R: Read + Seek>(xml: &mut Xml<'_, R>, start: &Tag) -> Result<Fields, Fault> {
    let mut fields = Fields::default();
    loop {
        match xml.next()? {
            Token::Start(tag) => read_child(xml, &tag, &mut fields)?,
            Token::Text(_) => {}
            Token::End | Token::Eof => break,
        }
    }
    let numbered = (1..=20).contains(&fields.id.len()) && fields.id.bytes().all(|byte| byte.is_ascii_digit());
    if !numbered {
        return Err(Fault::Malformed(start.offset, "an item has no wp:post_id".into()));
    }
    Ok(fields)
}

fn read_child<R: Read + Seek>(xml: &mut Xml<'_, R>, tag: &Tag, fields: &mut Fields) -> Result<(), Fault> {
    use Namespace::{Content, Dc, Excerpt, None, Wp};
    let field = match (tag.namespace, tag.name.as_str()) {
        (Content, "encoded") => {
            fields.body = xml.text(tag, MAX_TEXT)?;
            return Ok(());
        }
        (None, "category") => return read_term(xml, tag, fields),
        (Wp, "postmeta") => return read_meta(xml, fields),
        (Wp, "comment") => {
            fields.comments += 1;
            return xml.skip(tag);
        }
        (Wp, "post_password") => {
            fields.password = !xml.text(tag, MAX_FIELD)?.is_empty();
            return Ok(());
        }
        (Wp, "is_sticky") => {
            fields.sticky = xml.text(tag, MAX_FIELD)?.trim() == "1";
            return Ok(());
        }
        (None, "title") => &mut fields.title,
        (None, "pubDate") => &mut fields.pub_date,
        (Dc, "creator") => &mut fields.creator,
        (Excerpt, "encoded") => &mut fields.excerpt,
        (Wp, "post_id") => &mut fields.id,
        (Wp, "post_type") => &mut fields.post_type,
        (Wp, "status") => &mut fields.status,
        (Wp, "post_name") => &mut fields.slug,
        (Wp, "post_date_gmt") => &mut fields.date,
        (Wp, "post_modified_gmt") => &mut fields.modified,
        (Wp, "post_parent") => &mut fields.parent,
        (Wp, "attachment_url") => &mut fields.attachment,
        _ => return xml.skip(tag),
    };
    *field = xml.text(tag, MAX_FIELD)?;
    if tag.namespace == Wp {
        *field = field.trim().to_owned();
    }
    Ok(())
}

/// `<category domain="post_tag" nicename="gripe">Gripe</category>`.
fn read_term<R: Read + Seek>(xml: &mut Xml<'_, R>, tag: &Tag, fields: &mut Fields) -> Result<(), Fault> {
    xml.skip(tag)?;
    let domain = tag.attribute("domain").unwrap_or("category");
    let slug = tag.attribute("nicename").unwrap_or_default();
    if slug.is_empty() {
        return Ok(());
    }
    if fields.categories.len() + fields.tags.len() + fields.other_terms.len() == MAX_ITEM_TERMS {
        return Err(Fault::TooLarge(format!("an item has more than {MAX_ITEM_TERMS} terms")));
    }
    let slugs = match domain {
        "category" => &mut fields.categories,
        "post_tag" => &mut fields.tags,
        _ => {
            fields.other_terms.push((domain.into(), slug.into()));
            return Ok(());
        }
    };
    if !slugs.iter().any(|known| known == slug) {
        slugs.push(slug.into());
    }
    Ok(())
}

/// Of a custom field only the name is kept: its value may be anything.
fn read_meta<R: Read + Seek>(xml: &mut Xml<'_, R>, fields: &mut Fields) -> Result<(), Fault> {
    let mut key = String::new();
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.is(Namespace::Wp, "meta_key") => key = xml.text(&tag, MAX_FIELD)?,
            Token::Start(tag) if tag.is(Namespace::Wp, "meta_value") && key == "_thumbnail_id" => {
                fields.thumbnail = xml.text(&tag, MAX_FIELD)?;
            }
            Token::Start(tag) => xml.skip(&tag)?,
            Token::Text(_) => {}
            Token::End | Token::Eof => break,
        }
    }
    if key == "_thumbnail_id" {
        return Ok(());
    }
    if let Some((_, count)) = fields.meta.iter_mut().find(|(known, _)| *known == key) {
        *count += 1;
    } else if fields.meta.len() < MAX_META_KEYS {
        fields.meta.push((key, 1));
    } else {
        fields.more_meta += 1;
    }
    Ok(())
}

impl Fields {
    /// What a host gets of the item.
    pub fn into_item(self) -> Item {
        let kind = match self.post_type.as_str() {
            "post" => Kind::Post,
            "page" => Kind::Page,
            other => {
                let attachment = Some(self.attachment.as_str()).filter(|url| crate::media::is_reference(url));
                let omitted = omission::of_item(other, &self.id, &self.title, attachment);
                return Item { entry: None, omitted: vec![omitted] };
            }
        };
        crate::entry::of(self, kind)
    }
}
