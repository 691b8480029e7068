//! What is in force at a place of the document: prefixes, and the base of relative links.

use super::references::resolve;
use super::tokens::Tag;
use super::vocabulary::{Element, Namespace, Rank, element};
use super::{Repair, Repairs};
use crate::engine::link::LINK_BYTES_MAX;
use std::borrow::Cow;
use url::Url;

/// Bytes of a base. Every relative link and every entry is written with it; addresses of directories are short.
const BASE_BYTES_MAX: usize = 1024;
/// Declarations in force at once; a document has some tens.
const DECLARATIONS_MAX: usize = 256;

/// What the containers around a place declare.
#[derive(Debug)]
pub(super) struct Scope<'a> {
    /// Prefix (empty for the default) and namespace, the innermost last.
    prefixes: Vec<(&'a str, Namespace)>,
    /// What names without a prefix, or with an unknown default, belong to: the format itself.
    native: Namespace,
    base: Option<Url>,
    language: Option<Cow<'a, str>>,
}

/// What to return to when a container closes.
#[derive(Debug)]
pub(super) struct Outer<'a> {
    prefixes: usize,
    base: Option<Url>,
    language: Option<Cow<'a, str>>,
}

impl<'a> Outer<'a> {
    /// A language, where it is not the one outside.
    pub(super) fn own(&self, language: Option<Cow<'a, str>>) -> Option<Cow<'a, str>> {
        language.filter(|own| self.language.as_ref() != Some(own))
    }
}

impl<'a> Scope<'a> {
    pub(super) fn new(base: Option<&str>) -> Self {
        let base = base.and_then(|base| Url::parse(base).ok());
        Self { prefixes: Vec::new(), native: Namespace::Rss, base, language: None }
    }

    /// What names without a prefix mean from here on.
    pub(super) fn set_native(&mut self, native: Namespace) {
        self.native = native;
    }

    pub(super) fn is_atom(&self) -> bool {
        self.native == Namespace::Atom
    }

    /// Takes up what a tag declares; [`Self::leave`] takes it back.
    pub(super) fn enter(&mut self, tag: Tag<'a>, repairs: &mut Repairs) -> Outer<'a> {
        let outer = Outer { prefixes: self.prefixes.len(), base: self.base.clone(), language: self.language.clone() };
        if tag.says_xml() {
            for (name, value) in tag.attributes() {
                self.declare(name, value, repairs);
            }
        }
        outer
    }

    pub(super) fn leave(&mut self, outer: Outer<'a>) {
        self.prefixes.truncate(outer.prefixes);
        self.base = outer.base;
        self.language = outer.language;
    }

    fn declare(&mut self, name: &'a str, value: &'a str, repairs: &mut Repairs) {
        let prefix = if name == "xmlns" { Some("") } else { name.strip_prefix("xmlns:") };
        if let Some(prefix) = prefix {
            if self.prefixes.len() < DECLARATIONS_MAX {
                self.prefixes.push((prefix, Namespace::at(value)));
            }
        } else if name == "xml:lang" {
            self.language = Some(resolve(value, repairs)).filter(|language| !language.is_empty());
        } else if name == "xml:base" {
            let value = resolve(value, repairs);
            match self.join(&value) {
                Some(base) if is_usable(&base) => self.base = Some(base),
                // A relative base without one before it says nothing that could be used; that is no fault.
                _ if self.base.is_none() && !value.contains(':') => {}
                _ => repairs.note(Repair::BadBase),
            }
        }
    }

    fn join(&self, link: &str) -> Option<Url> {
        match &self.base {
            Some(base) => base.join(link.trim()).ok(),
            None => Url::parse(link.trim()).ok(),
        }
    }

    /// A link made absolute, where it can be; else as it is.
    pub(super) fn absolute<'l>(&self, link: Cow<'l, str>) -> Cow<'l, str> {
        let trimmed = link.trim();
        let is_absolute = trimmed.starts_with("http://") || trimmed.starts_with("https://");
        if is_absolute || trimmed.is_empty() {
            return link;
        }
        match &self.base {
            Some(base) if trimmed.len() <= LINK_BYTES_MAX => {
                base.join(trimmed).map_or(link, |url| Cow::Owned(url.into()))
            }
            _ => link,
        }
    }

    pub(super) fn base(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    pub(super) fn language(&self) -> Option<Cow<'a, str>> {
        self.language.clone()
    }

    /// What an element is, by its name as written.
    pub(super) fn element(&self, tag: Tag<'a>, repairs: &mut Repairs) -> Option<(Element, Rank)> {
        let (prefix, local) = split(tag.name);
        let own = if tag.says_xml() { own_namespace(tag, prefix) } else { None };
        let declared = own.or_else(|| self.prefixes.iter().rev().find(|known| known.0 == prefix).map(|known| known.1));
        let namespace = match declared {
            // Many RSS feeds have a default namespace of their own invention; it is RSS all the same.
            None | Some(Namespace::Other) if prefix.is_empty() => self.native,
            // Not declared, or an address that nobody knows, for a prefix that everybody does.
            None | Some(Namespace::Other) => Self::usual(prefix, repairs),
            Some(declared) => declared,
        };
        element(namespace, local).or_else(|| self.as_native(namespace, prefix, local, repairs))
    }

    fn usual(prefix: &str, repairs: &mut Repairs) -> Namespace {
        let usual = Namespace::of_prefix(prefix);
        if usual != Namespace::Other {
            repairs.note(Repair::Namespaces);
        }
        usual
    }

    /// RSS elements in an Atom feed, and Atom's in RSS, or a module's namespace as the default: written without a thought
    /// of namespaces.
    fn as_native(
        &self,
        namespace: Namespace,
        prefix: &str,
        local: &str,
        repairs: &mut Repairs,
    ) -> Option<(Element, Rank)> {
        let is_format = matches!(namespace, Namespace::Rss | Namespace::Atom | Namespace::Rdf) || prefix.is_empty();
        let found = if is_format && namespace != self.native { element(self.native, local) } else { None };
        if found.is_some() {
            repairs.note(Repair::Namespaces);
        }
        found
    }
}

fn is_usable(base: &Url) -> bool {
    matches!(base.scheme(), "http" | "https") && base.as_str().len() <= BASE_BYTES_MAX
}

/// A namespace that a tag declares for itself.
fn own_namespace(tag: Tag<'_>, prefix: &str) -> Option<Namespace> {
    let declares = |name: &str| match name.strip_prefix("xmlns") {
        Some("") => prefix.is_empty(),
        Some(rest) => rest.strip_prefix(':') == Some(prefix),
        None => false,
    };
    tag.attributes().find(|(name, _)| declares(name)).map(|(_, address)| Namespace::at(address))
}

/// Prefix and local name.
pub(super) fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}
