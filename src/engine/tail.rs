//! What stands around an article's text and is not of it: "read more", "the post appeared first on", the headline once
//! more. It is alike in all entries of a site, and would make them look alike.

/// Ends of a text, in lower case: cut where a text's last line ends with one. With what they begin with removed, too:
/// dots, arrows, brackets.
const ENDINGS: &[&str] = &[
    "read more",
    "read more here",
    "read the full article",
    "read the full story",
    "read full article",
    "read full story",
    "read the rest of this entry",
    "read on",
    "continue reading",
    "keep reading",
    "click here to read more",
    "view entire post",
    "learn more",
    "full story",
    "more",
    "weiterlesen",
    "mehr lesen",
    "jetzt lesen",
    "zum artikel",
    "lire la suite",
    "lire plus",
    "en savoir plus",
    "leer m\u{e1}s",
    "seguir leyendo",
    "sigue leyendo",
    "continuar leyendo",
    "leia mais",
    "ler mais",
    "continue lendo",
    "leggi tutto",
    "continua a leggere",
    "leggi di pi\u{f9}",
    "lees meer",
    "lees verder",
    "l\u{e4}s mer",
    "l\u{e6}s mere",
    "les mer",
    "lue lis\u{e4}\u{e4}",
    "czytaj dalej",
    "czytaj wi\u{119}cej",
    "\u{447}\u{438}\u{442}\u{430}\u{442}\u{44c} \u{434}\u{430}\u{43b}\u{435}\u{435}",
    "\u{447}\u{438}\u{442}\u{430}\u{442}\u{44c} \u{43f}\u{43e}\u{43b}\u{43d}\u{43e}\u{441}\u{442}\u{44c}\u{44e}",
    "devam\u{131}n\u{131} oku",
    "\u{7d9a}\u{304d}\u{3092}\u{8aad}\u{3080}",
    "\u{9605}\u{8bfb}\u{5168}\u{6587}",
    "\u{67e5}\u{770b}\u{5168}\u{6587}",
    "\u{627}\u{642}\u{631}\u{623} \u{627}\u{644}\u{645}\u{632}\u{64a}\u{62f}",
];

/// What weblog programs add behind the headline: `The post X appeared first on Y.`
const ADDED: &[(&str, &str)] = &[
    ("the post ", " appeared first on "),
    ("the post ", " first appeared on "),
    ("this post ", " appeared first on "),
    ("der beitrag ", " erschien zuerst auf "),
    ("l\u{2019}article ", " est apparu en premier sur "),
    ("l'article ", " est apparu en premier sur "),
    ("cet article ", " est apparu en premier sur "),
    ("la entrada ", " se public\u{f3} primero en "),
    ("la entrada ", " aparece primero en "),
    ("o post ", " apareceu primeiro em "),
    ("l\u{2019}articolo ", " proviene da "),
    ("l'articolo ", " proviene da "),
    ("het bericht ", " verscheen eerst op "),
    (
        "\u{437}\u{430}\u{43f}\u{438}\u{441}\u{44c} ",
        " \u{432}\u{43f}\u{435}\u{440}\u{432}\u{44b}\u{435} \u{43f}\u{43e}\u{44f}\u{432}\u{438}\u{43b}\u{430}\u{441}\u{44c} ",
    ),
];

/// Whole lines of large sites, in lower case.
const LINES: &[&str] = &["comments", "[link] [comments]", "[comments]", "[link]", "read full article", "read comments"];

type Fits = fn(&str) -> bool;

/// Beginnings of such lines, and what the rest is made of.
const BEGINNINGS: &[(&str, Fits)] = &[
    ("submitted by /u/", is_word),
    ("submitted by u/", is_word),
    ("article url: ", is_address),
    ("comments url: ", is_address),
    ("points: ", is_number),
    ("# comments: ", is_number),
    ("read the full story at ", is_short),
    ("read more of this story at ", is_short),
    ("read more at ", is_short),
    ("continue reading on ", is_short),
    ("continue reading \u{201c}", is_short),
    ("continue reading \"", is_short),
];

/// Bytes of the longest line that a program added: a headline, and words around it.
const LINE_BYTES_MAX: usize = 1000;
/// Tails behind each other: "Read more", then "The post ...", then "Comments".
const TAILS_MAX: usize = 5;

fn is_word(rest: &str) -> bool {
    !rest.trim().is_empty() && !rest.trim_end_matches("[link] [comments]").trim().contains(' ')
}

fn is_address(rest: &str) -> bool {
    rest.starts_with("http") && !rest.trim().contains(' ')
}

fn is_number(rest: &str) -> bool {
    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
}

/// The name of a site, or a headline.
fn is_short(rest: &str) -> bool {
    rest.len() < LINE_BYTES_MAX / 4 && !rest.trim_end_matches('.').contains(". ")
}

/// The text of an entry without what stands around it: a first line that is the title again, and tails.
#[must_use]
pub fn without_furniture<'t>(text: &'t str, title: &str) -> &'t str {
    let mut text = text;
    if !title.is_empty()
        && let Some(rest) = text.strip_prefix(title)
    {
        let rest = rest.strip_prefix(['.', '!', '?']).unwrap_or(rest);
        if rest.is_empty() || rest.starts_with('\n') {
            text = rest.trim_start();
        }
    }
    for _ in 0..TAILS_MAX {
        let shorter = without_ending(without_added(text, title));
        if shorter.len() == text.len() {
            break;
        }
        text = shorter;
    }
    text
}

/// Without a last line, or the end of one, that a program added.
fn without_added<'t>(text: &'t str, title: &str) -> &'t str {
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    if last.len() > LINE_BYTES_MAX {
        return text;
    }
    let lower = last.to_lowercase();
    let is_beginning = |(start, fits): &(&str, Fits)| lower.strip_prefix(start).is_some_and(fits);
    if !before.is_empty() && (LINES.contains(&lower.as_str()) || BEGINNINGS.iter().any(is_beginning)) {
        return before.trim_end();
    }
    let title = title.to_lowercase();
    let added = |(start, inside): &(&str, &str)| {
        let whole = [start, title.as_str(), inside].concat();
        // Lower case may be longer or shorter; then the place in it says nothing of the place in the text.
        lower.rfind(&whole).filter(|place| lower.len() == last.len() && last.is_char_boundary(*place))
    };
    match ADDED.iter().find_map(added) {
        Some(place) if !title.is_empty() => text[..text.len() - last.len() + place].trim_end(),
        _ if !before.is_empty()
            && ADDED.iter().any(|(start, inside)| lower.starts_with(start) && lower.contains(inside)) =>
        {
            before.trim_end()
        }
        _ => text,
    }
}

/// Without a last call to read on: a line of its own, or behind dots, a bracket or an arrow.
fn without_ending(text: &str) -> &str {
    let is_mark = |c: char| c.is_whitespace() || MARKS.contains(&c);
    let bare = text.trim_end_matches(is_mark);
    for ending in ENDINGS {
        let Some(start) = bare.len().checked_sub(ending.len()) else { continue };
        let matches = bare.is_char_boundary(start) && bare[start..].to_lowercase() == *ending;
        let before = bare.get(..start).unwrap_or_default();
        // One word may be an item of a list; with an arrow or dots it is none.
        let is_marked = ending.contains(' ') || !ending.is_ascii() || text.len() > bare.len();
        let stands_alone = before.is_empty()
            || before.trim_end_matches(' ').ends_with(['\n', '|'])
            || before.trim_end_matches(' ').ends_with(ENDS);
        if matches && is_marked && stands_alone {
            return before
                .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, '[' | '(' | '|' | '>' | '\u{2192}'));
        }
    }
    // `[...]` and its like say only that there is more.
    for dots in ["[...]", "[\u{2026}]", "[&#8230;]", "(...)", "[..]"] {
        if let Some(before) = text.trim_end().strip_suffix(dots) {
            return before.trim_end();
        }
    }
    text
}

/// What stands behind a call to read on.
const MARKS: [char; 12] = ['.', '\u{2026}', '\u{bb}', '\u{203a}', '>', '\u{2192}', ']', ')', '[', '(', ':', '|'];

/// What a sentence ends with, or a call to read on begins with.
const ENDS: [char; 14] = [
    '.', '\u{2026}', '[', '(', '>', '\u{2192}', '!', '?', '"', '\u{201d}', '\u{3002}', '\u{ff01}', '\u{ff1f}',
    '\u{300d}',
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_around_a_text_is_removed() {
        let check = |text: &str, expected: &str| assert_eq!(without_furniture(text, "The Title"), expected, "{text}");
        check("A ferry sank. All were saved.", "A ferry sank. All were saved.");
        check("A ferry sank.\nRead more", "A ferry sank.");
        check("A ferry sank\u{2026} Continue reading \u{2192}", "A ferry sank\u{2026}");
        check("A ferry sank. [\u{2026}]", "A ferry sank.");
        check("A ferry sank [...]\nThe post The Title appeared first on The Site.", "A ferry sank");
        check("Ein Schiff sank.\nDer Beitrag X erschien zuerst auf Y.", "Ein Schiff sank.");
        check("Le ferry a coul\u{e9}.\nLire la suite", "Le ferry a coul\u{e9}.");
        check("The Title\nA ferry sank.", "A ferry sank.");
        check("The Title.", "");
        check("The Title of the ship was lost.", "The Title of the ship was lost.");
        check("The union wants more", "The union wants more");
        check("He had no time to read more", "He had no time to read more");
        check("Less\nThe same\nMore", "Less\nThe same\nMore");
        check("Medals.\nPoints: Norway 12, Sweden 10.", "Medals.\nPoints: Norway 12, Sweden 10.");
        check(
            "The post office appeared first on the plan of 1890.",
            "The post office appeared first on the plan of 1890.",
        );
        check("Text. The post The Title appeared first on The Site.", "Text.");
        check("A link.\nsubmitted by /u/ida\n[link] [comments]", "A link.");
        check(
            "Article URL: https://e.org/a\nComments URL: https://e.org/b\nPoints: 12\n# Comments: 3",
            "Article URL: https://e.org/a",
        );
        check("Text.\nRead more of this story at Slashdot.", "Text.");
        check("\u{6587}\u{3002}\u{7d9a}\u{304d}\u{3092}\u{8aad}\u{3080}", "\u{6587}\u{3002}");
        check("", "");
    }
}
