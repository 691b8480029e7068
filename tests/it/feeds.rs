//! Feeds as they are out there, written afresh: one file for each oddity in `tests/feeds`, each with a first line that
//! says what it is for, and beside it what must be understood of it. Adding a case is adding a file and running this with
//! `STORYFOLD_WRITE_EXPECTED=1`, then reading what was written.

use std::fmt::Write;
use std::path::Path;
use storyfold::engine::entry::{Details, Draft};
use storyfold::engine::feed::FeedSpec;
use storyfold::engine::fetched::Body;
use storyfold::engine::link::FeedUrl;
use storyfold::engine::parse::parse;
use storyfold::engine::repair::Repair;

#[test]
fn odd_feeds_are_understood() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/feeds");
    let mut files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension != "txt"));
    files.sort();
    assert!(files.len() > 30, "the feeds were not found");
    let wrong: Vec<String> = files.iter().filter_map(|path| fault(path)).collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// What is understood of a file, where that is not what stands beside it.
fn fault(path: &Path) -> Option<String> {
    let found = told(&std::fs::read(path).unwrap());
    let beside = path.with_extension("txt");
    if std::env::var_os("STORYFOLD_WRITE_EXPECTED").is_some() {
        std::fs::write(&beside, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&beside).unwrap_or_default();
    (found != expected).then(|| format!("{}\nexpected:\n{expected}found:\n{found}", path.display()))
}

fn told(bytes: &[u8]) -> String {
    let url = "https://example.org/feeds/all";
    let spec = FeedSpec::new(FeedUrl::parse(url, Path::new("/")).unwrap(), url);
    let bytes = bytes.to_vec();
    let body = Body::of(bytes, Some(url));
    let document = match parse(&body, &spec) {
        Ok(document) => document,
        Err(error) => return format!("refused: {error}\n"),
    };
    let mut out = format!("{}, {}\n", document.format, document.encoding);
    let mut say = |name: &str, value: &str| {
        if !value.is_empty() {
            let _ = writeln!(out, "{name}: {}", value.replace('\n', " | "));
        }
    };
    let repairs: Vec<&str> = document.repairs.list().into_iter().map(Repair::name).collect();
    say("repaired", &repairs.join(", "));
    say("feed", document.title.as_deref().unwrap_or_default());
    let kept = document.entries.iter().map(|draft| (draft, None));
    let repeated = document.repeated.iter().map(|(draft, of)| (draft, Some(document.entries[*of].place)));
    let mut items: Vec<(&Draft, Option<usize>)> = kept.chain(repeated).collect();
    items.sort_by_key(|(draft, _)| draft.place);
    for (draft, repeats) in items {
        say("\nitem", &draft.place.to_string());
        say("repeats", &repeats.map(|place| place.to_string()).unwrap_or_default());
        say_item(draft, &mut say);
    }
    for item in &document.rejected {
        say("\nrejected", &format!("{}: {}", item.index, item.reason));
    }
    out
}

fn say_item(draft: &Draft, say: &mut impl FnMut(&str, &str)) {
    say("title", &draft.title);
    say("link", draft.link.as_deref().unwrap_or_default());
    say("published", &draft.published.map(|date| date.to_string()).unwrap_or_default());
    say("updated", &draft.updated.map(|date| date.to_string()).unwrap_or_default());
    say("language", draft.language.as_deref().unwrap_or_default());
    let Details { text, html, authors, categories, image, enclosures, origin } = &draft.details;
    say("text", text);
    say("html", html.as_deref().unwrap_or_default());
    say("authors", &authors.join("; "));
    say("categories", &categories.join("; "));
    say("image", image.as_deref().unwrap_or_default());
    for file in enclosures {
        say("enclosure", &format!("{} {} {:?}", file.url, file.media_type.as_deref().unwrap_or_default(), file.bytes));
    }
    if let Some(origin) = origin {
        say(
            "origin",
            &format!("{} {}", origin.name.as_deref().unwrap_or_default(), origin.url.as_deref().unwrap_or_default()),
        );
    }
}
