//! Markup to plain text, at the door: what a feed calls a title or a summary becomes text that clustering can read and
//! that is safe to print anywhere. The tokeniser is `html5gum` (the WHATWG state machine), which is linear in its
//! input; there is no tree, so there is nothing to nest.

use html5gum::{Token, Tokenizer};

/// Elements whose content is not text for people.
pub(super) const UNREAD: &[&str] =
    &["script", "style", "template", "noscript", "iframe", "svg", "math", "head", "select"];

/// Elements that end a paragraph.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "blockquote",
    "pre",
    "section",
    "article",
    "header",
    "footer",
    "figure",
    "figcaption",
    "hr",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "dd",
    "dt",
];

/// One line of plain text: markup dropped, entities resolved, white space collapsed, at most `chars_max` characters.
#[must_use]
pub fn line(markup: &str, chars_max: usize) -> String {
    paragraphs(markup, chars_max).replace('\n', " ")
}

/// One line of text that is plain already: white space collapsed, what cannot be printed removed.
#[must_use]
pub fn plain_line(text: &str, chars_max: usize) -> String {
    tidy(std::iter::once(text), chars_max)
}

/// Plain text that is plain already, with a line for each of its lines.
#[must_use]
pub fn plain_paragraphs(text: &str, chars_max: usize) -> String {
    tidy(text.split('\n'), chars_max)
}

/// Plain text with a line for each paragraph, at most `chars_max` characters.
#[must_use]
pub fn paragraphs(markup: &str, chars_max: usize) -> String {
    if !markup.contains(['<', '&']) {
        return tidy(markup.split('\n'), chars_max);
    }
    let mut text = String::with_capacity(markup.len());
    // The element whose content is being left out, and how many of its name are open inside each other.
    let mut unread: Option<(String, usize)> = None;
    for Ok(token) in Tokenizer::new(markup) {
        match token {
            Token::String(string) if unread.is_none() => text.push_str(&String::from_utf8_lossy(&string)),
            Token::StartTag(tag) => open(&String::from_utf8_lossy(&tag.name), tag.self_closing, &mut unread, &mut text),
            Token::EndTag(tag) => close(&String::from_utf8_lossy(&tag.name), &mut unread, &mut text),
            _ => {}
        }
    }
    tidy(text.split('\n'), chars_max)
}

fn open(name: &str, self_closing: bool, unread: &mut Option<(String, usize)>, text: &mut String) {
    if let Some((open, depth)) = unread {
        *depth += usize::from(open == name);
    } else if UNREAD.contains(&name) && !self_closing {
        *unread = Some((name.to_owned(), 1));
    } else if BLOCKS.contains(&name) {
        text.push('\n');
    }
}

fn close(name: &str, unread: &mut Option<(String, usize)>, text: &mut String) {
    if let Some((open, depth)) = unread {
        *depth -= usize::from(open == name);
        if *depth == 0 {
            *unread = None;
        }
    } else if BLOCKS.contains(&name) {
        text.push('\n');
    }
}

/// White space collapsed, empty lines dropped, what XML or a terminal cannot carry removed, the whole cut to length.
fn tidy<'a>(lines: impl Iterator<Item = &'a str>, chars_max: usize) -> String {
    let mut out = String::new();
    let mut room = chars_max;
    for line in lines {
        let mut at_start = true;
        for word in line.split(|c: char| c.is_whitespace() || (c.is_control() && c != '\u{ad}')) {
            let mut printable = word.chars().filter(|&c| is_printable(c)).peekable();
            if printable.peek().is_none() {
                continue;
            }
            if !out.is_empty() {
                out.push(if at_start { '\n' } else { ' ' });
                room = room.saturating_sub(1);
            }
            at_start = false;
            for c in printable.take(room) {
                out.push(c);
                room -= 1;
            }
            if room == 0 {
                return out.trim_end().to_owned();
            }
        }
    }
    out
}

/// Whether a character may enter: not a control, not an order to turn the writing direction (which can make a headline
/// read as another, <https://trojansource.codes>), not a code point that XML 1.0 (section 2.2) excludes.
#[must_use]
pub fn is_printable(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{e007f}')
}

/// The first words of a text, as a stand-in for the title of an untitled post: at most `chars_max` characters, cut
/// between words where there is a space.
#[must_use]
pub fn first_words(text: &str, chars_max: usize) -> String {
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() <= chars_max {
        return line.to_owned();
    }
    let cut: String = line.chars().take(chars_max.saturating_sub(1)).collect();
    let whole = cut.rsplit_once(' ').map_or(cut.as_str(), |(head, _)| head);
    format!("{}…", whole.trim_end_matches([',', ';', ':', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(markup: &str, expected: &str) {
        assert_eq!(paragraphs(markup, 1000), expected, "{markup}");
    }

    #[test]
    fn markup_becomes_text() {
        check("plain", "plain");
        check("x <b>y</b> z", "x y z");
        check("<p>One</p><p>Two<br/>three</p>", "One\nTwo\nthree");
        check("AT&amp;T &amp; caf&eacute; &#8212; ok", "AT&T & café — ok");
        check("5 < 6 and 7 > 2", "5 < 6 and 7 > 2");
        check("a<script>alert(1)</script>b<style>p{}</style>c", "abc");
        check("<svg><svg></svg>x</svg>y", "y");
        check("  spaces \t and\u{a0}more ", "spaces and more");
        check("", "");
    }

    #[test]
    fn what_cannot_be_printed_is_removed() {
        check("a\u{b}b\u{1b}[31mc", "a b [31mc");
        check("\u{202e}txet\u{200b}", "txet");
    }

    #[test]
    fn length_is_bounded_in_characters() {
        assert_eq!(line("eins zwei drei", 9), "eins zwei");
        assert_eq!(line("äöüäöü", 3), "äöü");
    }

    #[test]
    fn untitled_posts_get_their_first_words() {
        assert_eq!(first_words("Short.", 80), "Short.");
        assert_eq!(first_words("One two three, four five", 16), "One two three…");
    }
}
