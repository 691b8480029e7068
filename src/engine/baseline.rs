//! What others do, for comparison: the rules of feed readers and textbooks, with the constants that they publish. Each
//! entry joins the cluster of the earlier entry it is most like by the rule, or starts one. Nothing of this is used for
//! anything but `storyfold eval --baseline`.

use super::eval::Labelled;
use super::id::{ClusterId, EntryId, digest};
use super::text::{self, Language, normalize};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::xxh3_64_with_seed;

const HOUR_MS: u64 = 3_600_000;

/// A rule of others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// Equal titles but for case, spaces and punctuation, of 10 characters or more, within 120 hours (`NewsBlur`, tier 1).
    ExactTitle,
    /// Jaro-Winkler likeness of titles of .85 or more within 72 hours (a usual setting; no peer states one).
    JaroWinkler,
    /// Likeness of the titles' trigrams as `PostgreSQL`'s `pg_trgm` has it of .75 or more, titles of 32 characters or more,
    /// within a day (Tiny Tiny RSS, `af_psql_trgm`).
    TitleTrigram,
    /// Five significant title words or more, three of them shared, overlap coefficient of .6 or more, within 120 hours,
    /// ten members at most (`NewsBlur`, tier 2).
    Overlap,
    /// Jaccard index of all words of .5 or more, estimated by 128 minimal hashes (Broder 1997), within 72 hours.
    MinHash,
    /// Cosine of all words weighted by rarity of .3 or more and five shared words (three of titles alone), within 72 hours
    /// (GDELT's Global Similarity Graph, whose own window is half an hour).
    Tfidf,
}

/// How much of a text GDELT and its like look at.
const TEXT_CHARS: usize = 1_000;
/// Minimal hashes of a sketch.
const SKETCH: u64 = 128;
/// Words that carry a title (`NewsBlur`): fewer decide nothing.
const WORDS_MIN: usize = 5;
const WORDS_SHARED_MIN: usize = 3;

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::ExactTitle, Self::JaroWinkler, Self::TitleTrigram, Self::Overlap, Self::MinHash, Self::Tfidf];

    /// What the command line calls it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::ExactTitle => "exact-title",
            Self::JaroWinkler => "jaro-winkler",
            Self::TitleTrigram => "title-trigram",
            Self::Overlap => "overlap",
            Self::MinHash => "minhash",
            Self::Tfidf => "tfidf",
        }
    }

    /// Runs the entries through the rule in the order given, and gives the cluster of each.
    #[must_use]
    pub fn assign(self, entries: &[Labelled]) -> Vec<ClusterId> {
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        let mut seen: Vec<Profile> = Vec::with_capacity(entries.len());
        let mut clusters: Vec<ClusterId> = Vec::with_capacity(entries.len());
        let mut sizes: BTreeMap<ClusterId, usize> = BTreeMap::new();
        for (place, entry) in entries.iter().enumerate() {
            let profile = self.profile(entry, &mut counts, place);
            let near = (0..place).filter(|&other| apart_ms(entry, &entries[other]) <= self.window_ms());
            let alike = near.filter_map(|other| Some((profile.likeness(&seen[other])?, other)));
            let best = alike.max_by(|a, b| a.0.total_cmp(&b.0).then(b.1.cmp(&a.1)));
            let joined = best.map(|(_, other)| clusters[other]).filter(|id| sizes[id] < self.members_max());
            let fresh = || ClusterId::mint(EntryId(digest(&[b"baseline", &place.to_le_bytes()])), 0);
            let cluster = joined.unwrap_or_else(fresh);
            *sizes.entry(cluster).or_default() += 1;
            clusters.push(cluster);
            seen.push(profile);
        }
        clusters
    }

    const fn window_ms(self) -> u64 {
        match self {
            Self::TitleTrigram => 24 * HOUR_MS,
            Self::ExactTitle | Self::Overlap => 120 * HOUR_MS,
            Self::JaroWinkler | Self::MinHash | Self::Tfidf => 72 * HOUR_MS,
        }
    }

    const fn members_max(self) -> usize {
        if matches!(self, Self::Overlap) { 10 } else { usize::MAX }
    }

    fn profile(self, entry: &Labelled, counts: &mut BTreeMap<u32, u32>, before: usize) -> Profile {
        let title = normalize(&entry.title);
        match self {
            Self::ExactTitle => Profile::Exact(text::fingerprint(&title), title.chars().count()),
            Self::JaroWinkler => Profile::Title(title),
            Self::TitleTrigram => Profile::Trigrams(trigrams(&title), title.chars().count()),
            Self::Overlap => Profile::Words(significant(&title, entry.language.as_deref())),
            Self::MinHash => Profile::Sketch(sketch(&words(entry))),
            Self::Tfidf => {
                let words = words(entry);
                for word in &words {
                    *counts.entry(*word).or_default() += 1;
                }
                let weigh = |word: &u32| (*word, -libm::log(share(counts[word] as usize, before + 1)).min(0.0));
                Profile::weighted(words.iter().map(weigh).collect(), entry.text.is_empty())
            }
        }
    }
}

impl Profile {
    /// How alike two entries are, if alike enough.
    fn likeness(&self, other: &Self) -> Option<f64> {
        let (likeness, enough) = match (self, other) {
            (Self::Exact(a, chars), Self::Exact(b, _)) => (f64::from(u8::from(a == b && *chars >= 10)), 1.0),
            (Self::Title(a), Self::Title(b)) => (strsim::jaro_winkler(a, b), 0.85),
            (Self::Trigrams(a, chars), Self::Trigrams(b, _)) => (if *chars >= 32 { jaccard(a, b) } else { 0.0 }, 0.75),
            (Self::Words(a), Self::Words(b)) => {
                let (shared, fewer) = (a.intersection(b).count(), a.len().min(b.len()));
                let counts = fewer >= WORDS_MIN && shared >= WORDS_SHARED_MIN;
                (if counts { share(shared, fewer) } else { 0.0 }, 0.6)
            }
            (Self::Sketch(a), Self::Sketch(b)) => {
                (share(a.iter().zip(b).filter(|(a, b)| a == b).count(), a.len()), 0.5)
            }
            (Self::Terms { weights: a, norm: p, bare }, Self::Terms { weights: b, norm: q, .. }) => {
                let shared = || a.iter().filter_map(|(word, weight)| Some(weight * b.get(word)?));
                let enough = shared().count() >= if *bare { WORDS_SHARED_MIN } else { WORDS_MIN };
                (if enough { shared().sum::<f64>() / (p * q).max(f64::MIN_POSITIVE) } else { 0.0 }, 0.3)
            }
            _ => (0.0, 1.0),
        };
        (likeness >= enough).then_some(likeness)
    }
}

/// What a rule looks at of an entry.
enum Profile {
    Exact(u64, usize),
    Title(String),
    Trigrams(BTreeSet<[char; 3]>, usize),
    Words(BTreeSet<String>),
    Sketch(Vec<u64>),
    Terms { weights: BTreeMap<u32, f64>, norm: f64, bare: bool },
}

impl Profile {
    fn weighted(weights: BTreeMap<u32, f64>, bare: bool) -> Self {
        let norm = libm::sqrt(weights.values().map(|weight| weight * weight).sum());
        Self::Terms { weights, norm, bare }
    }
}

fn apart_ms(a: &Labelled, b: &Labelled) -> u64 {
    a.published.millis().abs_diff(b.published.millis())
}

#[expect(clippy::cast_precision_loss, reason = "counts of words")]
fn share(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn jaccard<T: Ord>(a: &BTreeSet<T>, b: &BTreeSet<T>) -> f64 {
    share(a.intersection(b).count(), a.union(b).count())
}

/// As `pg_trgm` cuts them: of each word, with two spaces before and one after it.
fn trigrams(title: &str) -> BTreeSet<[char; 3]> {
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let of_word = |word: &str| {
        let padded: Vec<char> = "  ".chars().chain(word.chars()).chain([' ']).collect();
        padded.windows(3).map(|three| [three[0], three[1], three[2]]).collect::<Vec<_>>()
    };
    words.flat_map(of_word).collect()
}

/// Title words without stop words and figures, and without a final s.
fn significant(title: &str, language: Option<&str>) -> BTreeSet<String> {
    let language = Language::of(language);
    let words = title.split(|c: char| !c.is_alphanumeric()).filter(|word| word.chars().count() > 1);
    let carrying = words.filter(|word| !language.is_stop(word) && !word.bytes().all(|byte| byte.is_ascii_digit()));
    carrying.map(|word| word.strip_suffix('s').unwrap_or(word).to_owned()).collect()
}

/// The terms of title and text, without stop words.
fn words(entry: &Labelled) -> BTreeSet<u32> {
    let text: String = entry.text.chars().take(TEXT_CHARS).collect();
    let language = Language::of(entry.language.as_deref());
    let tokens = text::tokens(&normalize(&format!("{}\n{text}", entry.title)), &language);
    tokens.into_iter().filter(|token| !token.stop).map(|token| token.term).collect()
}

fn sketch(words: &BTreeSet<u32>) -> Vec<u64> {
    let least = |seed| words.iter().map(|word| xxh3_64_with_seed(&word.to_le_bytes(), seed)).min();
    (0..SKETCH).map(|seed| least(seed).unwrap_or(seed)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Timestamp;

    fn entry(title: &str, text: &str) -> Labelled {
        Labelled {
            id: title.to_owned(),
            title: title.to_owned(),
            text: text.to_owned(),
            url: None,
            source: None,
            language: Some("en".to_owned()),
            published: Timestamp::EPOCH,
            event: String::new(),
        }
    }

    #[test]
    fn each_rule_joins_what_it_is_made_for() {
        const STORM: &str = "Storm Agda cuts power to forty thousand homes in Norland";
        let check = |rule: Baseline, other: &str, joins: bool| {
            let noise = ["Leeks and what to do with them", "Chess column: a quiet move", "Mayor of Tarvel resigns"];
            let noise = noise.into_iter().map(|title| entry(title, ""));
            let stream: Vec<Labelled> = noise.chain([entry(STORM, ""), entry(other, "")]).collect();
            let clusters = rule.assign(&stream);
            assert_eq!(clusters[3] == clusters[4], joins, "{}: {other}", rule.name());
        };
        let same = "STORM AGDA cuts power to forty thousand homes, in Norland!";
        for rule in Baseline::ALL {
            check(rule, same, true);
            check(rule, "Parliament votes on fishing quotas", false);
        }
        let reworded = "Forty thousand Norland homes lose power as storm Agda strikes";
        check(Baseline::Overlap, reworded, true);
        check(Baseline::Tfidf, reworded, true);
        check(Baseline::ExactTitle, reworded, false);
        check(Baseline::TitleTrigram, reworded, false);
        check(Baseline::JaroWinkler, "Storm Agda cuts trees in forty gardens in Norwood", true);
    }
}
