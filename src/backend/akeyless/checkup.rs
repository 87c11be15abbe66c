//! What `doctor` asks of Akeyless: whether the API answers, and the login.

use super::AkeylessBackend;
use crate::backend::BoxFuture;
use crate::backend::checkup::{Checkup, Endpoint};
use crate::cloud::akeyless::{Client, Login};
use crate::report::{Check, Section};

/// The checks of this backend.
pub(super) const CHECKS: &[Check] = &[Check::Login];

impl Checkup for AkeylessBackend {
    fn checks(&self) -> &'static [Check] {
        CHECKS
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(look_around(&self.client, section))
    }
}

/// Goes the way of a lookup, up to the login.
pub(super) async fn look_around(client: &Client, section: &mut Section) {
    let (http, api_url) = client.way();
    let endpoint = Endpoint::new(http, api_url.to_owned())
        .needing_clock(matches!(client.login(), Login::Cloud { .. }))
        .explained(|failure| client.unreachable(failure));
    if !endpoint.examine(section).await {
        return;
    }
    match client.sign_in().await {
        Ok(()) => section.ok(Check::Login, client.login().words()),
        Err(error) => section.failure(Check::Login, &error),
    }
}
