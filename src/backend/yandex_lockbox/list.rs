//! The names in Lockbox: those of the folder's list, which every lookup needs, too.

use super::{Folder, LockboxSecretBackend};
use crate::backend::listed::{Starts, after_start, starts};
use crate::error::Result;
use crate::listing::{Listing, Names, Scope};
use crate::location::NamedSecret;

impl LockboxSecretBackend {
    /// Returns the names that lead to secrets of the folder.
    ///
    /// # Errors
    /// As for a secret.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let starts = match starts(self, scope, |asked: &NamedSecret<Folder>| &asked.name)? {
            Starts::NotLookedUp(why) => return Ok(Listing::NotLookedUp(why)),
            Starts::Names(starts) => starts,
        };
        let session = self.session().await?;
        let listed = session.names().filter_map(|stored| {
            after_start(self, scope, &starts, stored, |asked: &NamedSecret<Folder>| {
                asked.name == stored
            })
        });
        Ok(Listing::Names(Names {
            listed: listed.collect(),
            notes: Vec::new(),
        }))
    }
}
