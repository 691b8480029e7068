//! News that nobody wrote: affairs that come and go, events within them, each told by one to eight publishers in their own
//! words or in the words of an agency.

use super::chance::Chance;
use std::collections::VecDeque;

/// Words that mean something, by rank; the later half are names.
const VOCABULARY: usize = 300_000;
/// Words of the language that hold a sentence together.
const FUNCTION_WORDS: &[&str] = &[
    "the", "of", "to", "and", "in", "a", "for", "on", "that", "is", "with", "was", "at", "by", "as", "from", "it",
    "has", "after", "an", "have", "be", "its", "were", "their", "are", "will", "been", "who", "not", "but", "which",
    "this", "had", "more", "about", "over", "they", "into", "or", "than", "would", "could", "when", "up", "out", "his",
    "her", "before",
];
const ONSETS: &[&str] = &[
    "b", "c", "d", "f", "g", "h", "j", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "st", "tr", "pr", "ch", "sh",
    "br", "gr", "cl", "fl",
];
const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "ea", "ai", "ou", "io", "ee"];
const CODAS: &[&str] = &["", "", "", "n", "r", "s", "t", "l", "m", "nd", "rt", "ck"];
const ENDINGS: &[&str] = &["", "", "", "s", "ed", "ing", "er", "tion", "ly", "al", "ment"];
/// How many publishers tell of an event: a half by one, few by many.
const SIZES: &[usize] = &[1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5, 6, 8];
/// Share of reports that are an agency's text.
const COPIES: f64 = 0.15;
/// Characters of a summary, about.
const SUMMARY_CHARS: usize = 300;
const TITLE_WORDS: usize = 9;
/// Hours in which an event's reports come, on the mean after the first.
const REPORT_HOURS: f64 = 5.0;
const HOUR_MS: f64 = 3_600_000.0;

/// How much the events have in common.
#[derive(Clone, Copy)]
pub struct Density {
    /// Affairs at a time.
    pub affairs: usize,
    /// Words of the vocabulary that are in use.
    pub words: usize,
}

/// As the news of the world.
pub const SPARSE: Density = Density { affairs: 3_000, words: VOCABULARY };
/// As if all of it were about a handful of affairs.
pub const DENSE: Density = Density { affairs: 12, words: 6_000 };

/// A report of an event.
#[derive(Clone)]
pub struct Report {
    pub event: u64,
    pub at_ms: i64,
    pub title: String,
    pub text: String,
}

struct Affair {
    names: Vec<String>,
    words: Vec<usize>,
}

struct Event {
    number: u64,
    names: Vec<String>,
    words: Vec<usize>,
    wire: Option<(String, String)>,
}

/// The stream: reports in the order of their dates.
pub struct News {
    chance: Chance,
    density: Density,
    affairs: Vec<Affair>,
    waiting: VecDeque<Report>,
    events: u64,
    now_ms: f64,
    /// Between events.
    gap_ms: f64,
}

impl News {
    /// With this many reports in so many milliseconds.
    pub fn new(seed: u64, density: Density, reports: usize, in_ms: f64) -> Self {
        let mut chance = Chance::new(seed);
        let affairs = (0..density.affairs).map(|_| affair(&mut chance, density)).collect();
        let mean = SIZES.iter().sum::<usize>() as f64 / SIZES.len() as f64;
        let gap_ms = in_ms / reports as f64 * mean;
        Self { chance, density, affairs, waiting: VecDeque::new(), events: 0, now_ms: 0.0, gap_ms }
    }

    fn happen(&mut self) {
        let chance = &mut self.chance;
        self.now_ms += chance.gap(self.gap_ms);
        self.events += 1;
        if chance.happens(0.02) {
            let at = chance.below(self.affairs.len());
            self.affairs[at] = affair(chance, self.density);
        }
        let affair = &self.affairs[chance.rank(self.affairs.len())];
        let mut names: Vec<String> = (0..2).map(|_| chance.one_of(&affair.names)).collect();
        names.push(name(chance.rank(self.density.words)));
        let mut words: Vec<usize> = (0..9).map(|_| chance.one_of(&affair.words)).collect();
        words.extend((0..9).map(|_| chance.rank(self.density.words)));
        let mut event = Event { number: self.events, names, words, wire: None };
        let mut at_ms = self.now_ms;
        for _ in 0..chance.one_of(SIZES) {
            let report = report(chance, &mut event, self.density, at_ms as i64);
            let place = self.waiting.partition_point(|other| other.at_ms <= report.at_ms);
            self.waiting.insert(place, report);
            at_ms = self.now_ms + chance.gap(REPORT_HOURS * HOUR_MS);
        }
    }
}

impl Iterator for News {
    type Item = Report;

    fn next(&mut self) -> Option<Report> {
        // What is told later of earlier events may still come before what has not happened yet.
        while self.waiting.front().is_none_or(|report| report.at_ms as f64 > self.now_ms) {
            self.happen();
        }
        self.waiting.pop_front()
    }
}

fn affair(chance: &mut Chance, density: Density) -> Affair {
    Affair {
        names: (0..8).map(|_| name(chance.below(density.words))).collect(),
        words: (0..60).map(|_| chance.rank(density.words)).collect(),
    }
}

fn report(chance: &mut Chance, event: &mut Event, density: Density, at_ms: i64) -> Report {
    let copied = event.wire.clone().filter(|_| chance.happens(COPIES));
    let (title, text) = copied.unwrap_or_else(|| (title(chance, event), text(chance, event, density)));
    event.wire.get_or_insert_with(|| (title.clone(), text.clone()));
    Report { event: event.number, at_ms, title, text }
}

fn title(chance: &mut Chance, event: &Event) -> String {
    let mut words: Vec<String> = Vec::new();
    for place in 0..TITLE_WORDS {
        words.push(match place {
            0 => chance.one_of(&event.names),
            _ if chance.happens(0.2) => chance.one_of(&event.names),
            _ if chance.happens(0.3) => chance.one_of(FUNCTION_WORDS).to_owned(),
            _ => inflected(chance, &event.words),
        });
    }
    words.join(" ")
}

fn text(chance: &mut Chance, event: &Event, density: Density) -> String {
    let mut text = String::new();
    let mut sentence = 0;
    while text.len() < SUMMARY_CHARS {
        let word = match chance.share() {
            ..0.42 => chance.one_of(FUNCTION_WORDS).to_owned(),
            ..0.50 => chance.one_of(&event.names),
            ..0.74 => inflected(chance, &event.words),
            _ => {
                let any = chance.rank(density.words);
                inflected(chance, &[any])
            }
        };
        text.push_str(&word);
        sentence += 1;
        if sentence > 12 && chance.happens(0.2) {
            text.push_str(". ");
            sentence = 0;
        } else {
            text.push_str(if chance.happens(0.06) { ", " } else { " " });
        }
    }
    text
}

/// The word of a rank; common ones are short.
fn word(rank: usize) -> String {
    let mut chance = Chance::new(rank as u64 + 1);
    let syllables = 1 + usize::from(rank > 150) + usize::from(rank > 20_000);
    (0..syllables).map(|_| syllable(&mut chance)).collect()
}

fn inflected(chance: &mut Chance, ranks: &[usize]) -> String {
    let mut word = word(chance.one_of(ranks));
    word.push_str(chance.one_of(ENDINGS));
    word
}

fn name(rank: usize) -> String {
    let mut chance = Chance::new(!(rank as u64));
    let mut name: String = (0..2).map(|_| syllable(&mut chance)).collect();
    name[..1].make_ascii_uppercase();
    name.push_str(chance.one_of(&["", "", "o", "a", "son", "ov", "ez", "berg"]));
    name
}

fn syllable(chance: &mut Chance) -> String {
    [chance.one_of(ONSETS), chance.one_of(VOWELS), chance.one_of(CODAS)].concat()
}
