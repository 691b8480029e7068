//! Where the configuration and the data are looked for, and what the environment may set.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The environment as a value, so that looking for files can be tested.
#[derive(Clone, Debug, Default)]
pub struct Environment(BTreeMap<String, String>);

impl FromIterator<(String, String)> for Environment {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(variables: I) -> Self {
        Self(variables.into_iter().collect())
    }
}

impl Environment {
    /// A variable that is set to something.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// The options of one section, from `STORYFOLD_SECTION__KEY`, keys in lower case.
    pub(super) fn section(&self, section: &str) -> impl Iterator<Item = (String, &str)> {
        let prefix = format!("STORYFOLD_{}__", section.to_uppercase());
        self.0.iter().filter_map(move |(name, value)| {
            let key = name.strip_prefix(&prefix)?;
            Some((key.to_lowercase(), value.as_str()))
        })
    }

    fn home(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let own = self.get(variable).map(PathBuf::from);
        own.or_else(|| Some(Path::new(self.get("HOME")?).join(below_home)))
    }
}

/// The configuration file: the one asked for, `$STORYFOLD_CONFIG`, else the first that `exists` of `./feeds.toml`,
/// `$XDG_CONFIG_HOME/storyfold/feeds.toml` and `/etc/storyfold/feeds.toml`.
///
/// # Errors
/// Where there is none: the places that were looked at.
pub fn config_file(
    asked: Option<&Path>,
    environment: &Environment,
    exists: impl Fn(&Path) -> bool,
) -> Result<PathBuf, String> {
    if let Some(path) = asked {
        return Ok(path.to_owned());
    }
    if let Some(path) = environment.get("STORYFOLD_CONFIG") {
        return Ok(path.into());
    }
    let own = environment.home("XDG_CONFIG_HOME", ".config").map(|home| home.join("storyfold/feeds.toml"));
    let places: Vec<PathBuf> =
        [Some("feeds.toml".into()), own, Some("/etc/storyfold/feeds.toml".into())].into_iter().flatten().collect();
    let found = places.iter().find(|path| exists(path)).cloned();
    found.ok_or_else(|| {
        let looked: Vec<String> = places.iter().map(|path| path.display().to_string()).collect();
        format!("there is no configuration; looked at {}. Name one with --config FILE", looked.join(", "))
    })
}

/// The data folder: the one asked for, `$STORYFOLD_DATA_DIR`, the configuration's, systemd's `$STATE_DIRECTORY`, else
/// `$XDG_STATE_HOME/storyfold`.
///
/// # Errors
/// Where none of them is set and there is no home folder.
pub fn data_dir(asked: Option<&Path>, environment: &Environment, configured: Option<&Path>) -> Result<PathBuf, String> {
    let variable = |name| environment.get(name).map(PathBuf::from);
    asked
        .map(Path::to_owned)
        .or_else(|| variable("STORYFOLD_DATA_DIR"))
        .or_else(|| configured.map(Path::to_owned))
        // systemd joins several state folders with colons; ours is the first.
        .or_else(|| environment.get("STATE_DIRECTORY").and_then(|list| list.split(':').next()).map(PathBuf::from))
        .or_else(|| environment.home("XDG_STATE_HOME", ".local/state").map(|home| home.join("storyfold")))
        .ok_or_else(|| "there is no home folder to keep data in; name one with --data-dir DIR".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(pairs: &[(&str, &str)]) -> Environment {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn the_configuration_is_looked_for_in_order() {
        let check = |asked: Option<&str>, pairs: &[(&str, &str)], there: &[&str], expected: &str| {
            let exists = |path: &Path| there.iter().any(|file| Path::new(file) == path);
            let found = config_file(asked.map(Path::new), &environment(pairs), exists);
            assert_eq!(found.unwrap_or_default(), Path::new(expected));
        };
        let all = [
            "feeds.toml",
            "/home/a/.config/storyfold/feeds.toml",
            "/x/storyfold/feeds.toml",
            "/etc/storyfold/feeds.toml",
        ];
        check(Some("mine.toml"), &[("STORYFOLD_CONFIG", "other.toml")], &all, "mine.toml");
        check(None, &[("STORYFOLD_CONFIG", "other.toml")], &all, "other.toml");
        check(None, &[("HOME", "/home/a")], &all, "feeds.toml");
        check(None, &[("HOME", "/home/a")], &all[1..], "/home/a/.config/storyfold/feeds.toml");
        check(None, &[("HOME", "/home/a"), ("XDG_CONFIG_HOME", "/x")], &all[1..], "/x/storyfold/feeds.toml");
        check(None, &[], &all[1..], "/etc/storyfold/feeds.toml");
        check(None, &[], &[], "");
    }

    #[test]
    fn the_data_folder_is_looked_for_in_order() {
        let check = |asked: Option<&str>, pairs: &[(&str, &str)], configured: Option<&str>, expected: &str| {
            let found = data_dir(asked.map(Path::new), &environment(pairs), configured.map(Path::new));
            assert_eq!(found.unwrap_or_default(), Path::new(expected));
        };
        let all =
            [("STORYFOLD_DATA_DIR", "/b"), ("STATE_DIRECTORY", "/d:/e"), ("XDG_STATE_HOME", "/f"), ("HOME", "/g")];
        check(Some("/a"), &all, Some("/c"), "/a");
        check(None, &all, Some("/c"), "/b");
        check(None, &all[1..], Some("/c"), "/c");
        check(None, &all[1..], None, "/d");
        check(None, &all[2..], None, "/f/storyfold");
        check(None, &all[3..], None, "/g/.local/state/storyfold");
        check(None, &[], None, "");
    }
}
