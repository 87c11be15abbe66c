//! What `doctor` asks of Secret Manager: whether it answers, a token, and whether there is such a project.

use std::time::SystemTime;

use super::GoogleSecretManagerBackend;
use super::client::SecretManager;
use super::refusal;
use crate::backend::BoxFuture;
use crate::backend::checkup::{ABSENT_NAME, Checkup, Endpoint, span};
use crate::cloud::services::object;
use crate::cloud::token_cache::Token as _;
use crate::error::Result;
use crate::report::{Check, Section};
use crate::shown::shown;

/// The checks of this backend.
pub(super) const CHECKS: &[Check] = &[Check::Connect, Check::Login, Check::Project];

impl Checkup for GoogleSecretManagerBackend {
    fn checks(&self) -> &'static [Check] {
        CHECKS
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            match self.client() {
                Ok(client) => client.look_around(section).await,
                Err(error) => section.failure(Check::Login, &error),
            }
        })
    }
}

impl SecretManager {
    /// Goes the way of a lookup, up to the project.
    pub(super) async fn look_around(&self, section: &mut Section) {
        let google = &self.google;
        let endpoint = Endpoint::new(google.http(), format!("{}/", self.url))
            .needing_clock(true)
            .explained(|failure| google.unreachable(failure));
        if !endpoint.examine(section).await {
            return;
        }
        let token = match google.token().await {
            Ok(token) => token,
            Err(error) => return section.failure(Check::Login, &error),
        };
        let (account, found_in) = google.identity();
        let account = account.map_or_else(String::new, |account| format!("`{}`, ", shown(account)));
        let left = token
            .expires_at()
            .and_then(|end| end.duration_since(SystemTime::now()).ok())
            .map_or_else(String::new, |left| format!(", {} left", span(left)));
        section.ok(Check::Login, format!("{account}by {found_in}{left}"));
        let project = match google.project(&token).await {
            Ok(project) => project,
            Err(error) => return section.failure(Check::Project, &error),
        };
        match self.fault_of_project().await {
            Ok(()) => section.ok(Check::Project, format!("`{}`", shown(&project))),
            Err(error) => section.failure(Check::Project, &error),
        }
    }

    /// Asks for a secret that nobody has, to learn whether there is such a project.
    ///
    /// # Errors
    /// The project is at fault, with status 4. Any other answer is for a read to say.
    async fn fault_of_project(&self) -> Result<()> {
        let Ok((project, response)) = self.ask(ABSENT_NAME).await else {
            return Ok(());
        };
        match object(&response) {
            Some(answer) if refusal::is_about_project(&answer) => {
                refusal::meaning(&project, ABSENT_NAME, response.status, &answer).map(drop)
            }
            _ => Ok(()),
        }
    }
}
