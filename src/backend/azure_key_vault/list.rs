//! The names in Key Vault: every page of the vault's list, and the ids that lead to its secrets.
//!
//! Facts: <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secrets/get-secrets>. The list has no values. A page names
//! the next one by URL (`nextLink`), to which the token goes too, so it must be of the same vault.

use azure_core::http::pager::PageIterator;
use azure_core::http::{Response, Url};
use azure_security_keyvault_secrets::models::{ListSecretPropertiesResult, SecretProperties};
use futures_util::TryStreamExt as _;

use super::client::VaultClient;
use super::{AzureKeyVaultBackend, SecretAddress};
use crate::backend::SecretsBackend as _;
use crate::backend::listed::located;
use crate::error::{Error, ErrorKind, Result};
use crate::listing::{Listed, Listing, Names, Scope};
use crate::shown::shown;

/// The most pages of a list. A page has 25 secrets, and a vault that never ends must not fill the memory.
const MAX_PAGES: usize = 10_000;

/// The characters of `-` and `_`.
const AMBIGUITY: &str = "names in Key Vault cannot have `_`, so Airflow writes `-` for it: where a listed name has `_`, the name in \
                         your code may also have `-`";

impl AzureKeyVaultBackend {
    /// Returns the names that lead to secrets of the vault.
    ///
    /// # Errors
    /// A list that is refused (status 4), and the failures of any request.
    pub(super) async fn listing(&self, scope: &Scope) -> Result<Listing> {
        let steps = self.plan(&scope.lookup("x"))?;
        if let [step] = steps.as_slice()
            && let Some(why) = &step.skipped
        {
            return Ok(Listing::NotLookedUp(why.clone()));
        }
        let mut names = Names::default();
        for secret in self.client()?.list().await? {
            names.listed.extend(self.listed(scope, &secret));
        }
        if names.listed.iter().any(|name| name.id.contains('_')) {
            names.notes.push(AMBIGUITY.to_owned());
        }
        Ok(Listing::Names(names))
    }

    fn listed(&self, scope: &Scope, secret: &SecretProperties) -> Option<Listed> {
        let stored = secret
            .id
            .as_deref()?
            .split("/secrets/")
            .nth(1)?
            .split('/')
            .next()?;
        let id = self.config.names.id_of(scope, stored)?;
        let listed = located(self, scope, &id, |asked: &SecretAddress| {
            asked.secret_name == stored
        })?;
        let enabled = secret
            .attributes
            .as_ref()
            .and_then(|attributes| attributes.enabled);
        Some(Listed {
            state: (enabled == Some(false)).then_some("disabled"),
            ..listed
        })
    }
}

impl VaultClient {
    /// Lists every secret of the vault.
    async fn list(&self) -> Result<Vec<SecretProperties>> {
        let list = self.secrets.list_secret_properties(None);
        let mut pages = list.map_err(|error| self.not_listed(error))?.into_pages();
        let mut secrets = Vec::new();
        for _ in 0..MAX_PAGES {
            let Some(page) = self.page(&mut pages).await? else {
                return Ok(secrets);
            };
            secrets.extend(page.value);
            if let Some(next) = page.next_link.filter(|next| !next.is_empty()) {
                self.check_next(&next)?;
            }
        }
        Err(Error::unavailable(format!(
            "the list of Key Vault {} does not end",
            self.host
        )))
    }

    async fn page(
        &self,
        pages: &mut PageIterator<Response<ListSecretPropertiesResult>>,
    ) -> Result<Option<ListSecretPropertiesResult>> {
        let page = pages.try_next().await.map_err(|error| self.not_listed(error))?;
        let model = page.map(Response::into_model).transpose();
        model.map_err(|_| self.not_key_vault(200))
    }

    /// Checks that the next page is one of the same vault, before the token goes there.
    fn check_next(&self, next: &str) -> Result<()> {
        let is_here = self
            .endpoint
            .join(next)
            .is_ok_and(|next: Url| next.origin() == self.endpoint.origin() && next.username().is_empty());
        if is_here {
            return Ok(());
        }
        Err(Error::unavailable(format!(
            "the list of Key Vault {} continues at another host; no token was sent there",
            self.host
        ))
        .with_hint("a gateway before the vault may rewrite its answers; check `vault_url`"))
    }

    /// Returns the error of a list that was refused or failed.
    fn not_listed(&self, error: azure_core::Error) -> Error {
        if matches!(error.kind(), azure_core::error::ErrorKind::DataConversion) {
            return self.not_key_vault(200);
        }
        let Err(error) = self.failed(error) else {
            let host = shown(&self.host);
            return Error::unavailable(format!("Key Vault {host} has no list of its secrets"))
                .with_hint("check `vault_url`");
        };
        if error.kind() != ErrorKind::Denied {
            return error;
        }
        error
            .with_detail(
                "to list names, an identity needs the role `Key Vault Secrets User` on the vault itself",
            )
            .with_detail("in a vault with access policies, it needs the secret permission `List`")
    }
}
