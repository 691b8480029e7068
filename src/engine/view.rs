//! Views: saved selections of the merged feed.

use super::merged::{Item, MergedFeed, Source};

/// What the user wants to see of the merged feed. Empty lists and texts select everything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct View {
    /// Part of its address: `/views/NAME.atom`.
    pub name: String,
    /// Publishers of the whole cluster.
    pub min_publishers: usize,
    /// Groups of feeds, as `category` names them.
    pub categories: Vec<String>,
    /// Feeds, by name or by address.
    pub feeds: Vec<String>,
    /// Words that one headline must have, all of them; `"two words"` for a phrase, `-word` for one it must not have.
    pub query: Option<String>,
    /// Words of which the lead's headline must have none.
    pub exclude: Option<String>,
    /// Languages (BCP 47) of the lead; `en` covers `en-gb`.
    pub languages: Vec<String>,
}

impl View {
    /// The part of the merged feed that the view shows.
    #[must_use]
    pub fn of(&self, feed: &MergedFeed) -> MergedFeed {
        MergedFeed {
            title: format!("{}: {}", feed.title, self.name),
            base_url: feed.base_url.clone(),
            path: format!("/views/{}", self.name),
            items: feed.items.iter().filter(|item| self.shows(item)).cloned().collect(),
        }
    }

    /// Whether the view shows a cluster.
    #[must_use]
    pub fn shows(&self, item: &Item) -> bool {
        let category = || self.categories.iter().any(|category| item.categories.contains(category));
        let language = |lead: &str| self.languages.iter().any(|language| speaks(lead, language));
        item.publishers >= self.min_publishers
            && (self.categories.is_empty() || category())
            && (self.languages.is_empty() || item.language.as_deref().is_some_and(language))
            && item.sources.iter().any(|source| self.wants(source))
            && !self.exclude.as_deref().is_some_and(|words| has_any(&item.title, words))
    }

    fn wants(&self, source: &Source) -> bool {
        let named = |feed: &String| *feed == source.feed || *feed == source.feed_url;
        (self.feeds.is_empty() || self.feeds.iter().any(named))
            && self.query.as_deref().is_none_or(|query| matches(&source.title, query))
    }
}

fn speaks(lead: &str, language: &str) -> bool {
    let (lead, language) = (lead.to_lowercase(), language.to_lowercase());
    lead == language || lead.strip_prefix(&language).is_some_and(|rest| rest.starts_with('-'))
}

/// Whether a headline has all words and phrases of a query, and none that it forbids.
#[must_use]
pub fn matches(headline: &str, query: &str) -> bool {
    let headline = headline.to_lowercase();
    terms(query).all(|(wanted, term)| headline.contains(&term) == wanted)
}

fn has_any(headline: &str, words: &str) -> bool {
    let headline = headline.to_lowercase();
    terms(words).any(|(_, term)| headline.contains(&term))
}

/// The words and quoted phrases of a query in lower case; false for one with a minus before it.
fn terms(query: &str) -> impl Iterator<Item = (bool, String)> {
    let mut terms = Vec::new();
    for (place, part) in query.to_lowercase().split('"').enumerate() {
        if place % 2 == 1 {
            terms.push((true, part.trim().to_owned()));
        } else {
            let words = part.split_whitespace();
            terms.extend(
                words
                    .map(|word| word.strip_prefix('-').map_or((true, word), |word| (false, word)))
                    .map(|(wanted, word)| (wanted, word.to_owned())),
            );
        }
    }
    terms.into_iter().filter(|(_, term)| !term.is_empty())
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn queries_have_words_phrases_and_exclusions() {
        let check = |query: &str, expected: bool| {
            assert_eq!(matches("Meta plans a stake in Scale AI", query), expected, "{query}");
        };
        check("meta SCALE", true);
        check("\"scale ai\" stake", true);
        check("\"ai scale\"", false);
        check("meta -llama", true);
        check("meta -stake", false);
        check("", true);
    }
}
