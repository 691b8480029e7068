//! The entries around one, each laid out once, and any two of them held against each other once.

use super::Clustering;
use crate::engine::headline::Series;
use crate::engine::id::EntryId;
use crate::engine::index::{Reach, Slot, Tally, TermId};
use crate::engine::model::Lengths;
use crate::engine::similarity::{Evidence, Profile, compare};
use foldhash::fast::FixedState;
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;

/// Instalments of a series come at least so long after each other; what comes sooner is the same one, edited.
const INSTALMENT_MS: u64 = 12 * 3_600_000;

/// What one publisher's two entries lack (1/1000 log odds) to be about one event: it does not tell the same twice, but what
/// comes next in the same words. Others never put two entries of one site together, which hides real follow-ups.
const SAME_PUBLISHER: i32 = 2_000;

/// Place of an entry in a scene.
pub(super) type Seat = usize;

/// What is computed while the surroundings of one entry are arranged. The live entries, hence all rarities, stay the same
/// meanwhile.
#[derive(Debug, Default)]
pub(super) struct Scene {
    seats: HashMap<Slot, Seat, FixedState>,
    /// By seat; those beyond the seats that are taken are memory to be used again.
    seated: Vec<Seated>,
    /// Of the seats `a > b` at `a * (a - 1) / 2 + b`.
    pairs: Vec<Option<Pair>>,
    tally: Tally,
}

#[derive(Debug)]
struct Seated {
    slot: Slot,
    id: EntryId,
    series: Series,
    profile: Profile,
}

/// Two entries, held against each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) score: i32,
    pub(super) lengths: Lengths,
    /// They say the same in the same words.
    pub(super) copy: bool,
    /// They are never in one cluster, whatever they share: instalments of a series, or parted by the user.
    pub(super) apart: bool,
}

impl Scene {
    /// Forgets everything but its memory.
    pub(super) fn clear(&mut self) {
        self.seats.clear();
        self.pairs.clear();
    }

    /// Who has a seat.
    pub(super) fn slot(&self, seat: Seat) -> Slot {
        self.seated[seat].slot
    }

    /// The terms that two share, by number, each with its rarity.
    pub(super) fn shared_terms(&self, a: Seat, b: Seat) -> impl Iterator<Item = (TermId, u32)> {
        let (a, b) = (&self.seated[a].profile, &self.seated[b].profile);
        let both = b.terms().iter().filter_map(|term| a.find(term.mention.term()));
        both.map(|term| (term.mention.term(), term.rarity))
    }

    /// What a pair's score is made of.
    pub(super) fn evidence(&self, a: Seat, b: Seat) -> Evidence {
        compare(&self.seated[a].profile, &self.seated[b].profile).evidence
    }
}

impl Clustering {
    /// Gives an entry a seat if it has none.
    pub(super) fn seat(&self, slot: Slot, scene: &mut Scene) -> Option<Seat> {
        let next = scene.seats.len();
        let Entry::Vacant(vacant) = scene.seats.entry(slot) else { return scene.seats.get(&slot).copied() };
        let held = self.index.get(slot)?;
        if next == scene.seated.len() {
            scene.seated.push(Seated { slot, id: held.id, series: held.series, profile: Profile::default() });
        }
        let seated = &mut scene.seated[next];
        (seated.slot, seated.id, seated.series) = (slot, held.id, held.series);
        seated.profile.load(held, &self.index.rarities());
        Some(*vacant.insert(next))
    }

    /// The similarity of two entries and its score.
    pub(super) fn pair(&self, a: Seat, b: Seat, scene: &mut Scene) -> Pair {
        let (a, b) = (a.max(b), a.min(b));
        let at = a * a.saturating_sub(1) / 2 + b;
        if scene.pairs.len() <= at {
            scene.pairs.resize(at + 1, None);
        }
        *scene.pairs[at].get_or_insert_with(|| self.held_against_each_other(&scene.seated[a], &scene.seated[b]))
    }

    fn held_against_each_other(&self, a: &Seated, b: &Seated) -> Pair {
        let found = compare(&a.profile, &b.profile);
        let lengths = Lengths::of(a.profile.length, b.profile.length);
        let same = a.profile.publisher.is_some() && a.profile.publisher == b.profile.publisher;
        let score = self.options.model.score(&found.evidence, lengths) - if same { SAME_PUBLISHER } else { 0 };
        let apart = are_instalments(a, b) || self.constraints.parts(a.id, b.id);
        Pair { score, lengths, copy: found.copy, apart }
    }

    /// Candidates for an entry, best first.
    pub(super) fn search(&self, of: Seat, reach: Reach, scene: &mut Scene) -> Vec<Slot> {
        let Scene { seated, tally, .. } = scene;
        self.index.search(seated[of].slot, seated[of].profile.weights(), reach, tally)
    }
}

/// Whether two entries are instalments of one series: the same headline but for its date or number, or one publisher's
/// same headline on another day ("Gold price today", "Morning briefing"). Other figures, such as amounts, tell nothing.
fn are_instalments(a: &Seated, b: &Seated) -> bool {
    let (a_text, b_text) = (&a.profile, &b.profile);
    let apart_ms = a_text.date.millis().abs_diff(b_text.date.millis());
    let dated = a.series.numbered && b.series.numbered && a_text.title != b_text.title;
    let repeated = a_text.publisher.is_some() && a_text.publisher == b_text.publisher && a_text.title == b_text.title;
    a.series.fingerprint == b.series.fingerprint && apart_ms >= INSTALMENT_MS && (dated || repeated)
}
