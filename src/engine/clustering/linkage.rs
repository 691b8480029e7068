//! The entries around one, put together by average linkage: the two groups whose pairs score best on the mean become one,
//! again and again, as long as that mean reaches the threshold.
//!
//! Small clusters are taken apart for it, so that what joined too early may part; a large one stays as it is, and some
//! of its members speak for it. What stands together has a small advantage, so that nothing goes to and fro.

use super::Clustering;
use super::group::Group;
use super::nearby::Neighbor;
use super::scene::{Scene, Seat};
use crate::engine::evidence::Match;
use crate::engine::model::Lengths;
use crate::engine::similarity::Evidence;
use std::cell::LazyCell;

/// Scores of pairs count from here on (1/1000 log odds): below, all are equally strange.
const FAR: i32 = -8_000;
/// Advantage (1/1000 log odds) of what stands together already.
const TOGETHER: i64 = 250;

/// The pairs between two groups.
#[derive(Clone, Copy, Debug)]
struct Link {
    sum: i64,
    together: i64,
    count: i64,
    /// Of the scores.
    mean: i32,
    best: i32,
    /// Of the best pair.
    lengths: Lengths,
    /// Two of them are never in one cluster.
    apart: bool,
}

impl Link {
    const NONE: Self =
        Self { sum: 0, together: 0, count: 0, mean: FAR, best: FAR, lengths: Lengths::Title, apart: false };

    fn add(&mut self, other: &Self) {
        if self.count == 0 || other.best > self.best {
            (self.best, self.lengths) = (other.best, other.lengths);
        }
        self.sum += other.sum;
        self.together += other.together;
        self.count += other.count;
        self.apart |= other.apart;
    }

    /// With the mean of what was added.
    fn rated(self) -> Self {
        Self { mean: i32::try_from(self.sum.div_euclid(self.count.max(1))).unwrap_or(FAR), ..self }
    }

    fn advantage(&self) -> i32 {
        if self.together == 0 { 0 } else { i32::try_from(TOGETHER * self.together / self.count.max(1)).unwrap_or(0) }
    }
}

/// The links of some groups; those of a group that has gone into another stay behind, unread.
struct Links {
    size: usize,
    all: Vec<Link>,
    alive: Vec<usize>,
}

/// The two groups nearest to one: their mean scores, and which the first is.
#[derive(Clone, Copy)]
struct Nearest {
    first: (i32, usize),
    second: i32,
}

impl Links {
    fn get(&self, a: usize, b: usize) -> &Link {
        &self.all[a * self.size + b]
    }

    fn set(&mut self, a: usize, b: usize, link: Link) {
        self.all[a * self.size + b] = link;
        self.all[b * self.size + a] = link;
    }

    /// Of each group; those that have gone into another have none.
    fn nearest(&self) -> Vec<Nearest> {
        let mut nearest = vec![Nearest { first: (FAR, self.size), second: FAR }; self.size];
        for a in &self.alive {
            for b in self.alive.iter().filter(|b| *b != a) {
                let (mean, of) = (self.get(*a, *b).mean, &mut nearest[*a]);
                if mean > of.first.0 {
                    (of.first, of.second) = ((mean, *b), of.first.0);
                } else {
                    of.second = of.second.max(mean);
                }
            }
        }
        nearest
    }

    /// Notes that `b` has gone into `a`.
    fn merge(&mut self, a: usize, b: usize) {
        self.alive.retain(|group| *group != b);
        for at in 0..self.alive.len() {
            let other = self.alive[at];
            if other != a {
                let mut both = *self.get(a, other);
                both.add(self.get(b, other));
                self.set(a, other, both.rated());
            }
        }
    }
}

impl Nearest {
    /// Mean score of the nearest but for one.
    fn without(self, other: usize) -> i32 {
        if self.first.1 == other { self.second } else { self.first.0 }
    }
}

/// How well an entry suits a group.
#[derive(Clone, Copy, Debug)]
pub(super) struct Suit {
    nearest: Seat,
    lengths: Lengths,
    best: i32,
    mean: i32,
    /// Mean score of the other group that suits it best.
    rival: i32,
}

impl Clustering {
    /// Whether an entry may join anything: a group's mean is never above its best pair, so that most new entries, which are
    /// near nothing, need not be held against whole groups.
    pub(super) fn is_near_any(&self, own: Seat, neighbors: &[Neighbor], scene: &mut Scene) -> bool {
        neighbors.iter().any(|near| {
            let pair = self.pair(own, near.seat, scene);
            pair.copy || self.options.model.linkage(pair.score, pair.score, FAR, pair.lengths) >= self.options.threshold
        })
    }

    /// Puts groups together as they should be; the first stays the first.
    pub(super) fn linked(&self, mut groups: Vec<Group>, scene: &mut Scene) -> Vec<Group> {
        let mut links = self.links(&groups, scene);
        while let Some((a, b)) = self.nearest_groups(&groups, &links) {
            links.merge(a, b);
            let gone = std::mem::take(&mut groups[b]);
            groups[a].absorb(gone);
            if groups[a].has_shared_votes() {
                // The sums so far took every entry for another publisher's.
                for other in links.alive.clone().into_iter().filter(|other| *other != a) {
                    links.set(a, other, self.link(&groups[a], &groups[other], scene));
                }
            }
        }
        groups.retain(|group| !group.points.is_empty());
        groups
    }

    fn links(&self, groups: &[Group], scene: &mut Scene) -> Links {
        let size = groups.len();
        let mut links = Links { size, all: vec![Link::NONE; size * size], alive: (0..size).collect() };
        for a in 0..size {
            for b in 0..a {
                links.set(a, b, self.link(&groups[a], &groups[b], scene));
            }
        }
        links
    }

    fn link(&self, a: &Group, b: &Group, scene: &mut Scene) -> Link {
        let mut link = Link::NONE;
        for x in &a.points {
            for y in &b.points {
                let pair = self.pair(x.seat, y.seat, scene);
                let (score, count) = (pair.score.max(FAR), x.vote * y.vote);
                link.add(&Link {
                    sum: i64::from(score) * count,
                    together: if x.cluster == y.cluster { count } else { 0 },
                    count,
                    mean: FAR,
                    best: score,
                    lengths: pair.lengths,
                    apart: pair.apart,
                });
            }
        }
        link.apart |= self.are_parted(a, b);
        link.rated()
    }

    /// Whether the user has parted entries of two groups, such as do not speak for them.
    fn are_parted(&self, a: &Group, b: &Group) -> bool {
        if self.constraints.is_empty() {
            return false;
        }
        let loose = a.loose.iter().filter_map(|slot| Some(self.index.get(*slot)?.id));
        let whole = a.whole.iter().flat_map(|cluster| self.members_of(*cluster));
        let mut opponents = loose.chain(whole).flat_map(|id| self.constraints.opponents(id));
        opponents.any(|id| {
            let Some(slot) = self.index.slot(id) else { return false };
            let cluster = self.index.get(slot).map(|live| live.cluster);
            b.loose.contains(&slot) || cluster.is_some_and(|cluster| b.whole.contains(&cluster))
        })
    }

    /// The two groups that are nearest, if they are near enough; the first of them came first.
    fn nearest_groups(&self, groups: &[Group], links: &Links) -> Option<(usize, usize)> {
        let around = LazyCell::new(|| links.nearest());
        let mut nearest: Option<(i32, usize, usize)> = None;
        for (at, a) in links.alive.iter().enumerate() {
            for b in &links.alive[at + 1..] {
                let link = links.get(*a, *b);
                let heeded = self.options.model.heeds_rival(link.lengths);
                let rival = if heeded { around[*a].without(*b).max(around[*b].without(*a)) } else { FAR };
                let score = self.options.model.linkage(link.mean, link.best, rival, link.lengths) + link.advantage();
                let better = score >= self.options.threshold && nearest.is_none_or(|(best, ..)| score > best);
                if better && !link.apart && groups[*a].fits(&groups[*b]) {
                    nearest = Some((score, *a, *b));
                }
            }
        }
        nearest.map(|(_, a, b)| (a, b))
    }

    /// How well an entry suits each of the groups without it; `None` where nobody else is there.
    pub(super) fn suits(&self, own: Seat, groups: &[Group], scene: &mut Scene) -> Vec<Option<Suit>> {
        let mut suits: Vec<_> = groups.iter().map(|group| self.suit(own, group, scene)).collect();
        let means: Vec<_> = suits.iter().map(|suit| suit.as_ref().map_or(FAR, |suit| suit.mean)).collect();
        for (at, suit) in suits.iter_mut().enumerate() {
            let others = means[..at].iter().chain(&means[at + 1..]);
            let Some(suit) = suit else { continue };
            suit.rival = others.copied().max().unwrap_or(FAR);
        }
        suits
    }

    fn suit(&self, own: Seat, group: &Group, scene: &mut Scene) -> Option<Suit> {
        let mut nearest: Option<(i32, Seat, Lengths)> = None;
        let (mut sum, mut count) = (0_i64, 0_i64);
        for other in group.points.iter().filter(|other| other.seat != own) {
            let pair = self.pair(own, other.seat, scene);
            sum += i64::from(pair.score.max(FAR));
            count += 1;
            if nearest.is_none_or(|(best, ..)| pair.score > best) {
                nearest = Some((pair.score, other.seat, pair.lengths));
            }
        }
        let (best, nearest, lengths) = nearest?;
        let mean = i32::try_from(sum.div_euclid(count)).ok()?;
        Some(Suit { nearest, lengths, best: best.max(FAR), mean, rival: FAR })
    }

    /// The score that a [`Suit`] makes.
    pub(super) fn suit_score(&self, suit: &Suit) -> i32 {
        self.options.model.linkage(suit.mean, suit.best, suit.rival, suit.lengths)
    }

    /// A [`Suit`] with all that speaks for it.
    pub(super) fn matched(&self, own: Seat, group: &Group, suit: &Suit, scene: &Scene) -> Option<Match> {
        let others = group.points.iter().filter(|other| other.seat != own);
        let pairs: Vec<Evidence> = others.map(|other| scene.evidence(own, other.seat)).collect();
        let nearest = self.index.get(scene.slot(suit.nearest))?;
        Some(Match {
            cluster: nearest.cluster,
            nearest: nearest.id,
            score: self.suit_score(suit),
            threshold: self.options.threshold,
            lengths: suit.lengths,
            evidence: Evidence::of_group(&pairs, suit.best, suit.rival),
        })
    }
}
