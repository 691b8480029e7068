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

/// Lines that begin so and hold the words behind it: what weblog programs add, `The post X appeared first on Y.`
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
    ("submitted by ", "[comments]"),
    ("article url: ", ""),
    ("comments url: ", ""),
    ("points: ", ""),
    ("# comments: ", ""),
];

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
    // An end behind an end: "Read more" and then "The post ...".
    for _ in 0..4 {
        let shorter = without_ending(without_added(text));
        if shorter.len() == text.len() {
            break;
        }
        text = shorter;
    }
    text
}

/// Without a last line that a program added.
fn without_added(text: &str) -> &str {
    let (before, last) = text.rsplit_once('\n').unwrap_or(("", text));
    // Longer than any such line: not worth a copy in lower case.
    if last.len() > 1000 {
        return text;
    }
    let lower = last.to_lowercase();
    let is_added = ADDED.iter().any(|(start, inside)| lower.starts_with(start) && lower.contains(inside));
    if is_added { before.trim_end() } else { text }
}

/// Without a last call to read on: a line of its own, or behind dots, a bracket or an arrow.
fn without_ending(text: &str) -> &str {
    let is_mark = |c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '.' | '\u{2026}' | '\u{bb}' | '\u{203a}' | '>' | '\u{2192}' | ']' | ')' | '[' | '(' | ':' | '|'
            )
    };
    let bare = text.trim_end_matches(is_mark);
    for ending in ENDINGS {
        let Some(start) = bare.len().checked_sub(ending.len()) else { continue };
        let matches = bare.is_char_boundary(start) && bare[start..].to_lowercase() == *ending;
        let before = bare.get(..start).unwrap_or_default();
        let stands_alone = before.is_empty()
            || before
                .trim_end_matches(' ')
                .ends_with(['\n', '.', '\u{2026}', '[', '(', '|', '>', '\u{2192}', '!', '?', '"', '\u{201d}']);
        if matches && stands_alone {
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
        check("", "");
    }
}
