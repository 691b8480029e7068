//! What may be tuned about clustering.

use crate::engine::model::Model;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// How far apart in time the entries of one event may lie, each from its nearest.
pub const WINDOW_DEFAULT: Duration = Duration::from_hours(240);

/// Log odds (1/1000) that a join must reach: even odds, as the model was fitted.
const JOIN_AT: i32 = 0;
/// Log odds (1/1000) by which a preset is stricter or looser.
const PRESET_STEP: i32 = 1_000;

/// How readily entries join.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// Fewer and surer joins.
    Strict,
    /// As the model was fitted.
    Balanced,
    /// More joins, more of them wrong.
    Loose,
}

impl Preset {
    /// The preset of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "strict" => Some(Self::Strict),
            "balanced" => Some(Self::Balanced),
            "loose" => Some(Self::Loose),
            _ => None,
        }
    }

    /// Log odds that a join must reach, in 1/1000.
    #[must_use]
    pub fn threshold(self) -> i32 {
        match self {
            Self::Strict => JOIN_AT + PRESET_STEP,
            Self::Balanced => JOIN_AT,
            Self::Loose => JOIN_AT - PRESET_STEP,
        }
    }
}

/// What may be tuned about clustering.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClusterOptions {
    /// Log odds that a join must reach, in 1/1000; a [`Preset`] names three.
    pub threshold: i32,
    /// What weighs the evidence: the shipped model, or one fitted to the user's own labels.
    pub model: Model,
    /// See [`WINDOW_DEFAULT`].
    pub window: Duration,
    /// Publishers (domains, in lower case) that are one house, and its name.
    pub publisher_groups: BTreeMap<String, Arc<str>>,
}

impl Default for ClusterOptions {
    fn default() -> Self {
        Self {
            threshold: Preset::Balanced.threshold(),
            model: Model::STANDARD,
            window: WINDOW_DEFAULT,
            publisher_groups: BTreeMap::new(),
        }
    }
}

impl ClusterOptions {
    /// The publisher that counts: the house, where the configuration names one.
    #[must_use]
    pub fn group_of(&self, publisher: &str) -> Arc<str> {
        self.publisher_groups.get(&publisher.to_lowercase()).cloned().unwrap_or_else(|| publisher.into())
    }
}
