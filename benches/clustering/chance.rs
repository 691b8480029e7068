//! Chance that repeats itself: the same stream on every run.

/// splitmix64.
pub struct Chance(u64);

impl Chance {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to just below 1.
    pub fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Below `end`.
    pub fn below(&mut self, end: usize) -> usize {
        (self.share() * end as f64) as usize
    }

    pub fn happens(&mut self, share: f64) -> bool {
        self.share() < share
    }

    pub fn one_of<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }

    /// A rank below `end`, about as often as Zipf's law says: twice the rank, half as often.
    pub fn rank(&mut self, end: usize) -> usize {
        // The inverse of the continuous law with exponent 1, shifted so that the first few are not everything.
        const SHIFT: f64 = 6.0;
        let total = ((end as f64 + SHIFT) / SHIFT).ln();
        let rank = SHIFT * ((total * self.share()).exp() - 1.0);
        (rank as usize).min(end - 1)
    }

    /// A gap with this mean, most of them shorter.
    pub fn gap(&mut self, mean: f64) -> f64 {
        -mean * (1.0 - self.share()).ln()
    }
}
