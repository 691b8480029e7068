//! Text to terms: words are cut, folded, stemmed and hashed, so that "Élections" and "election" may meet.
//!
//! Words follow UAX #29. Scripts that write without spaces (Han, Kana, Thai) and Hangul, whose particles stick to the
//! word, give character bigrams instead. Everything here is a pure function of its arguments.

mod memo;
mod words;

use hashbrown::{HashMap, HashSet};
use rust_stemmers::{Algorithm, Stemmer};
use std::sync::LazyLock;
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;
use xxhash_rust::xxh3::xxh3_64_with_seed;

pub(super) use words::words;

/// Seed of the term hash. Stored features depend on it: changing it orphans them.
const TERM_SEED: u64 = 0x5374_6f72_7966_6f6c;

/// Words longer than this (bytes) are cut: they are links, hashes or worse.
const WORD_BYTES_MAX: usize = 48;
/// Characters kept of a stem. What comes after them is mostly an ending that the stemmer left, or there is no stemmer for
/// the language, or the second half of a compound.
const STEM_CHARS: usize = 5;

/// Words that mark the form of a piece, not its event. Written for this program, in the languages of its users.
const FORM_WORDS: &[&str] = &[
    "live",
    "liveblog",
    "liveticker",
    "ticker",
    "breaking",
    "update",
    "updates",
    "updated",
    "watch",
    "video",
    "photos",
    "pictures",
    "exclusive",
    "analysis",
    "opinion",
    "explained",
    "explainer",
    "news",
    "report",
    "reports",
    "reportedly",
    "says",
    "said",
    "today",
    "latest",
    "direct",
    "direto",
    "directo",
    "vivo",
    "aovivo",
    "kommentar",
    "analyse",
    "eil",
    "eilmeldung",
    "diretta",
    "urgente",
    "ultima",
    "noticias",
    "nachrichten",
];

type Words = HashSet<&'static str, foldhash::fast::FixedState>;

static FORM_SET: LazyLock<Words> = LazyLock::new(|| FORM_WORDS.iter().copied().collect());

static STOP_SETS: LazyLock<HashMap<&'static str, Words, foldhash::fast::FixedState>> = LazyLock::new(|| {
    stop_words::available_languages()
        .iter()
        .filter_map(|code| Some((*code, stop_words::lookup(code)?.iter().copied().collect())))
        .collect()
});

/// One word (or character bigram) of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// xxh3 of the folded stem, cut to 32 bits.
    pub term: u32,
    /// A function word, or a word for the form of the piece: dropped unless nothing else is left.
    pub stop: bool,
}

/// What is known of a language: its stemmer and its stop words, either of which may be missing.
pub struct Language {
    /// The letters of its subtag as a number; 0 for one of which nothing is known.
    code: u32,
    stemmer: Option<Stemmer>,
    stops: Option<&'static Words>,
}

impl Language {
    /// The language of a BCP 47 tag, or where nobody says, the one a text seems to be in: believed only if the text has
    /// a stop word of it, for the detector always names one of its sixteen.
    #[must_use]
    pub fn of_text<T: AsRef<str>>(tag: Option<&str>, text: impl FnOnce() -> T) -> Self {
        if tag.is_some() {
            return Self::of(tag);
        }
        let text = text();
        let seems = Self::of(Some(two_letters(whichlang::detect_language(text.as_ref()))));
        let normalized = normalize(text.as_ref());
        let spoken = normalized.unicode_words().any(|word| seems.stops.is_some_and(|stops| stops.contains(word)));
        if spoken { seems } else { Self::of(None) }
    }

    /// The language of a BCP 47 tag such as `pt-BR`; only the primary subtag counts. Unknown: no stemmer, no stop words.
    #[must_use]
    pub fn of(tag: Option<&str>) -> Self {
        let code: String = tag.unwrap_or_default().chars().take_while(char::is_ascii_alphabetic).collect();
        let code = code.to_ascii_lowercase();
        let stemmer = stemmer(&code).map(Stemmer::create);
        let stops = STOP_SETS.get(code.as_str());
        let is_known = stemmer.is_some() || stops.is_some();
        // No language that is known has more than four letters.
        let number = code.bytes().take(4).fold(0, |number, letter| number << u8::BITS | u32::from(letter));
        Self { code: if is_known { number } else { 0 }, stemmer, stops }
    }

    /// A function word of the language, or a word for the form of a piece.
    pub(super) fn is_stop(&self, word: &str) -> bool {
        self.stops.is_some_and(|set| set.contains(word)) || FORM_SET.contains(word)
    }
}

/// The ISO 639-1 code of a detected language.
fn two_letters(lang: whichlang::Lang) -> &'static str {
    match lang.three_letter_code() {
        "ara" => "ar",
        "deu" => "de",
        "eng" => "en",
        "fra" => "fr",
        "hin" => "hi",
        "ita" => "it",
        "jpn" => "ja",
        "kor" => "ko",
        "cmn" => "zh",
        "nld" => "nl",
        "por" => "pt",
        "rus" => "ru",
        "spa" => "es",
        "swe" => "sv",
        "tur" => "tr",
        "vie" => "vi",
        _ => "",
    }
}

fn stemmer(code: &str) -> Option<Algorithm> {
    Some(match code {
        "ar" => Algorithm::Arabic,
        "da" => Algorithm::Danish,
        "de" => Algorithm::German,
        "el" => Algorithm::Greek,
        "en" => Algorithm::English,
        "es" => Algorithm::Spanish,
        "fi" => Algorithm::Finnish,
        "fr" => Algorithm::French,
        "hu" => Algorithm::Hungarian,
        "it" => Algorithm::Italian,
        "nl" => Algorithm::Dutch,
        "no" | "nb" | "nn" => Algorithm::Norwegian,
        "pt" => Algorithm::Portuguese,
        "ro" => Algorithm::Romanian,
        "ru" => Algorithm::Russian,
        "sv" => Algorithm::Swedish,
        "ta" => Algorithm::Tamil,
        "tr" => Algorithm::Turkish,
        _ => return None,
    })
}

/// NFKC and lower case, with one kind of apostrophe.
#[must_use]
pub fn normalize(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let apostrophe = |c| if matches!(c, '\u{2019}' | '\u{2018}') { '\'' } else { c };
    let mut normalized = String::with_capacity(text.len());
    let mut rest = text;
    // Nothing composes across a space, and most words are plain.
    while let Some(odd) = rest.bytes().position(|byte| !byte.is_ascii()) {
        let start = rest[..odd].rfind(' ').map_or(0, |space| space + 1);
        let end = rest[odd..].find(' ').map_or(rest.len(), |space| odd + space);
        push_lower(&rest[..start], &mut normalized);
        normalized.extend(rest[start..end].nfkc().flat_map(char::to_lowercase).map(apostrophe));
        rest = &rest[end..];
    }
    push_lower(rest, &mut normalized);
    normalized
}

fn push_lower(ascii: &str, out: &mut String) {
    let start = out.len();
    out.push_str(ascii);
    out[start..].make_ascii_lowercase();
}

/// The tokens of a text that [`normalize`] made, in reading order.
#[must_use]
pub fn tokens(normalized: &str, language: &Language) -> Vec<Token> {
    // A word and the space behind it take six bytes, about.
    let mut out = Vec::with_capacity(normalized.len() / 6);
    let mut run = String::new();
    let mut run_end = 0;
    for (start, word) in words(normalized) {
        let dense = word.chars().next().is_some_and(is_dense);
        if !run.is_empty() && (!dense || start != run_end) {
            push_bigrams(&run, &mut out);
            run.clear();
        }
        if dense {
            run.push_str(word);
            run_end = start + word.len();
        } else {
            push_word(word, language, &mut out);
        }
    }
    push_bigrams(&run, &mut out);
    out
}

/// Hash of a text's letters and digits alone: equal for titles that differ in case, accents, spaces or punctuation.
#[must_use]
pub fn fingerprint(normalized: &str) -> u64 {
    let mut letters = fold(normalized).into_owned();
    letters.retain(char::is_alphanumeric);
    xxh3_64_with_seed(letters.as_bytes(), TERM_SEED)
}

fn push_word(word: &str, language: &Language, out: &mut Vec<Token>) {
    // Apostrophes bind what news writes apart: "l'Europe", "Meta's".
    if word.contains('\'') {
        word.split('\'').for_each(|part| push_part(part, language, out));
    } else {
        push_part(word, language, out);
    }
}

fn push_part(part: &str, language: &Language, out: &mut Vec<Token>) {
    if part.len() > 1 || part.bytes().any(|byte| byte.is_ascii_digit()) {
        out.push(memo::token(part, language, || token(part, language)));
    }
}

fn token(word: &str, language: &Language) -> Token {
    let stop = language.is_stop(word);
    let word = &word[..word.ceil_char_boundary(WORD_BYTES_MAX)];
    let stem = language.stemmer.as_ref().map_or_else(|| word.into(), |s| s.stem(word));
    Token { term: term(beginning(&fold(&stem))), stop }
}

fn beginning(stem: &str) -> &str {
    stem.char_indices().nth(STEM_CHARS).map_or(stem, |(end, _)| &stem[..end])
}

fn push_bigrams(run: &str, out: &mut Vec<Token>) {
    let mut before: Option<(usize, char)> = None;
    for (at, c) in run.char_indices() {
        if let Some((start, first)) = before {
            let stop = is_hiragana(first) && is_hiragana(c);
            out.push(Token { term: term(&run[start..at + c.len_utf8()]), stop });
        }
        before = Some((at, c));
    }
    if run.chars().nth(1).is_none() && !run.is_empty() {
        out.push(Token { term: term(run), stop: true });
    }
}

fn term(stem: &str) -> u32 {
    #[expect(clippy::cast_possible_truncation, reason = "the low half of a hash is a hash")]
    let low = xxh3_64_with_seed(stem.as_bytes(), TERM_SEED) as u32;
    low
}

/// Without accents. Only the combining marks of Latin, Greek and Cyrillic go: Indic vowel signs are letters.
fn fold(word: &str) -> std::borrow::Cow<'_, str> {
    if word.is_ascii() {
        return word.into();
    }
    let mut folded = String::with_capacity(word.len());
    for c in word.nfd().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')) {
        match c {
            'ß' => folded.push_str("ss"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' => folded.push('d'),
            'ı' => folded.push('i'),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            other => folded.push(other),
        }
    }
    folded.nfc().collect::<String>().into()
}

const fn is_hiragana(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{309f}')
}

/// Scripts whose words are not set apart by spaces, and Hangul.
const fn is_dense(c: char) -> bool {
    matches!(c,
        '\u{0e00}'..='\u{0eff}' | '\u{1000}'..='\u{109f}' | '\u{1100}'..='\u{11ff}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}'
        | '\u{ac00}'..='\u{d7af}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The known word that a mistyped one most likely stands for. String likeness is right for slips of the finger, as it is
/// not for events.
#[must_use]
pub fn closest<'a>(written: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = known.iter().map(|word| (strsim::damerau_levenshtein(written, word), *word)).min()?;
    (near.0 <= 1 + written.len() / 4).then_some(near.1)
}

/// The words of an entry by the hash of their term, for explanations.
#[must_use]
pub fn words_by_hash(title: &str, text: &str, lang: Option<&str>) -> std::collections::BTreeMap<u32, String> {
    let language = Language::of_text(lang, || format!("{title}\n{text}"));
    let normalized = normalize(&format!("{title}\n{text}"));
    let words =
        normalized.unicode_words().filter_map(|word| Some((tokens(word, &language).first()?.term, word.to_owned())));
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn terms(text: &str, tag: &str) -> Vec<u32> {
        tokens(&normalize(text), &Language::of(Some(tag))).into_iter().filter(|t| !t.stop).map(|t| t.term).collect()
    }

    #[test]
    fn case_accents_and_endings_do_not_matter() {
        assert_eq!(terms("ÉLECTIONS", "fr"), terms("élection", "fr"));
        assert_eq!(terms("Meta’s investments", "en"), terms("META investment", "en"));
    }

    #[test]
    fn long_words_meet_by_their_beginnings() {
        assert_eq!(terms("Hochwasserkatastrophe", "de"), terms("Hochwasser", "de"));
        assert_eq!(terms("premierostwa", "pl"), terms("premierostwem", "pl"));
        assert_ne!(terms("hoch", "xx"), terms("hochwasser", "xx"));
    }

    #[test]
    fn scripts_without_spaces_give_bigrams() {
        assert_eq!(terms("東京都", "ja").len(), 2);
        assert_eq!(terms("東京 大阪", "ja").len(), 2);
        assert_eq!(terms("東京都", "ja")[0], terms("東京", "ja")[0]);
    }

    #[test]
    fn unknown_languages_are_read_as_they_are() {
        assert_eq!(terms("hello world", "xx").len(), 2);
        assert_eq!(terms("the and of", "en").len(), 0);
    }

    #[test]
    fn fingerprints_see_letters_only() {
        assert_eq!(fingerprint(&normalize("Señor: «Hola!»")), fingerprint(&normalize("senor hola")));
    }

    /// All at once, as the standards have it.
    fn normalize_whole(text: &str) -> String {
        let apostrophe = |c| if matches!(c, '\u{2019}' | '\u{2018}') { '\'' } else { c };
        text.nfkc().flat_map(char::to_lowercase).map(apostrophe).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn pieces_are_read_as_the_whole(text in "([a-zA-Z0-9.,:'_-]{0,9}[ \u{2019}éßñÅΩ東京가각ﬁ\u{301}\u{a0}]{0,2}){0,12}") {
            let normalized = normalize(&text);
            prop_assert_eq!(&normalized, &normalize_whole(&text));
            prop_assert!(words(&normalized).eq(normalized.unicode_word_indices()));
        }

        #[test]
        fn a_remembered_word_is_the_word(words in prop::collection::vec("[a-zé]{1,20}", 1..200)) {
            for tag in ["en", "fr", "xx"] {
                let language = Language::of(Some(tag));
                for word in words.iter().chain(&words) {
                    prop_assert_eq!(memo::token(word, &language, || token(word, &language)), token(word, &language));
                }
            }
        }
    }
}
