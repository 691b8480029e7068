//! Slots in the order of their entries' dates: the holders of a term, the members of a cluster.
//!
//! Most terms and clusters have one or two, a few have tens of thousands. News comes and goes at the ends, so both ends are
//! cheap.

use super::Slot;
use std::collections::VecDeque;

/// Slots that need no memory of their own.
const FEW: usize = 3;
/// By how much of its length (a fraction) a long list grows when it is full.
const GROWTH: usize = 4;

/// Slots, the oldest entry first; of one date, the smaller id first. The order is the caller's to know: the closures given
/// tell how an entry stands to the place in question.
#[derive(Clone, Debug)]
pub struct Timeline(Slots);

#[derive(Clone, Debug)]
#[expect(clippy::box_collection, reason = "a timeline is half as large that way, and most are short")]
enum Slots {
    Few(u8, [Slot; FEW]),
    Many(Box<VecDeque<Slot>>),
}

impl Default for Timeline {
    fn default() -> Self {
        Self(Slots::Few(0, [0; FEW]))
    }
}

impl Timeline {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.0 {
            Slots::Few(len, _) => usize::from(*len),
            Slots::Many(slots) => slots.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of them, in order, as up to two pieces.
    #[must_use]
    pub fn pieces(&self) -> (&[Slot], &[Slot]) {
        match &self.0 {
            Slots::Few(len, slots) => (&slots[..usize::from(*len)], &[]),
            Slots::Many(slots) => slots.as_slices(),
        }
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = Slot> + '_ {
        let (first, second) = self.pieces();
        first.iter().chain(second).copied()
    }

    /// Those from one place to another, in order.
    pub fn range(&self, from: usize, to: usize) -> impl Iterator<Item = Slot> + '_ {
        let (first, second) = self.pieces();
        let cut = |at: usize| at.min(first.len());
        let rest = |at: usize| at.saturating_sub(first.len()).min(second.len());
        first[cut(from)..cut(to)].iter().chain(&second[rest(from)..rest(to)]).copied()
    }

    /// The first and the last, in one number.
    #[must_use]
    pub fn ends(&self) -> Slot {
        let (first, second) = self.pieces();
        first.first().copied().unwrap_or_default() ^ second.last().or(first.last()).copied().unwrap_or_default()
    }

    fn get(&self, at: usize) -> Slot {
        let (first, second) = self.pieces();
        first.get(at).or_else(|| second.get(at - first.len())).copied().unwrap_or(Slot::MAX)
    }

    /// How many stand before a place. Looked for from the ends inwards, for there it mostly is.
    pub fn place(&self, is_before: impl Fn(Slot) -> bool) -> usize {
        let len = self.len();
        let Some(last) = len.checked_sub(1) else { return 0 };
        if is_before(self.get(last)) {
            return len;
        }
        if !is_before(self.get(0)) {
            return 0;
        }
        let (mut low, mut high, mut step) = (0, last, 1);
        while high - low > step {
            if is_before(self.get(high - step)) {
                low = high - step;
                break;
            }
            high -= step;
            step *= 2;
        }
        // The place is after `low` and not after `high`.
        while low + 1 < high {
            let middle = usize::midpoint(low, high);
            if is_before(self.get(middle)) { low = middle } else { high = middle }
        }
        high
    }

    /// Puts a slot where it belongs.
    pub fn insert(&mut self, slot: Slot, is_before: impl Fn(Slot) -> bool) {
        let at = self.place(is_before);
        match &mut self.0 {
            Slots::Few(len, slots) if usize::from(*len) < FEW => {
                slots[at..].rotate_right(1);
                slots[at] = slot;
                *len += 1;
            }
            Slots::Few(_, slots) => {
                let mut many = VecDeque::with_capacity(2 * FEW);
                many.extend(slots.iter());
                many.insert(at, slot);
                self.0 = Slots::Many(Box::new(many));
            }
            Slots::Many(slots) => {
                if slots.len() == slots.capacity() {
                    slots.reserve_exact(slots.len() / GROWTH + 1);
                }
                slots.insert(at, slot);
            }
        }
    }

    /// Takes a slot out.
    pub fn remove(&mut self, slot: Slot, is_before: impl Fn(Slot) -> bool) {
        // Mostly it is the oldest that goes.
        let at = if !self.is_empty() && self.get(0) == slot { 0 } else { self.place(is_before) };
        if at >= self.len() || self.get(at) != slot {
            return;
        }
        match &mut self.0 {
            Slots::Few(len, slots) => {
                slots[at..].rotate_left(1);
                *len -= 1;
            }
            Slots::Many(slots) => {
                slots.remove(at);
                self.shrink();
            }
        }
    }

    /// Gives back what a list that has become short does not need. Not at the very length at which it had grown.
    fn shrink(&mut self) {
        let Slots::Many(slots) = &mut self.0 else { return };
        if slots.len() < FEW {
            let mut few = [0; FEW];
            few.iter_mut().zip(slots.iter()).for_each(|(place, slot)| *place = *slot);
            self.0 = Slots::Few(u8::try_from(slots.len()).unwrap_or_default(), few);
        } else if slots.len() < slots.capacity() / 2 {
            slots.shrink_to(slots.len() + slots.len() / GROWTH);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_stand_in_order_however_they_come_and_go() {
        let mut timeline = Timeline::default();
        // A fixed shuffle: 37 and 101 have no common factor.
        let slots: Vec<Slot> = (0..101).map(|n| n * 37 % 101).collect();
        for (count, slot) in slots.iter().enumerate() {
            timeline.insert(*slot, |other| other < *slot);
            assert_eq!(timeline.len(), count + 1);
            assert!(timeline.iter().is_sorted());
        }
        assert_eq!(timeline.range(10, 13).collect::<Vec<_>>(), [10, 11, 12]);
        for slot in (0..101).filter(|slot| slot % 3 > 0) {
            timeline.remove(slot, |other| other < slot);
        }
        assert!(timeline.iter().eq((0..101).filter(|slot| slot % 3 == 0)));
        timeline.remove(50, |other| other < 50);
        assert_eq!(timeline.len(), 34);
        for slot in 0..101 {
            timeline.remove(slot, |other| other < slot);
        }
        assert!(timeline.is_empty());
    }

    #[test]
    fn a_short_list_takes_no_memory_of_its_own() {
        assert_eq!(size_of::<Timeline>(), 16);
    }
}
