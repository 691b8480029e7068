//! What is in a headline that is not of its event: a site's name before or behind it, the date of an instalment of a
//! series, the promise of several events at once.

use super::text::{fingerprint, normalize, words};
use hashbrown::{HashMap, HashSet};
use pure_rust_locales::{Locale, locale_match};
use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What sites put between a headline and their own name.
const SEPARATORS: [&str; 8] = [" | ", " - ", " – ", " — ", " · ", " • ", " :: ", " » "];
/// The same before a headline only; a colon is mostly the author's own ("Ukraine: ...").
const COLON: &str = ": ";
/// Headlines that must carry a piece before it is taken for the site's.
const REPEATS_MIN: usize = 3;
/// The share of a feed's headlines that carries such a piece, in percent; sections ("Sport | ") share the feed.
const REPEATS_PERCENT: usize = 25;
/// The same before a colon: a feed on one affair may begin every third headline with its name.
const COLON_PERCENT: usize = 80;
/// Pieces longer than this (characters) are not names.
const PIECE_CHARS_MAX: usize = 40;

/// The pieces that a feed's headlines begin or end with, learnt from the headlines themselves.
#[derive(Clone, Debug, Default)]
pub struct Furniture {
    /// Fingerprints of the site's own names.
    names: Vec<u64>,
    headlines: usize,
    pieces: BTreeMap<u64, usize>,
}

impl Furniture {
    /// Knows the names of a site: its feed's title, its domain.
    #[must_use]
    pub fn of_site<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let known = names.into_iter().flat_map(|name| {
            // example.org signs as "Example" and as "example.org".
            let domain = name.rsplit_once('.').map(|(label, _)| label).filter(|_| !name.contains(' '));
            [Some(name), domain].into_iter().flatten().map(|name| fingerprint(&normalize(name)))
        });
        Self { names: known.collect(), ..Self::default() }
    }

    /// Learns from a headline.
    pub fn note(&mut self, title: &str) {
        self.headlines += 1;
        for (piece, _, _) in pieces(title) {
            *self.pieces.entry(piece).or_default() += 1;
        }
    }

    /// The headline without the site's pieces; whole where nothing would be left of it.
    #[must_use]
    pub fn strip<'a>(&self, title: &'a str) -> &'a str {
        let mut bare = title;
        // Name and section: two pieces at most.
        for _ in 0..2 {
            let Some((_, _, rest)) = pieces(bare).find(|(piece, percent, _)| self.is_ours(*piece, *percent)) else {
                break;
            };
            bare = rest;
        }
        bare
    }

    fn is_ours(&self, piece: u64, percent: usize) -> bool {
        let repeats = self.pieces.get(&piece).copied().unwrap_or_default();
        let repeated = repeats >= REPEATS_MIN && repeats * 100 >= self.headlines * percent;
        repeated || self.names.contains(&piece)
    }
}

/// The pieces at the end and the beginning of a headline: fingerprint, the share of headlines that makes one the site's,
/// and the rest of the headline.
fn pieces(title: &str) -> impl Iterator<Item = (u64, usize, &str)> {
    let end = SEPARATORS.iter().filter_map(|mark| title.rsplit_once(mark).map(|(rest, piece)| (piece, rest)));
    let end = end.min_by_key(|(piece, _)| piece.len()).map(|(piece, rest)| (piece, REPEATS_PERCENT, rest));
    let start = SEPARATORS.iter().filter_map(|mark| title.split_once(mark));
    let start = start.min_by_key(|(piece, _)| piece.len()).map(|(piece, rest)| (piece, REPEATS_PERCENT, rest));
    let colon = title.split_once(COLON).map(|(piece, rest)| (piece, COLON_PERCENT, rest));
    let short = |piece: &str| !piece.trim().is_empty() && piece.chars().count() <= PIECE_CHARS_MAX;
    let found = [end, start, colon].into_iter().flatten();
    let found = found.filter(move |(piece, _, rest)| short(piece) && !rest.trim().is_empty());
    found.map(|(piece, percent, rest)| (fingerprint(&normalize(piece)), percent, rest.trim()))
}

/// What of a headline is the same in every instalment of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Series {
    /// Fingerprint of the headline without figures and the names of days and months.
    pub fingerprint: u64,
    /// It says which instalment it is: "3 July", "Monday", "No. 12".
    pub numbered: bool,
}

impl Series {
    /// The series that a [`normalize`]d headline may be of.
    #[must_use]
    pub fn of(normalized: &str) -> Self {
        let mut kept = String::with_capacity(normalized.len());
        let (mut numbered, mut before) = (false, "");
        for (_, word) in words(normalized) {
            let figure = word.bytes().any(|byte| byte.is_ascii_digit());
            let date = DATE_WORDS.contains(word);
            numbered |= date || (figure && (COUNTERS.contains(&before) || is_date(word)));
            before = word;
            if !figure && !date {
                kept.push_str(word);
            }
        }
        Self { fingerprint: fingerprint(&kept), numbered }
    }
}

/// `2026-07-03` and `03.07.2026`, as far as words go: `unicode_words` keeps `03.07.2026` whole.
fn is_date(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    parts.len() == 3 && parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Words before the number of an instalment.
const COUNTERS: [&str; 16] = [
    "no", "nr", "n", "nº", "num", "day", "tag", "jour", "día", "dia", "giorno", "dag", "episode", "folge", "part",
    "vol",
];

/// Languages whose names of days and months are known.
const LOCALES: [Locale; 24] = [
    Locale::en_US,
    Locale::de_DE,
    Locale::fr_FR,
    Locale::es_ES,
    Locale::pt_PT,
    Locale::it_IT,
    Locale::nl_NL,
    Locale::sv_SE,
    Locale::da_DK,
    Locale::nb_NO,
    Locale::fi_FI,
    Locale::pl_PL,
    Locale::cs_CZ,
    Locale::sk_SK,
    Locale::hu_HU,
    Locale::ro_RO,
    Locale::ru_RU,
    Locale::uk_UA,
    Locale::bg_BG,
    Locale::el_GR,
    Locale::tr_TR,
    Locale::hr_HR,
    Locale::ca_ES,
    Locale::id_ID,
];

/// Names of days and months. "May" and "March" are words, too: a word too few tells nobody apart.
static DATE_WORDS: LazyLock<HashSet<String, foldhash::fast::FixedState>> = LazyLock::new(|| {
    let names = LOCALES.iter().flat_map(|locale| {
        let days: &[&str] = locale_match!(locale => LC_TIME::DAY);
        let months: &[&str] = locale_match!(locale => LC_TIME::MON);
        let bare_months: Option<&[&str]> = locale_match!(locale => LC_TIME::ALT_MON);
        days.iter().chain(months).chain(bare_months.unwrap_or_default())
    });
    names.map(|name| normalize(name)).filter(|name| !name.is_empty()).collect()
});

/// Phrases of headlines that promise several events, or none. Written for this program, in the languages of its users.
const ROUND_UPS: &[&str] = &[
    "things to know",
    "what to know today",
    "morning briefing",
    "evening briefing",
    "daily briefing",
    "news in brief",
    "news in pictures",
    "pictures of the day",
    "photos of the day",
    "week in review",
    "week in pictures",
    "the week in",
    "this week in",
    "day in review",
    "year in review",
    "roundup",
    "round up",
    "newsletter",
    "top stories",
    "top headlines",
    "headlines of the day",
    "front pages",
    "morning digest",
    "daily digest",
    "weekly digest",
    "open thread",
    "das wichtigste",
    "der tag im überblick",
    "nachrichtenüberblick",
    "nachrichten am",
    "morgenlage",
    "kurz und bündig",
    "kurz gemeldet",
    "wochenrückblick",
    "bilder des tages",
    "presseschau",
    "l'essentiel de l'actualité",
    "l'essentiel du jour",
    "ce qu'il faut retenir",
    "l'actualité en bref",
    "revue de presse",
    "lo más importante",
    "las noticias del día",
    "noticias del día",
    "resumen del día",
    "resumen de la semana",
    "claves del día",
    "en titulares",
    "resumo do dia",
    "resumo da semana",
    "notícias do dia",
    "destaques do dia",
    "le notizie del giorno",
    "rassegna stampa",
    "la settimana in",
    "het nieuws van",
    "kort nieuws",
    "weekoverzicht",
    "nyheterna i korthet",
    "veckan som gick",
    "przegląd prasy",
    "najważniejsze wydarzenia",
    "skrót wydarzeń",
    "главное за",
    "итоги дня",
    "итоги недели",
    "günün özeti",
    "haftanın özeti",
    "günün haberleri",
];

/// The same by their first words, for most headlines have none of those.
static ROUND_UPS_BY_FIRST: LazyLock<HashMap<&'static str, Vec<&'static str>, foldhash::fast::FixedState>> =
    LazyLock::new(|| {
        let mut phrases: HashMap<_, Vec<_>, _> = HashMap::default();
        for phrase in ROUND_UPS {
            let (first, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
            phrases.entry(first).or_default().push(rest);
        }
        phrases
    });

/// Whether a [`normalize`]d headline promises several events.
#[must_use]
pub fn is_round_up(normalized: &str) -> bool {
    let mut words = normalized.split(|c: char| !c.is_alphanumeric() && c != '\'').filter(|word| !word.is_empty());
    while let Some(word) = words.next() {
        let follows = |rest: &str| {
            let mut ahead = words.clone();
            rest.split_terminator(' ').all(|word| ahead.next() == Some(word))
        };
        if ROUND_UPS_BY_FIRST.get(word).is_some_and(|rests| rests.iter().any(|rest| follows(rest))) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sites_name_is_learnt_and_dropped() {
        let titles = [
            "Ferry aground off Tarvel | The Tarvel Post",
            "Mayor resigns | The Tarvel Post",
            "Sport | Harbour cup goes to Ostervik | The Tarvel Post",
            "Storm: forty thousand without power | The Tarvel Post",
            "Two-one: how the cup was won - a chronicle",
        ];
        let mut furniture = Furniture::of_site(["News of Tarvel", "tarvelpost.example"]);
        for title in titles {
            furniture.note(title);
        }
        let check = |title: &str, bare: &str| assert_eq!(furniture.strip(title), bare);
        check(titles[0], "Ferry aground off Tarvel");
        check(titles[2], "Sport | Harbour cup goes to Ostervik");
        check(titles[3], "Storm: forty thousand without power");
        check(titles[4], titles[4]);
        check("Rates rise - tarvelpost", "Rates rise");
        check("Rates rise – tarvelpost.example", "Rates rise");
        check("The Tarvel Post", "The Tarvel Post");
    }

    #[test]
    fn instalments_of_a_series_are_told_from_amounts() {
        let check = |a: &str, b: &str, same: bool, numbered: bool| {
            let [a, b] = [a, b].map(|title| Series::of(&normalize(title)));
            assert_eq!((a.fingerprint == b.fingerprint, a.numbered && b.numbered), (same, numbered));
        };
        check("Gold price today, 3 July", "Gold price today, 4 July", true, true);
        check("Goldpreis am 03.07.2026", "Goldpreis am 04.07.2026", true, true);
        check("Börse am Montag", "Börse am Dienstag", true, true);
        check("Курс доллара на 3 июля", "Курс доллара на 4 июля", true, true);
        check("Crossword no. 1204", "Crossword no. 1205", true, true);
        check("Ferry accident leaves 12 dead", "Ferry accident leaves 14 dead", true, false);
        check("Mayor resigns", "Mayor stays", false, false);
    }

    #[test]
    fn round_ups_are_known_by_their_promise() {
        let check = |title: &str, expected: bool| assert_eq!(is_round_up(&normalize(title)), expected, "{title}");
        check("Five things to know this Monday", true);
        check("Morning Briefing: storm, strike and a vote", true);
        check("L\u{2019}actualité en bref", true);
        check("Presseschau vom 3. Juli", true);
        check("Markets: a round-up", true);
        check("Of the week: the week in pictures", true);
        check("The week that was in pictures", false);
        check("Five things to", false);
        check("Storm hits the coast in brief but violent spell", false);
        check("Mayor briefed on storm", false);
    }
}
