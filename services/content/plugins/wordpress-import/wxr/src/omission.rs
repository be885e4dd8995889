//! Why things are left behind.

use crate::item::Omission;

/// The longest label, in characters.
const LABEL: usize = 120;

/// Post types whose titles may hold what readers or customers wrote.
const PERSONAL: [&str; 8] = [
    "feedback",
    "flamingo_contact",
    "flamingo_inbound",
    "nf_sub",
    "shop_order",
    "shop_order_refund",
    "user_request",
    "wpforms_entries",
];

/// An omission with a label that fits.
pub fn of(kind: &str, source_id: &str, label: &str, reason: impl Into<String>) -> Omission {
    let label = label.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(LABEL).collect();
    Omission { kind: kind.into(), source_id: source_id.into(), label, reason: reason.into() }
}

/// The omission of an item that is neither a post nor a page.
pub fn of_item(post_type: &str, source_id: &str, title: &str, attachment: Option<&str>) -> Omission {
    let title = if PERSONAL.contains(&post_type) { "" } else { title };
    of(post_type, source_id, title, item_reason(post_type, attachment))
}

fn item_reason(post_type: &str, attachment: Option<&str>) -> String {
    let reason = match post_type {
        "attachment" => {
            return match attachment {
                Some(url) => format!("media files are not in an export; fetch it from {url}"),
                None => "media files are not in an export".into(),
            };
        }
        "revision" => "earlier versions are not taken over: history starts with the import",
        "nav_menu_item" | "wp_navigation" => "menus belong to the old theme",
        "wp_block" => "reusable blocks are not taken over",
        "custom_css"
        | "customize_changeset"
        | "wp_global_styles"
        | "wp_template"
        | "wp_template_part"
        | "wp_font_family"
        | "wp_font_face" => "it belongs to the old theme",
        "oembed_cache" => "it is a cache",
        kind if PERSONAL.contains(&kind) => "it holds personal data of readers or customers",
        _ => "only posts and pages are taken over",
    };
    reason.into()
}
