//! Start tags, with their namespaces resolved.

use quick_xml::XmlVersion;
use quick_xml::events::BytesStart;
use quick_xml::events::attributes::Attribute;

use crate::MAX_TAG;

/// The most attributes of one tag, and the most namespace declarations in force.
const MAX_ATTRIBUTES: usize = 64;

/// The namespaces that WXR uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// RSS's own elements have none.
    None,
    /// `http://wordpress.org/export/1.x/`
    Wp,
    /// `http://wordpress.org/export/1.x/excerpt/`
    Excerpt,
    /// `http://purl.org/rss/1.0/modules/content/`
    Content,
    /// `http://purl.org/dc/elements/1.1/`
    Dc,
    /// Any other.
    Other,
}

impl Namespace {
    fn of(uri: &str) -> Self {
        match uri.strip_prefix("http://wordpress.org/export/").and_then(|rest| rest.split_once('/')) {
            Some((_, "")) => return Self::Wp,
            Some((_, "excerpt/")) => return Self::Excerpt,
            _ => {}
        }
        match uri {
            "" => Self::None,
            "http://purl.org/rss/1.0/modules/content/" => Self::Content,
            "http://purl.org/dc/elements/1.1/" => Self::Dc,
            _ => Self::Other,
        }
    }
}

/// A start tag.
#[derive(Debug)]
pub struct Tag {
    pub namespace: Namespace,
    pub name: String,
    /// Where it starts in the file.
    pub offset: u64,
    attributes: Vec<(String, String)>,
}

impl Tag {
    /// Whether it is this element.
    pub fn is(&self, namespace: Namespace, name: &str) -> bool {
        self.namespace == namespace && self.name == name
    }

    /// The value of an attribute without a namespace.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// A namespace declaration in force.
struct Binding {
    depth: usize,
    prefix: String,
    namespace: Namespace,
}

/// The declarations in force.
#[derive(Default)]
pub struct Scope(Vec<Binding>);

/// What is wrong with a tag.
pub enum BadTag {
    TooLarge(String),
    Malformed(String),
}

impl Scope {
    /// Forgets what the elements below `depth` declared.
    pub fn leave(&mut self, depth: usize) {
        while self.0.last().is_some_and(|binding| binding.depth > depth) {
            self.0.pop();
        }
    }

    /// Reads a start tag of an element at `depth`.
    pub fn read(&mut self, start: &BytesStart<'_>, depth: usize, offset: u64) -> Result<Tag, BadTag> {
        if start.len() > MAX_TAG {
            return Err(BadTag::TooLarge(format!("a tag is longer than {MAX_TAG} bytes")));
        }
        let mut attributes = Vec::new();
        for (count, attribute) in start.attributes().with_checks(true).enumerate() {
            if count == MAX_ATTRIBUTES || self.0.len() > MAX_ATTRIBUTES {
                return Err(BadTag::TooLarge(format!(
                    "a tag has more than {MAX_ATTRIBUTES} attributes or namespaces"
                )));
            }
            let attribute = attribute.map_err(|error| BadTag::Malformed(error.to_string()))?;
            let (key, value) = read_attribute(&attribute)?;
            match key.strip_prefix("xmlns") {
                Some("") => self.bind(depth, "", &value),
                Some(prefix) if prefix.starts_with(':') => self.bind(depth, &prefix[1..], &value),
                _ => attributes.push((key, value)),
            }
        }
        let (prefix, name) = match start.name().as_ref().split_once(':') {
            Some((prefix, name)) => (prefix.to_owned(), name.to_owned()),
            None => (String::new(), start.name().as_ref().to_owned()),
        };
        if !is_name(&name) || (!prefix.is_empty() && !is_name(&prefix)) {
            return Err(BadTag::Malformed("an element has no proper name".into()));
        }
        let namespace = self.resolve(&prefix)?;
        Ok(Tag { namespace, name, offset, attributes })
    }

    fn bind(&mut self, depth: usize, prefix: &str, uri: &str) {
        self.0.push(Binding { depth, prefix: prefix.into(), namespace: Namespace::of(uri) });
    }

    fn resolve(&self, prefix: &str) -> Result<Namespace, BadTag> {
        match self.0.iter().rev().find(|binding| binding.prefix == prefix) {
            Some(binding) => Ok(binding.namespace),
            None if prefix.is_empty() => Ok(Namespace::None),
            None if prefix == "xml" => Ok(Namespace::Other),
            None => Err(BadTag::Malformed(format!("the prefix {} is not declared", short(prefix)))),
        }
    }
}

fn read_attribute(attribute: &Attribute<'_>) -> Result<(String, String), BadTag> {
    let malformed = |message: String| BadTag::Malformed(message);
    if attribute.value.contains('<') {
        return Err(malformed("an attribute's value holds <".into()));
    }
    let value =
        attribute.normalized_value(XmlVersion::Implicit1_0).map_err(|error| malformed(error.to_string()))?;
    if let Some(control) = crate::xml::control(&value) {
        return Err(malformed(control));
    }
    Ok((attribute.key.as_ref().to_owned(), value.into_owned()))
}

fn is_name(name: &str) -> bool {
    let first = name.chars().next().is_some_and(|first| first.is_alphabetic() || first == '_');
    first && name.chars().all(|letter| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.'))
}

/// A name that fits a message.
pub fn short(name: &str) -> String {
    name.chars().take(40).collect()
}
