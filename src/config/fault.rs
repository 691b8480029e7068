//! What is wrong in a configuration: place, matter, remedy.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// One fault, or one warning.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// `FILE:LINE`, or the name of an environment variable.
    pub place: String,
    /// What is wrong and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.message)
    }
}

/// Collects faults while a file is read.
#[derive(Debug)]
pub(super) struct Faults {
    path: PathBuf,
    /// Where each line ends, in bytes.
    line_ends: Vec<usize>,
    /// Environment variables in play, by the spans made up for them.
    variables: Vec<(usize, String)>,
    errors: Vec<(usize, Fault)>,
    warnings: Vec<(usize, Fault)>,
}

impl Faults {
    pub fn new(path: &Path, text: &str) -> Self {
        Self {
            path: path.to_owned(),
            line_ends: text.match_indices('\n').map(|(at, _)| at).collect(),
            variables: Vec::new(),
            errors: Vec::new(),
            warnings: Vec::new(),
        }
    }

    pub fn add(&mut self, span: Range<usize>, message: String) {
        let place = self.place(span.start);
        self.errors.push((span.start, Fault { place, message }));
    }

    pub fn warn(&mut self, span: Range<usize>, message: String) {
        let place = self.place(span.start);
        self.warnings.push((span.start, Fault { place, message }));
    }

    /// A span that stands for an environment variable, so that faults in its value are told by its name.
    pub fn add_variable(&mut self, name: &str, base: usize) -> Range<usize> {
        let start = base + self.variables.len() * 1024;
        self.variables.push((start, name.to_owned()));
        start..start + 1024
    }

    fn place(&self, at: usize) -> String {
        if let Some((_, name)) = self.variables.iter().rev().find(|(start, _)| *start <= at) {
            return name.clone();
        }
        let line = self.line_ends.partition_point(|end| *end < at) + 1;
        format!("{}:{line}", self.path.display())
    }

    pub fn into_sorted(self) -> Vec<Fault> {
        self.into_faults_and_warnings().0
    }

    pub fn into_faults_and_warnings(mut self) -> (Vec<Fault>, Vec<Fault>) {
        let strip = |mut list: Vec<(usize, Fault)>| {
            list.sort_by_key(|(at, _)| *at);
            list.into_iter().map(|(_, fault)| fault).collect()
        };
        (strip(std::mem::take(&mut self.errors)), strip(std::mem::take(&mut self.warnings)))
    }
}
