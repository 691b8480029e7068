//! The weights of the decision.
use super::features::Length;
use super::similarity::{Evidence, FEATURES, NAMES, ONE};
#[derive(Clone, Debug)]
pub struct Row {
    pub bias: i32,
    pub weights: [i32; FEATURES],
}
#[derive(Clone, Debug)]
pub struct Model {
    pub rows: [Row; 3],
}
impl Model {
    /// Log odds, in 1/1000, that entries this alike are about one event.
    #[must_use] 
    pub fn score(&self, evidence: &Evidence, length: Length) -> i32 {
        let row = &self.rows[length as usize];
        let sum: i64 = row.weights.iter().zip(evidence).map(|(w, x)| i64::from(*w) * i64::from(*x)).sum();
        i32::try_from(sum / i64::from(ONE)).unwrap_or(0) + row.bias
    }
    /// The shipped model.
    #[must_use] 
    pub fn shipped() -> Self {
        Self { rows: ROWS }
    }
}
const ROWS: [Row; 3] = [
    Row { bias: -6044, weights: [2691, 1366, 2011, 101, 115, -700, 2724, 127, 1655, 1503, -3313, -1474, -1012, -1665] },
    Row { bias: -7725, weights: [6150, 1330, 3393, -1862, -1257, -92, 625, 694, 4230, 1776, -2997, -376, 121, -1178] },
    Row { bias: -6301, weights: [5413, 766, 2314, 4561, -663, 427, -14, 1239, 2686, 1644, -3217, -501, -592, -1025] },
];
impl Model {
    /// Name, value, weight and contribution (log-odds) of each feature, the bias last.
    #[must_use]
    pub fn contributions(&self, evidence: &Evidence, length: Length) -> Vec<(&'static str, f64, f64, f64)> {
        let row = &self.rows[length as usize];
        let parts = NAMES.into_iter().zip(evidence).zip(row.weights).map(|((name, value), weight)| {
            let (value, weight) = (f64::from(*value) / f64::from(ONE), f64::from(weight) / 1000.0);
            (name, value, weight, value * weight)
        });
        let bias = f64::from(row.bias) / 1000.0;
        parts.chain([("bias", 1.0, bias, bias)]).collect()
    }
}
