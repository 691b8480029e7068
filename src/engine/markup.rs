//! Markup to plain text, at the door: what a feed calls a title or a summary becomes text that clustering can read and
//! that is safe to print anywhere. The tokeniser is `html5gum` (the WHATWG state machine), which is linear in its
//! input; there is no tree, so there is nothing to nest.

use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use std::convert::Infallible;

/// Elements whose content is not text for people.
pub(super) const UNREAD: &[&str] = &[
    "script", "style", "template", "noscript", "iframe", "svg", "math", "head", "select", "video", "audio", "object",
    "canvas", "textarea",
];

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
    "dl",
    "aside",
    "main",
    "nav",
    "center",
    "details",
    "summary",
    "address",
    "caption",
    "form",
    "option",
    "button",
    "body",
];

/// Elements that stand within a line of a headline; any other tag there is what the headline is about.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "big", "cite", "code", "del", "em", "font", "i", "img", "ins", "kbd", "mark", "q",
    "s", "small", "span", "strike", "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
];

/// One line of plain text: markup dropped, entities resolved, white space collapsed, at most `chars_max` characters.
#[must_use]
pub fn line(markup: &str, chars_max: usize) -> String {
    if !markup.contains(['<', '&']) {
        return plain_line(markup, chars_max);
    }
    let text = read(markup, true);
    tidy(text.split('\n'), chars_max).replace('\n', " ")
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
    tidy(read(markup, false).split('\n'), chars_max)
}

/// The text of markup, a line for each paragraph.
fn read(markup: &str, is_headline: bool) -> String {
    let mut reading = Reading { text: String::with_capacity(markup.len()), is_headline, ..Reading::default() };
    let mut emitter = CallbackEmitter::<_, Infallible>::new(|event: CallbackEvent<'_>, _: Span<()>| {
        reading.take(&event);
        None
    });
    // What a script holds is no markup; a headline holds none, it speaks of them.
    emitter.naively_switch_states(!is_headline);
    Tokenizer::new_with_emitter(markup, emitter).for_each(drop);
    reading.text
}

/// Text as it is read off its markup.
#[derive(Default)]
struct Reading {
    text: String,
    is_headline: bool,
    /// The element whose content is being left out, and how many of its name are open inside each other.
    unread: Option<(Vec<u8>, usize)>,
    /// An unread element that may still close itself.
    is_opening: bool,
    /// A tag in a headline that may be a word of it.
    word: Option<Vec<u8>>,
    /// `pre` elements open, in which lines are lines.
    pre: usize,
}

impl Reading {
    fn take(&mut self, event: &CallbackEvent<'_>) {
        match *event {
            CallbackEvent::String { value } if self.unread.is_none() => self.string(&String::from_utf8_lossy(value)),
            CallbackEvent::OpenStartTag { name } => self.open(name),
            // Nobody writes attributes of an element to speak of it.
            CallbackEvent::AttributeName { .. } => self.word = None,
            CallbackEvent::CloseStartTag { self_closing } => {
                if self_closing && self.is_opening {
                    self.unread = None;
                }
                self.is_opening = false;
                self.say_word("<");
            }
            CallbackEvent::EndTag { name } => self.close(name),
            _ => {}
        }
    }

    /// Lines of the source are none of the text's, but in `pre`.
    fn string(&mut self, text: &str) {
        if self.pre > 0 {
            self.text.push_str(text);
        } else {
            self.text.extend(
                text.split('\n').enumerate().flat_map(|(place, line)| [if place == 0 { "" } else { " " }, line]),
            );
        }
    }

    fn say_word(&mut self, open: &str) {
        if let Some(name) = self.word.take() {
            self.text.push_str(open);
            self.text.push_str(&String::from_utf8_lossy(&name));
            self.text.push('>');
        }
    }

    fn is_word(&self, name: &[u8]) -> bool {
        self.is_headline && !is_one_of(INLINE, name) && !is_one_of(BLOCKS, name)
    }

    fn open(&mut self, name: &[u8]) {
        if let Some((open, depth)) = &mut self.unread {
            *depth += usize::from(open == name);
        } else if self.is_word(name) {
            self.word = Some(name.to_owned());
        } else if is_one_of(UNREAD, name) {
            self.unread = Some((name.to_owned(), 1));
            self.is_opening = true;
        } else {
            self.end_line(name);
            self.pre += usize::from(name == b"pre");
        }
    }

    fn close(&mut self, name: &[u8]) {
        if let Some((open, depth)) = &mut self.unread {
            *depth -= usize::from(open == name);
            if *depth == 0 {
                self.unread = None;
            }
        } else if self.is_word(name) {
            self.word = Some(name.to_owned());
            self.say_word("</");
        } else {
            self.end_line(name);
            self.pre -= usize::from(name == b"pre" && self.pre > 0);
        }
    }

    fn end_line(&mut self, name: &[u8]) {
        if is_one_of(BLOCKS, name) {
            self.text.push('\n');
        } else if is_one_of(&["td", "th"], name) {
            self.text.push(' ');
        }
    }
}

fn is_one_of(names: &[&str], name: &[u8]) -> bool {
    names.iter().any(|known| known.as_bytes() == name)
}

/// White space collapsed, empty lines dropped, what XML or a terminal cannot carry removed, the whole cut to length.
fn tidy<'a>(lines: impl Iterator<Item = &'a str>, chars_max: usize) -> String {
    let mut out = String::new();
    let mut room = chars_max;
    for line in lines {
        let mut at_start = true;
        for word in line.split(|c: char| c.is_whitespace() || (c.is_control() && c != '\u{ad}')) {
            // Most words are plain: what is cut between is what ASCII has that cannot be printed.
            let is_plain = word.is_ascii() && word.len() < room;
            let mut printable = word.chars().filter(|&c| is_printable(c)).peekable();
            if printable.peek().is_none() {
                continue;
            }
            if !out.is_empty() {
                out.push(if at_start { '\n' } else { ' ' });
                room = room.saturating_sub(1);
            }
            at_start = false;
            if is_plain {
                out.push_str(word);
                room -= word.len();
                continue;
            }
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
        check("<p>wrapped\nby hand</p>", "wrapped by hand");
        check("<pre>one\ntwo</pre>", "one\ntwo");
        check("<td>Magnitude</td><td>5.1</td>", "Magnitude 5.1");
        check("<p>One</p><script>document.write(\"<script src=x>\")</script><p>Two</p>", "One\nTwo");
    }

    #[test]
    fn headlines_that_speak_of_markup_keep_their_words() {
        let check = |markup: &str, expected: &str| assert_eq!(line(markup, 100), expected, "{markup}");
        check("How to use <script> safely", "How to use <script> safely");
        check("The <select> element &amp; more", "The <select> element & more");
        check("A <b>bold</b> <span class=x>word</span><br>here", "A bold word here");
        check("x <custom-ad id=1>y</custom-ad> <img src=x onerror=y>z", "x y</custom-ad> z");
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
