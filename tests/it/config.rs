//! Bad configurations: a folder of files, each with the faults it must give.

use std::path::Path;
use storyfold::config::{Config, Environment};

/// `tests/config/NAME.toml` begins with one comment line `#! LINE: message` for each fault, in order.
#[test]
fn every_fault_is_told_with_its_line_and_remedy() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|item| item.unwrap().path()).collect();
    files.sort();
    assert!(files.len() > 5);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let expected: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("#! ")).collect();
        let found = match Config::parse(
            Path::new("feeds.toml"),
            Path::new("/etc/storyfold"),
            &text,
            &Environment::default(),
            &|path| std::fs::read_to_string(path),
        ) {
            Ok(config) => config.warnings,
            Err(faults) => faults,
        };
        let found: Vec<String> = found.iter().map(|fault| fault.to_string().replace("feeds.toml:", "")).collect();
        assert_eq!(found, expected, "{}", file.display());
    }
}

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn the_environment_sets_any_option() {
    let text = "[fetch]\ntimeout = \"10s\"\n";
    let environment = environment(&[
        ("STORYFOLD_FETCH__TIMEOUT", "5s"),
        ("STORYFOLD_FETCH__ALLOW_PRIVATE", "[\"127.0.0.1:80\"]"),
        ("STORYFOLD_OUTPUT__MAX_ENTRIES", "7"),
        ("STORYFOLD_DAEMON__LISTEN", "127.0.0.1:9000"),
        ("STORYFOLD_DAEMON__TOKEN", "20261121"),
    ]);
    let config = Config::parse(Path::new("feeds.toml"), Path::new("/"), text, &environment, &|path| {
        std::fs::read_to_string(path)
    })
    .unwrap();
    assert_eq!(config.fetch.timeout.as_secs(), 5);
    assert_eq!(config.fetch.allow_private.len(), 1);
    assert_eq!(config.engine.output.max_entries, 7);
    assert_eq!(config.serve.listen.port(), 9000);
    assert_eq!(config.serve.token.as_deref(), Some("20261121"));
}

#[test]
fn secrets_come_from_the_environment_or_from_credentials_and_are_not_shown() {
    let parse = |text: &str, pairs: &[(&str, &str)]| {
        let read = |path: &Path| match path.to_str() {
            Some("/run/credentials/paper") => Ok("s3cret\n".to_owned()),
            _ => Err(std::io::Error::from(std::io::ErrorKind::NotFound)),
        };
        Config::parse(Path::new("feeds.toml"), Path::new("/"), text, &environment(pairs), &read)
    };
    let text = "[[feed]]\nurl = \"https://example.org/feed\"\nusername = \"me\"\npassword = \"${credential:paper}\"\n\
                headers = { X-Key = \"k-${KEY}\" }\n";
    let set = [("KEY", "7"), ("CREDENTIALS_DIRECTORY", "/run/credentials")];
    let feed = &parse(text, &set).unwrap().feeds[0];
    let shown: Vec<_> = feed.headers.iter().map(|(name, value)| (name.as_str(), value.exposed())).collect();
    assert_eq!(shown, [("X-Key", "k-7"), ("Authorization", "Basic bWU6czNjcmV0")]);
    let debugged = format!("{feed:?}");
    assert!(!debugged.contains("k-7") && !debugged.contains("bWU6"), "{debugged}");
    let faults: Vec<String> = parse(text, &[]).unwrap().warnings.iter().map(ToString::to_string).collect();
    let expected = [
        "feeds.toml:4: feed.password names the credential paper, but systemd gives none; add LoadCredential= to the service",
        "feeds.toml:5: feed.headers.X-Key names the environment variable KEY, which is not set",
    ];
    assert_eq!(faults, expected);
}

#[test]
fn a_bad_variable_is_told_by_its_name() {
    let check = |name: &str, value: &str, expected: &str| {
        let faults = Config::parse(Path::new("f"), Path::new("/"), "", &environment(&[(name, value)]), &|path| {
            std::fs::read_to_string(path)
        })
        .unwrap_err();
        assert_eq!(faults.iter().map(ToString::to_string).collect::<Vec<_>>(), [expected]);
    };
    check(
        "STORYFOLD_FETCH__TIMOUT",
        "5s",
        "STORYFOLD_FETCH__TIMOUT: `timout` is no key of [fetch]; did you mean `timeout`?",
    );
    check(
        "STORYFOLD_OUTPUT__SETTLE",
        "soon",
        "STORYFOLD_OUTPUT__SETTLE: output.settle: `soon` is not a duration; write one such as \"30s\", \"10m\", \"2h\" or \"7d\"",
    );
}

#[test]
fn the_shipped_file_is_right() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("feeds.toml")).unwrap();
    let config = Config::parse(Path::new("feeds.toml"), root, &text, &Environment::default(), &|path| {
        std::fs::read_to_string(path)
    })
    .unwrap();
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    let files = config.feeds.iter().filter(|feed| matches!(feed.url, storyfold::engine::link::FeedUrl::File(_)));
    assert_eq!(files.count(), 5);
    assert!(config.feeds.len() >= 25);
    assert!(config.feeds.iter().all(|feed| feed.category.is_some()));
}

/// What the file shows as comments must be what the program takes: with every option line switched on, it is right too.
#[test]
fn the_options_that_the_shipped_file_shows_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("feeds.toml")).unwrap();
    let switch_on = |line: &str| match line.strip_prefix("# ").or_else(|| line.strip_prefix('#')) {
        Some(option)
            if option
                .split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')) =>
        {
            option.to_owned()
        }
        _ => line.to_owned(),
    };
    let text: Vec<String> = text.lines().map(switch_on).collect();
    let faults = Config::parse(Path::new("feeds.toml"), root, &text.join("\n"), &Environment::default(), &|path| {
        std::fs::read_to_string(path)
    })
    .err();
    assert_eq!(faults, None);
}
