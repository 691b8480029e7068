//! Identities: 64 bits of BLAKE3 over what names the thing, so that they are the same on every machine and after
//! every restart, and nobody can make an entry that takes the id of another publisher's.

use std::fmt;

/// The first 64 bits of BLAKE3 over the parts, each preceded by its length so that no two lists of parts are alike.
pub(crate) fn digest(parts: &[&[u8]]) -> u64 {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    }
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_be_bytes(first)
}

macro_rules! identity {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub u64);

        impl $name {
            /// Reads the 16 hexadecimal digits that `Display` writes.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                let whole = text.len() == 16 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
                whole.then(|| u64::from_str_radix(text, 16).ok().map(Self)).flatten()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:016x}", self.0)
            }
        }
    };
}

identity! {
    /// A feed, by its normalised address.
    FeedId
}
identity! {
    /// An entry, by its feed and what names it there (see [`super::entry::Identity`]).
    EntryId
}
identity! {
    /// A cluster, by its first entry and the sequence number of the input that started it. Never reused.
    ClusterId
}

impl FeedId {
    /// The id of the feed at this normalised address.
    #[must_use]
    pub fn of(address: &str) -> Self {
        Self(digest(&[b"feed", address.as_bytes()]))
    }
}

impl ClusterId {
    /// The id of the cluster that `first` starts with the input `sequence`.
    #[must_use]
    pub fn mint(first: EntryId, sequence: u64) -> Self {
        Self(digest(&[b"cluster", &first.0.to_le_bytes(), &sequence.to_le_bytes()]))
    }

    /// The id of the cluster that begins with `first` when a look at the entry `around` parts it from another; `seed` is
    /// never the same for two looks at one entry.
    #[must_use]
    pub fn part(first: EntryId, around: EntryId, seed: u64) -> Self {
        Self(digest(&[b"part", &first.0.to_le_bytes(), &around.0.to_le_bytes(), &seed.to_le_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let id = FeedId::of("https://example.org/feed");
        assert_eq!(FeedId::parse(&id.to_string()), Some(id));
        assert_eq!(FeedId::parse("12"), None);
        assert_eq!(FeedId::parse("+2345678901234ab"), None);
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(digest(&[b"ab", b"c"]), digest(&[b"a", b"bc"]));
    }
}
