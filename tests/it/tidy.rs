//! The ground rules that no compiler checks: who may import whom, where foreign crates live, and what the engine never
//! does.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms and the rooms they may import, from `engine/mod.rs`'s drawing.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("engine", &[]),
    ("clock", &["engine"]),
    ("fetch", &["engine"]),
    ("store", &["engine"]),
    ("control", &["engine"]),
    ("serve", &["engine"]),
    ("config", &["engine", "fetch", "serve"]),
    ("daemon", &["engine", "clock", "fetch", "store", "control", "serve", "config"]),
    ("cli", &["engine", "clock", "fetch", "store", "control", "serve", "config", "daemon"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// Foreign crates that have one home (a room, or a file of the engine).
const HOMES: &[(&str, &[&str])] = &[
    ("feed_rs", &["engine/parse.rs", "engine/render/mod.rs"]),
    ("quick_xml", &["engine/repair/", "engine/hypertext.rs", "engine/render/"]),
    ("encoding_rs", &["engine/repair/encoding.rs"]),
    ("chardetng", &["engine/repair/encoding.rs"]),
    ("html5gum", &["engine/markup.rs", "engine/hypertext.rs", "engine/page.rs"]),
    ("strsim", &["engine/text/", "engine/copy.rs", "engine/baseline.rs"]),
    ("rust_stemmers", &["engine/text/"]),
    ("psl", &["engine/link.rs"]),
    ("reqwest", &["fetch/"]),
    ("sled", &["store/"]),
    ("postcard", &["store/"]),
    ("axum", &["serve/"]),
    ("clap", &["cli/"]),
    ("comfy_table", &["cli/"]),
    ("indicatif", &["cli/"]),
    ("tracing_subscriber", &["cli/"]),
    ("toml", &["config/"]),
];

/// What the engine never does: I/O, clocks, chance, waiting.
const NOT_IN_ENGINE: &[&str] = &[
    "async fn",
    "tokio",
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "SystemTime",
    "Instant",
    "::now(",
    "rand::",
    "RandomState",
    "println!",
    "tracing",
];

/// Names that say nothing of what is inside.
const NO_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "misc", "service"];

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders: Vec<PathBuf> = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for item in fs::read_dir(folder).unwrap() {
            let path = item.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap().to_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 30, "the sources were not found");
    files.sort();
    files
}

/// Lines of code before the file's tests, without comments, each with its number.
fn code(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let shipped = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    shipped.enumerate().map(|(place, line)| (place + 1, line)).filter(|(_, line)| !line.trim_start().starts_with("//"))
}

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn check(offences: &[String]) {
    assert!(offences.is_empty(), "\n{}", offences.join("\n"));
}

#[test]
fn rooms_import_only_from_below() {
    let mut offences = Vec::new();
    for (file, text) in sources() {
        let own = room(&file);
        let (_, allowed) =
            MAY_IMPORT.iter().find(|(name, _)| *name == own).unwrap_or_else(|| panic!("{own}: a room without a rule"));
        for (number, line) in code(&text) {
            for part in line.split("crate::").skip(1).chain(line.split("storyfold::").skip(1)) {
                let other = part.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                let known = MAY_IMPORT.iter().any(|(name, _)| *name == other);
                if known && other != own && !allowed.contains(&other) {
                    offences.push(format!("src/{file}:{number}: {own} may not import {other}"));
                }
            }
        }
    }
    check(&offences);
}

#[test]
fn foreign_crates_stay_at_home() {
    let mut offences = Vec::new();
    for (file, text) in sources() {
        for (number, line) in code(&text) {
            for (name, homes) in HOMES {
                let used = line.contains(&format!("{name}::")) || line.contains(&format!("use {name};"));
                if used && !homes.iter().any(|home| file.starts_with(home)) {
                    offences.push(format!("src/{file}:{number}: {name} lives in {}", homes.join(" and ")));
                }
            }
        }
    }
    check(&offences);
}

#[test]
fn the_engine_is_pure() {
    let mut offences = Vec::new();
    for (file, text) in sources().into_iter().filter(|(file, _)| file.starts_with("engine/")) {
        for (number, line) in code(&text) {
            for word in NOT_IN_ENGINE.iter().filter(|word| line.contains(**word)) {
                offences.push(format!("src/{file}:{number}: the engine has no `{word}`"));
            }
        }
    }
    check(&offences);
}

#[test]
fn files_are_nouns_and_not_too_long() {
    let mut offences = Vec::new();
    for (file, text) in sources() {
        let stem = Path::new(&file).file_stem().unwrap().to_str().unwrap();
        if NO_NAMES.contains(&stem) {
            offences.push(format!("src/{file}: a name that says nothing"));
        }
        let lines = code(&text).count();
        if lines > 500 {
            offences.push(format!("src/{file}: {lines} lines of code; a noun has outgrown its file"));
        }
    }
    check(&offences);
}
