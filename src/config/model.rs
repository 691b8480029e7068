//! A model file, as `cluster.model` names it: one table for each pair of lengths (`title`, `short`, `full`, and
//! `uneven` for a bare title against a text), with the bias and the weight (log odds)
//! of each feature.

use crate::engine::model::{Lengths, Model, Row};
use crate::engine::similarity::Feature;
use std::collections::BTreeMap;
use std::fmt::Write;

/// Log odds of a model file are bounded: beyond this, one feature alone would decide everything.
const WEIGHT_MAX: f64 = 1000.0;

/// Reads a model file.
///
/// # Errors
/// What is wrong with it, as the end of a sentence that begins with its name.
pub fn parse(text: &str) -> Result<Model, String> {
    let mut tables: BTreeMap<String, BTreeMap<String, f64>> =
        toml::from_str(text).map_err(|error| format!("is no model: {}", error.message()))?;
    let mut model = Model::STANDARD;
    for lengths in Lengths::ALL {
        let key = lengths.key();
        let table = tables.remove(key).ok_or_else(|| format!("is no model: it has no table [{key}]"))?;
        model.rows[lengths as usize] = row(key, table)?;
    }
    match tables.keys().next() {
        Some(key) => Err(format!("is no model of this version: it has a table [{key}]")),
        None => Ok(model),
    }
}

fn row(name: &str, mut table: BTreeMap<String, f64>) -> Result<Row, String> {
    let mut take = |key: &str| {
        let value = table.remove(key).ok_or_else(|| format!("has no `{key}` in [{name}]"))?;
        if !value.is_finite() || value.abs() > WEIGHT_MAX {
            return Err(format!("has {value} for `{key}` in [{name}]; weights are between -1000 and 1000"));
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded by a million")]
        let thousandths = (value * 1000.0).round() as i32;
        Ok(thousandths)
    };
    let bias = take("bias")?;
    let mut weights = [0; Feature::ALL.len()];
    for (weight, feature) in weights.iter_mut().zip(Feature::ALL) {
        *weight = take(feature.key())?;
    }
    match table.keys().next() {
        Some(key) => Err(format!("has `{key}` in [{name}], which is no feature of this version")),
        None => Ok(Row { bias, weights }),
    }
}

/// A model as a file that [`parse`] reads back.
#[must_use]
pub fn write(model: &Model) -> String {
    let mut text = String::new();
    for (name, row) in Lengths::ALL.into_iter().map(Lengths::key).zip(model.rows) {
        let weights = Feature::ALL.into_iter().map(Feature::key).zip(row.weights);
        let lines = std::iter::once(("bias", row.bias)).chain(weights);
        let _ = writeln!(text, "[{name}]");
        text.extend(lines.map(|(key, value)| format!("{key} = {:?}\n", f64::from(value) / 1000.0)));
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written() -> String {
        write(&Model::STANDARD)
    }

    #[test]
    fn a_written_model_is_read_back() {
        assert_eq!(parse(&written()), Ok(Model::STANDARD));
    }

    #[test]
    fn what_is_no_model_is_told() {
        let check = |from: &str, to: &str, expected: &str| {
            let error = parse(&written().replacen(from, to, 1)).unwrap_err();
            assert!(error.contains(expected), "{error}");
        };
        check("bias", "bios", "has no `bias` in [title]");
        check("[short]\n", "[short]\nsize = 1.0\n", "`size` in [short]");
        check("[full]", "[whole]", "is no model");
        let bias = format!("bias = {:?}", f64::from(Model::STANDARD.rows[0].bias) / 1000.0);
        check(&bias, "bias = nan", "has NaN for `bias`");
    }
}
