//! What `doctor` asks of Lockbox: whether it answers, a token, and the list of the folder.

use super::LockboxSecretBackend;
use super::client::Client;
use crate::backend::BoxFuture;
use crate::backend::checkup::{Checkup, Endpoint};
use crate::cloud::yandex::Access;
use crate::error::Result;
use crate::report::{Check, Section};
use crate::shown::shown;

/// The checks of this backend.
pub(super) const CHECKS: &[Check] = &[Check::Server, Check::Login, Check::Folder];

impl Checkup for LockboxSecretBackend {
    fn checks(&self) -> &'static [Check] {
        CHECKS
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let access = self.access().await;
            self.client.look_around(access, section).await;
        })
    }
}

impl Client {
    /// Goes the way of a lookup, up to the folder.
    pub(super) async fn look_around(&self, access: Result<Access>, section: &mut Section) {
        let access = match access {
            Ok(access) => access,
            Err(error) => return section.failure(Check::Login, &error),
        };
        let endpoints = match self.yandex.endpoints(&access).await {
            Ok(endpoints) => endpoints,
            Err(error) => return section.failure(Check::Server, &error),
        };
        let url = format!("https://{}/", endpoints.lockbox);
        let endpoint = Endpoint::new(self.yandex.http(), url)
            .needing_clock(true)
            .explained(|failure| self.yandex.unreachable(failure));
        if !endpoint.examine(section).await {
            return;
        }
        let (token, endpoints) = match self.yandex.log_in(&access).await {
            Ok(both) => both,
            Err(error) => return section.failure(Check::Login, &error),
        };
        section.ok(Check::Login, access.credentials.words());
        let folder = shown(&access.folder_id);
        match self.list(&token, &endpoints.lockbox, &access.folder_id).await {
            Ok(secrets) => {
                let plural = if secrets.len() == 1 { "" } else { "s" };
                let words = format!("`{folder}` has {} secret{plural}", secrets.len());
                section.ok(Check::Folder, words);
            }
            Err(error) => section.failure(Check::Folder, &error),
        }
    }
}
