//! The parts of a connection's URI, and where its password may have been cut.
//!
//! In `postgres://etl:p/w@db/dw` the authority ends at the first `/`, so `@` is left in the path. Airflow then has the host `etl` and no
//! password.

use crate::python::text;
use crate::value::Found;

/// A URI, split at the characters that end its authority. Nothing is decoded.
pub(super) struct Uri<'a> {
    authority: &'a str,
    /// The character after the authority, and all after it.
    rest: &'a str,
    /// The query, without `?`.
    pub(super) query: &'a str,
}

impl<'a> Uri<'a> {
    /// Returns the URI of a connection that is stored as one.
    pub(super) fn of(found: &'a Found) -> Option<Self> {
        let (Found::Text(secret) | Found::Uri(secret)) = found else {
            return None;
        };
        let uri = text::strip(secret.expose_text()?);
        if uri.starts_with('{') && matches!(found, Found::Text(_)) {
            return None;
        }
        let (_, after) = uri.split_once("://")?;
        // `http://https://host`: the second scheme belongs to the host.
        let after = ["https://", "http://"]
            .into_iter()
            .find_map(|scheme| after.strip_prefix(scheme))
            .unwrap_or(after);
        let end = after.find(['/', '?', '#']).unwrap_or(after.len());
        let (authority, rest) = after.split_at(end);
        let without_fragment = rest.split_once('#').map_or(rest, |(before, _)| before);
        let query = without_fragment.split_once('?').map_or("", |(_, query)| query);
        Some(Self {
            authority,
            rest,
            query,
        })
    }

    /// Returns the character at which the password looks cut: one that a password may have, that ends the authority, and that a `@`
    /// with a host follows.
    pub(super) fn password_is_cut_at(&self) -> Option<char> {
        // Without a `:` there is neither a password nor what would be left of one.
        if !self.authority.contains(':') {
            return None;
        }
        let sign = self.rest.chars().next()?;
        let (before, after) = self.rest.get(1..)?.rsplit_once('@')?;
        let end = after.find(['/', '?', '#', ':']).unwrap_or(after.len());
        let (host, after_host) = after.split_at(end);
        let is_host = !host.is_empty()
            && host
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'));
        // `?from=a@b.c` and `/path/to/a@b` are no passwords, unless a port or a path follows, as after the host of a URI.
        let is_plain = !before.contains(['/', '?', '=']);
        let goes_on = after_host
            .strip_prefix(':')
            .map_or(after_host.starts_with('/'), |port| {
                port.starts_with(|c: char| c.is_ascii_digit())
            });
        if !is_host || !is_plain && !goes_on {
            return None;
        }
        // With a `@` in the authority, that is where the password ends for Airflow.
        Some(if self.authority.contains('@') { '@' } else { sign })
    }
}
