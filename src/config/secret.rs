//! Passwords and headers of feeds. What is secret need not stand in the file: `${NAME}` takes an environment variable,
//! `${credential:NAME}` a file of systemd's `$CREDENTIALS_DIRECTORY` (systemd.exec(5), "Credentials").

use super::fault::Faults;
use super::file::FeedTable;
use super::{Environment, Read};
use crate::engine::feed::Secret;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use std::path::Path;
use toml::Spanned;

/// Where secrets are looked up.
pub(super) struct Vault<'a> {
    pub environment: &'a Environment,
    pub read: Read<'a>,
}

impl Vault<'_> {
    /// A text with what it names put in.
    fn reveal(&self, text: &str) -> Result<String, String> {
        let mut revealed = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, behind) = after.split_once('}').ok_or_else(|| "has a `${` without its `}`".to_owned())?;
            revealed.push_str(before);
            revealed.push_str(&self.look_up(name)?);
            rest = behind;
        }
        Ok(revealed + rest)
    }

    fn look_up(&self, name: &str) -> Result<String, String> {
        let Some(credential) = name.strip_prefix("credential:") else {
            let found = self.environment.get(name).map(str::to_owned);
            return found.ok_or_else(|| format!("names the environment variable {name}, which is not set"));
        };
        let folder = self.environment.get("CREDENTIALS_DIRECTORY");
        let folder = folder.ok_or_else(|| {
            format!("names the credential {credential}, but systemd gives none; add LoadCredential= to the service")
        })?;
        if credential.contains('/') || credential.is_empty() {
            return Err(format!("names the credential `{credential}`; write its name alone"));
        }
        let found = (self.read)(&Path::new(folder).join(credential));
        let text =
            found.map_err(|error| format!("names the credential {credential}, which cannot be read: {error}"))?;
        Ok(text.trim_end_matches(['\r', '\n']).to_owned())
    }
}

/// The headers of a feed's requests: the user's own, and those of a user name and password (RFC 7617).
pub(super) fn headers(table: &FeedTable, vault: &Vault, faults: &mut Faults) -> Vec<(String, Secret)> {
    let mut reveal = |what: &str, text: &Spanned<String>| {
        let revealed = vault.reveal(text.get_ref());
        // No fault: who lists clusters by hand has no credentials, and needs none.
        revealed.map_err(|reason| faults.warn(text.span(), format!("feed.{what} {reason}"))).ok()
    };
    let mut headers = Vec::new();
    for (name, value) in table.headers.iter().flatten() {
        headers.extend(reveal(&format!("headers.{name}"), value).map(|value| (name.clone(), Secret::new(value))));
    }
    let mut part = |what: &str, text: &Option<Spanned<String>>| {
        text.as_ref().map_or(Some(String::new()), |text| reveal(what, text))
    };
    let (username, password) = (part("username", &table.username), part("password", &table.password));
    let is_given = table.username.is_some() || table.password.is_some();
    if let (true, Some(username), Some(password)) = (is_given, username, password) {
        let pair = format!("{username}:{password}");
        headers.push(("Authorization".to_owned(), Secret::new(format!("Basic {}", BASE64_STANDARD.encode(pair)))));
    }
    headers
}
