//! A post or page as the host takes it over.

use crate::item::{Entry, Fields, Item, Kind, Omission, Status};
use crate::omission::of as omission;
use crate::{date, media};

/// The entry, and what of it is left behind.
pub fn of(fields: Fields, kind: Kind) -> Item {
    let omitted = omissions(&fields);
    let published_at = time(&[date::from_sql(&fields.date), date::from_rss(&fields.pub_date)]);
    let modified_at = time(&[date::from_sql(&fields.modified)]);
    let entry = Entry {
        kind,
        status: status(&fields.status),
        published_at,
        modified_at,
        media: media::references(&fields.body),
        source_id: fields.id,
        slug: fields.slug,
        title: fields.title,
        excerpt: fields.excerpt,
        body: fields.body,
        author: fields.creator,
        categories: fields.categories,
        tags: fields.tags,
        comments: fields.comments,
        sticky: fields.sticky,
        password_protected: fields.password,
    };
    Item { entry: Some(entry), omitted }
}

/// The first time that there is.
fn time(times: &[Option<String>]) -> String {
    times.iter().flatten().next().cloned().unwrap_or_default()
}

fn status(name: &str) -> Status {
    match name {
        "publish" => Status::Published,
        "draft" => Status::Draft,
        "pending" => Status::Pending,
        "future" => Status::Scheduled,
        "private" => Status::Private,
        "trash" => Status::Trashed,
        _ => Status::Other,
    }
}

fn omissions(fields: &Fields) -> Vec<Omission> {
    let mut omitted = Vec::new();
    let mut omit =
        |kind: &str, label: &str, reason: &str| omitted.push(omission(kind, &fields.id, label, reason));
    if fields.comments > 0 {
        omit(
            "comment",
            &format!("{} comments", fields.comments),
            "comments hold personal data of their writers",
        );
    }
    if fields.password {
        omit("post_password", "", "passwords are not taken over");
    }
    if !fields.parent.is_empty() && fields.parent != "0" {
        omit("post_parent", &format!("item {}", fields.parent), "pages stand side by side here");
    }
    if is_number(&fields.thumbnail) {
        let label = format!("attachment {}", fields.thumbnail);
        omit("featured_image", &label, "media files are not in an export");
    }
    for (taxonomy, slug) in &fields.other_terms {
        omit(taxonomy, slug, "only categories and tags are taken over");
    }
    for (key, count) in &fields.meta {
        let label = if *count > 1 { format!("{key} ({count} times)") } else { key.clone() };
        omit("postmeta", &label, "custom fields are not taken over");
    }
    if fields.more_meta > 0 {
        omit("postmeta", &format!("{} more", fields.more_meta), "custom fields are not taken over");
    }
    for (kind, text) in [("post_date_gmt", &fields.date), ("post_modified_gmt", &fields.modified)] {
        if !text.is_empty() && !text.starts_with("0000-00-00") && date::from_sql(text).is_none() {
            omit(kind, text, "it is not a time");
        }
    }
    omitted
}

fn is_number(text: &str) -> bool {
    (1..=20).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit())
}
