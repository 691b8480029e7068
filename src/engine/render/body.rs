//! The body of an entry: the lead's own text, then who else says it. Extractive: every word is somebody's.

use crate::engine::merged::{Item, Source};
use maud::{Markup, html};

/// Paragraphs of the lead's text that travel in the merged feed; the page of the lead has the rest.
const PARAGRAPHS_MAX: usize = 12;

/// The body as HTML: paragraphs, then one list of sources.
pub(super) fn html(item: &Item) -> String {
    let markup = html! {
        @for paragraph in item.details.text.lines().take(PARAGRAPHS_MAX) { p { (paragraph) } }
        @if item.sources.len() > 1 { (sources(item)) }
    };
    markup.into_string()
}

fn sources(item: &Item) -> Markup {
    html! {
        p { (covered_by(item.publishers)) }
        ul { @for source in &item.sources { li { (line(source)) } } }
    }
}

/// `Covered by 5 publishers:`
fn covered_by(publishers: usize) -> String {
    if publishers == 1 { "Covered by 1 publisher:".to_owned() } else { format!("Covered by {publishers} publishers:") }
}

fn line(source: &Source) -> Markup {
    html! {
        b { (source.publisher) } " · "
        @match &source.link {
            Some(link) => a href=(link) { (source.title) },
            None => (source.title),
        }
        " · " time datetime=(source.date) { (source.date.to_minute()) " UTC" }
        @if source.copy { " (copy)" }
    }
}

/// One line of plain text for formats and readers that show no HTML.
pub(super) fn summary(item: &Item) -> String {
    item.details.text.lines().next().unwrap_or_default().to_owned()
}
