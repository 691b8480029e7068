//! How alike two entries are, as a handful of numbers that can be shown to a person.

use super::features::{Features, Length, Term};
use super::index::{Index, Live};

/// Number of features.
pub const FEATURES: usize = 14;
/// Fixed point of a feature: 10,000 = 1.
pub const ONE: i32 = 10_000;
const DAY_MS: f64 = 86_400_000.0;
pub const NAMES: [&str; FEATURES] = [
    "cos_all",
    "cos_title",
    "cos_cross",
    "cos_body",
    "cover",
    "mass_title",
    "mass_all",
    "second",
    "decay_fast",
    "decay_slow",
    "gap",
    "copy_title",
    "both_body",
    "same_pub",
];

/// What makes two entries alike, each value in 1/10,000.
pub type Evidence = [i32; FEATURES];

/// An entry's terms with their rarities, ready to be compared.
#[derive(Clone, Debug)]
pub struct Weighed {
    /// Rarity of each term, in the order of the features' terms.
    pub rarities: Vec<u32>,
    all: f64,
    title: f64,
    body: f64,
    title_mass: u64,
    pub length: Length,
}

/// Weight of a body count, in 1/16.
const BODY_FACTORS: [u64; 6] = [0, 16, 24, 28, 31, 33];
/// Weight of standing in the title, in 1/16.
const TITLE_FACTOR: u64 = 24;

#[must_use] 
pub fn factor(term: Term) -> u64 {
    body_factor(term) + if term.title > 0 { TITLE_FACTOR } else { 0 }
}
fn body_factor(term: Term) -> u64 {
    BODY_FACTORS[usize::from(term.body).min(BODY_FACTORS.len() - 1)]
}

impl Weighed {
    /// Looks up the rarities of an entry's terms.
    #[must_use] 
    pub fn of(features: &Features, index: &Index) -> Self {
        let rarities: Vec<u32> = features.terms.iter().map(|t| index.rarity(t.hash)).collect();
        let (mut all, mut title, mut body, mut title_mass) = (0u64, 0u64, 0u64, 0u64);
        for (term, rarity) in features.terms.iter().zip(&rarities) {
            let r = u64::from(*rarity);
            all += (r * factor(*term)).pow(2);
            body += (r * body_factor(*term)).pow(2);
            if term.title > 0 {
                title += r.pow(2);
                title_mass += r;
            }
        }
        Self { rarities, all: root(all), title: root(title), body: root(body), title_mass, length: features.length }
    }
}

#[expect(clippy::cast_precision_loss, reason = "rounded the same everywhere")]
fn root(square: u64) -> f64 {
    (square as f64).sqrt()
}
#[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "a cosine")]
fn ratio(dot: u64, norms: f64) -> i32 {
    if norms <= 0.0 { 0 } else { libm::round((dot as f64 / norms).min(1.0) * f64::from(ONE)) as i32 }
}
#[expect(clippy::cast_possible_truncation, reason = "bounded")]
fn fixed(x: f64) -> i32 {
    libm::round(x * f64::from(ONE)) as i32
}

#[derive(Default)]
struct Shared {
    all: u64,
    title: u64,
    body: u64,
    title_all: u64,
    all_title: u64,
    title_mass: u64,
    mass: u64,
    first: u64,
    second: u64,
}

fn shared(a: &[Term], rarities: &[u32], b: &[Term]) -> Shared {
    let mut out = Shared::default();
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].hash.cmp(&b[j].hash) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                out.add(a[i], b[j], u64::from(rarities[i]));
                i += 1;
                j += 1;
            }
        }
    }
    out
}

impl Shared {
    fn add(&mut self, a: Term, b: Term, r: u64) {
        let (fa, fb) = (factor(a), factor(b));
        self.all += r * fa * r * fb;
        self.body += r * body_factor(a) * r * body_factor(b);
        self.mass += r;
        if a.title > 0 {
            self.title_all += r * r * fb;
        }
        if b.title > 0 {
            self.all_title += r * r * fa;
        }
        if a.title > 0 || b.title > 0 {
            if r > self.first {
                self.second = self.first;
                self.first = r;
            } else if r > self.second {
                self.second = r;
            }
        }
        if a.title > 0 && b.title > 0 {
            self.title += r * r;
            self.title_mass += r;
        }
    }
}

/// Compares two entries.
#[must_use] 
pub fn compare(a: &Live, wa: &Weighed, b: &Live, wb: &Weighed) -> Evidence {
    let s = shared(&a.features.terms, &wa.rarities, &b.features.terms);
    let days = a.date.millis().abs_diff(b.date.millis()) as f64 / DAY_MS;
    let cross = i32::midpoint(ratio(s.title_all, wa.title * wb.all), ratio(s.all_title, wb.title * wa.all));
    let mass = |m: u64| fixed(libm::log1p(m as f64 / 256.0) / 3.0);
    [
        ratio(s.all, wa.all * wb.all),
        ratio(s.title, wa.title * wb.title),
        cross,
        ratio(s.body, wa.body * wb.body),
        ratio(s.title_mass, wa.title_mass.min(wb.title_mass) as f64),
        mass(s.title_mass),
        mass(s.mass),
        fixed(s.second as f64 / 256.0 / 8.0),
        fixed(libm::exp(-days)),
        fixed(libm::exp(-days / 3.0)),
        fixed(days / 10.0),
        if a.features.title == b.features.title { ONE } else { 0 },
        if wa.body > 0.0 && wb.body > 0.0 { ONE } else { 0 },
        if a.publisher.is_some() && a.publisher == b.publisher { ONE } else { 0 },
    ]
}
