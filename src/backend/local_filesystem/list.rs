//! The names in a local file: its keys, without those that Airflow reads as `None`.

use super::config::Config;
use super::{Entry, LocalFilesystemBackend, load};
use crate::backend::listed::located;
use crate::error::Result;
use crate::listing::{Listing, Names, Scope};
use crate::value::Answer;

impl LocalFilesystemBackend {
    /// Returns the names in the file of the scope's kind.
    ///
    /// # Errors
    /// A file that cannot be read or does not parse, with status 2.
    pub(super) fn listing(&self, scope: &Scope) -> Result<Listing> {
        let Some(file) = self.config.file(scope.kind) else {
            let kwarg = Config::kwarg(scope.kind);
            return Ok(Listing::NotLookedUp(format!("no `{kwarg}` is configured")));
        };
        let entries = self.entries(scope.kind, file)?;
        // A value that cannot be printed is there, too.
        let is_there = |id: &str| {
            !matches!(
                load::get(entries, scope.kind, id),
                Ok(Answer::Null | Answer::Absent { .. })
            )
        };
        let keys = self.names(scope.kind)?.into_iter();
        let listed = keys
            .filter(|key| is_there(key))
            .filter_map(|key| located(self, scope, &key, |entry: &Entry| entry.id == key));
        Ok(Listing::Names(Names {
            listed: listed.collect(),
            notes: Vec::new(),
        }))
    }
}
