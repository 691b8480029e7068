//! HTML that is safe to serve: a handful of elements, written anew; all else is text, escaped.
//!
//! Nothing of the source is copied but text, and addresses that are http or https. What browsers parse in surprising
//! ways (SVG, `MathML`, style, templates, comments, raw text) has no way through, so there is nothing to disguise. The
//! tokeniser is `html5gum` (the WHATWG state machine); there is no tree, and elements open inside each other are few.

use super::link::web_link;
use super::markup::{UNREAD, is_printable};
use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};
use quick_xml::escape::escape;
use url::Url;

/// About so many bytes of one entry's HTML; the rest is on its page.
const HTML_BYTES_MAX: usize = 32 * 1024;
/// Elements open inside each other; deeper ones are left out, their text stays.
const DEPTH_MAX: usize = 16;

/// Elements that are kept, by the name they are written with. Headings are all of one level: they stand inside an entry.
const KEPT: &[(&str, &str)] = &[
    ("a", "a"),
    ("b", "b"),
    ("blockquote", "blockquote"),
    ("code", "code"),
    ("em", "em"),
    ("h1", "h3"),
    ("h2", "h3"),
    ("h3", "h3"),
    ("h4", "h3"),
    ("h5", "h3"),
    ("h6", "h3"),
    ("i", "i"),
    ("li", "li"),
    ("ol", "ol"),
    ("p", "p"),
    ("pre", "pre"),
    ("strong", "strong"),
    ("ul", "ul"),
];

/// Elements that end a line without being kept.
const BREAKS: &[&str] =
    &["br", "div", "tr", "figure", "figcaption", "section", "article", "dt", "dd", "hr", "header", "footer"];

/// Whether there is more in this markup than paragraphs of text.
#[must_use]
pub fn is_rich(markup: &str) -> bool {
    let names =
        markup.split('<').skip(1).map(|tag| tag.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or_default());
    let is_kept = |name: &str| {
        !name.eq_ignore_ascii_case("p")
            && (name.eq_ignore_ascii_case("img") || KEPT.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)))
    };
    names.into_iter().any(is_kept)
}

/// Safe HTML of any markup. Relative links count from `base`; links that are not of the web are text.
#[must_use]
pub fn safe(markup: &str, base: Option<&Url>) -> String {
    let mut page = Page {
        html: String::with_capacity(markup.len().min(HTML_BYTES_MAX)),
        open: Vec::new(),
        unread: None,
        in_line: false,
        base,
    };
    let mut emitter = DefaultEmitter::default();
    // What a script holds is no markup.
    emitter.naively_switch_states(true);
    for Ok(token) in Tokenizer::new_with_emitter(markup, emitter) {
        if page.html.len() > HTML_BYTES_MAX {
            break;
        }
        match token {
            Token::String(text) if page.unread.is_none() => page.text(&String::from_utf8_lossy(&text)),
            Token::StartTag(tag) => page.start(&tag),
            Token::EndTag(tag) => page.end(&String::from_utf8_lossy(&tag.name)),
            _ => {}
        }
    }
    while let Some(name) = page.open.pop() {
        page.close(name);
    }
    page.html.trim().to_owned()
}

fn is_block(name: &str) -> bool {
    matches!(name, "p" | "li" | "ul" | "ol" | "blockquote" | "pre" | "h3")
}

struct Page<'b> {
    html: String,
    /// As written.
    open: Vec<&'static str>,
    /// The element whose content is being left out, and how many of its name are open inside each other.
    unread: Option<(String, usize)>,
    /// Whether anything stands in the line.
    in_line: bool,
    base: Option<&'b Url>,
}

impl Page<'_> {
    fn write(&mut self, parts: &[&str]) {
        for part in parts {
            self.html.push_str(part);
        }
    }

    fn text(&mut self, text: &str) {
        let room = HTML_BYTES_MAX.saturating_sub(self.html.len());
        let text = &text[..text.floor_char_boundary(room)];
        self.in_line |= !text.trim().is_empty();
        let printable = |c: char| is_printable(c) || matches!(c, '\n' | '\t');
        if text.chars().all(printable) {
            self.html.push_str(&escape(text));
        } else {
            let text: String = text.chars().filter(|c| printable(*c)).collect();
            self.html.push_str(&escape(&text));
        }
    }

    fn start(&mut self, tag: &StartTag<()>) {
        let name = String::from_utf8_lossy(&tag.name);
        if let Some((unread, depth)) = &mut self.unread {
            *depth += usize::from(*unread == name);
        } else if UNREAD.contains(&&*name) && !tag.self_closing {
            self.unread = Some((name.into_owned(), 1));
        } else if name == "img" {
            self.image(tag);
        } else if BREAKS.contains(&&*name) {
            self.line();
        } else if let Some((_, written)) = KEPT.iter().find(|(known, _)| *known == name)
            && self.open.len() < DEPTH_MAX
        {
            self.open(written, tag);
        }
    }

    fn open(&mut self, name: &'static str, tag: &StartTag<()>) {
        // These do not stand inside their own kind: the next one closes the one that is open.
        if matches!(name, "p" | "li" | "a" | "h3") && self.open.last() == Some(&name) {
            self.open.pop();
            self.close(name);
        }
        if name == "a" {
            let Some(href) = self.address(tag, b"href") else { return };
            self.write(&["<a href=\"", &escape(&href), "\">"]);
        } else {
            self.write(&["<", name, ">"]);
        }
        self.in_line &= !is_block(name);
        self.open.push(name);
    }

    fn end(&mut self, name: &str) {
        if let Some((unread, depth)) = &mut self.unread {
            *depth -= usize::from(unread == name);
            if *depth == 0 {
                self.unread = None;
            }
            return;
        }
        if BREAKS.contains(&name) {
            self.line();
        }
        let Some((_, written)) = KEPT.iter().find(|(known, _)| *known == name) else { return };
        if !self.open.contains(written) {
            return;
        }
        while let Some(open) = self.open.pop() {
            self.close(open);
            if open == *written {
                return;
            }
        }
    }

    fn close(&mut self, name: &str) {
        self.in_line &= !is_block(name);
        self.write(&["</", name, ">"]);
    }

    /// A line ends, where one has begun.
    fn line(&mut self) {
        if std::mem::take(&mut self.in_line) {
            self.html.push_str("<br/>");
        }
    }

    /// A picture; not one of the size of a point, which counts readers.
    fn image(&mut self, tag: &StartTag<()>) {
        let attribute =
            |name: &[u8]| tag.attributes.get(name).map(|value| String::from_utf8_lossy(&value.value).into_owned());
        let is_point = [&b"width"[..], b"height"]
            .iter()
            .any(|side| attribute(side).is_some_and(|size| matches!(size.trim(), "0" | "1" | "1px")));
        let Some(source) = self.address(tag, b"src").filter(|_| !is_point) else { return };
        let words: String =
            attribute(b"alt").unwrap_or_default().chars().filter(|c| is_printable(*c)).take(300).collect();
        self.write(&["<img src=\"", &escape(&source), "\" alt=\"", &escape(&words), "\"/>"]);
    }

    fn address(&self, tag: &StartTag<()>, name: &[u8]) -> Option<String> {
        let value = tag.attributes.get(name)?;
        let value = String::from_utf8_lossy(&value.value);
        let joined = self.base.and_then(|base| base.join(value.trim()).ok());
        web_link(joined.as_ref().map_or(&*value, Url::as_str)).map(String::from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn little_is_kept_and_nothing_that_acts() {
        let base = Url::parse("https://example.org/news/").unwrap();
        let check = |markup: &str, expected: &str| assert_eq!(safe(markup, Some(&base)), expected, "{markup}");
        check("<p>One <b>two</b></p><p>three", "<p>One <b>two</b></p><p>three</p>");
        check(
            "<a href=\"/a?b=1&amp;c=2\" onclick=\"x()\">link</a>",
            "<a href=\"https://example.org/a?b=1&amp;c=2\">link</a>",
        );
        check("<a href=\"javascript:alert(1)\">link</a>", "link");
        check(
            "<img src=\"a.png\" onerror=\"x()\" alt='\"quoted\"'>",
            "<img src=\"https://example.org/news/a.png\" alt=\"&quot;quoted&quot;\"/>",
        );
        check("<img src=\"count.gif\" width=\"1\" height=\"1\">x", "x");
        check("a<script>alert(1)</script><style>p{}</style>b", "ab");
        check("a<script>for (i = 0; i<n; i++) {}</script>b", "ab");
        check("<svg><a href=\"https://example.org\">x</a></svg>y", "y");
        check("<b><i>x</b>y</i>", "<b><i>x</i></b>y");
        check("1 &lt; 2 &amp;amp; <x>3", "1 &lt; 2 &amp;amp; 3");
        check("<div>one</div><div>two</div>", "one<br/>two<br/>");
        check("<ul><li>one<li>two</ul>", "<ul><li>one</li><li>two</li></ul>");
        check("<h1>Head</h1>", "<h3>Head</h3>");
        check("<p>cut", "<p>cut</p>");
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let deep = safe(&"<b>".repeat(10_000), None);
        assert_eq!(deep, "<b>".repeat(DEPTH_MAX) + &"</b>".repeat(DEPTH_MAX));
        assert!(safe(&"<p>word</p>".repeat(100_000), None).len() < HTML_BYTES_MAX + 100);
    }

    #[test]
    fn paragraphs_alone_are_not_rich() {
        for (markup, expected) in
            [("<p>a</p><br>b", false), ("plain", false), ("<p>a <a href=x>b</a>", true), ("1 < 2", false)]
        {
            assert_eq!(is_rich(markup), expected, "{markup}");
        }
    }
}
