//! JSON of any type and shape, as far as an item can use it: bounded in depth and in the length of its lists.

use super::FIELD_BYTES_MAX;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use std::fmt;

/// Elements kept of a list, members of an object; the rest is read over.
const LENGTH_MAX: usize = 64;

/// A JSON value.
#[derive(Debug)]
pub(super) enum Loose {
    /// `null`, a truth value, or what is nested too deep to matter.
    Nothing,
    Text(String),
    /// A number, as it is read: what is longer than 64 bits is rounded.
    Number(String),
    List(Vec<Loose>),
    Map(Vec<(String, Loose)>),
}

impl Loose {
    pub(super) fn number(self) -> Option<String> {
        match self {
            Self::Number(number) | Self::Text(number) => Some(number),
            _ => None,
        }
    }
}

/// Reads a value with so many levels beneath it.
#[derive(Clone, Copy)]
pub(super) struct Bounded(u8);

impl Bounded {
    /// An item, its list of authors, an author, a name.
    pub(super) const WHOLE: Self = Self(4);
}

impl<'de> DeserializeSeed<'de> for Bounded {
    type Value = Loose;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Loose, D::Error> {
        if self.0 == 0 {
            return deserializer.deserialize_ignored_any(IgnoredAny).map(|_| Loose::Nothing);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Bounded {
    type Value = Loose;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Loose, E> {
        Ok(Loose::Nothing)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Loose, E> {
        Ok(Loose::Number(number.to_string()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Loose, E> {
        Ok(Loose::Number(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Loose, E> {
        Ok(Loose::Number(number.to_string()))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Loose, E> {
        Ok(Loose::Text(text[..text.floor_char_boundary(FIELD_BYTES_MAX)].to_owned()))
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Loose, S::Error> {
        let mut kept = Vec::new();
        while kept.len() < LENGTH_MAX
            && let Some(value) = list.next_element_seed(Self(self.0 - 1))?
        {
            kept.push(value);
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Loose::List(kept))
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Loose, M::Error> {
        let mut kept = Vec::new();
        while kept.len() < LENGTH_MAX
            && let Some(key) = map.next_key::<String>()?
        {
            kept.push((key, map.next_value_seed(Self(self.0 - 1))?));
        }
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Loose::Map(kept))
    }
}
