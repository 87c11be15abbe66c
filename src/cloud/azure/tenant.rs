//! Which tenant is asked for a token: `resolve_tenant` and `validate_tenant_id` of azure-identity 1.27.0 for Python.
//!
//! A credential is configured for one tenant; a vault's challenge names the vault's tenant. Must not send anything.

use super::{TokenRequest, VaultTenant};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::secret::Redaction;
use crate::shown::shown;

/// A credential's tenant, and the others that it may ask.
#[derive(Clone, Debug)]
pub(super) struct Tenants {
    default: String,
    allowed: Vec<String>,
    /// `AZURE_IDENTITY_DISABLE_MULTITENANTAUTH`
    only_default: bool,
}

impl Tenants {
    /// Creates the tenants of a credential that is configured for `default`.
    ///
    /// # Errors
    /// An invalid tenant id, with status 2.
    pub(super) fn new(env: &Env, default: &str, allowed: Vec<String>) -> Result<Self> {
        validate(default)?;
        Ok(Self::unchecked(env, default, allowed))
    }

    /// Creates the tenants without a check of `default`, which may be empty.
    pub(super) fn unchecked(env: &Env, default: &str, allowed: Vec<String>) -> Self {
        Self {
            default: default.to_owned(),
            allowed,
            only_default: env.non_empty("AZURE_IDENTITY_DISABLE_MULTITENANTAUTH").is_some()
                || default == "adfs",
        }
    }

    /// Returns the tenant to ask. Waits for the vault's challenge only if it can change the result.
    ///
    /// # Errors
    /// The vault belongs to a tenant that the credential may not ask, with status 4.
    pub(super) async fn to_ask(&self, request: &TokenRequest) -> Result<String> {
        let known = request.tenant.borrow().clone();
        match known {
            VaultTenant::Known(tenant) => self.resolve(tenant.as_deref(), &request.redactor),
            VaultTenant::Unknown if self.is_settled() => Ok(self.default.clone()),
            VaultTenant::Unknown => self.resolve(request.vault_tenant().await.as_deref(), &request.redactor),
        }
    }

    /// Waits for the challenge, and checks that the right tenant was asked.
    ///
    /// # Errors
    /// As [`to_ask`](Self::to_ask).
    pub(super) async fn check(&self, request: &TokenRequest) -> Result<()> {
        if !self.only_default {
            self.resolve(request.vault_tenant().await.as_deref(), &request.redactor)?;
        }
        Ok(())
    }

    /// Returns whether every challenge leads to the default tenant, or to an error.
    fn is_settled(&self) -> bool {
        let others = self.allowed.iter().any(|tenant| *tenant != self.default);
        self.only_default || !(others || self.default.is_empty() || self.default == "organizations")
    }

    /// `resolve_tenant`
    fn resolve(&self, vault: Option<&str>, redactor: &Redaction) -> Result<String> {
        let Some(vault) = vault.filter(|vault| *vault != self.default) else {
            return Ok(self.default.clone());
        };
        // AD FS has no tenants: Python's challenge policy ignores it.
        if self.only_default || vault.to_ascii_lowercase().ends_with("adfs") {
            return Ok(self.default.clone());
        }
        let is_allowed = |allowed: &[String]| allowed.iter().any(|tenant| tenant == "*" || tenant == vault);
        if self.default.is_empty()
            || is_allowed(&self.allowed)
            || (self.allowed.is_empty() && self.default == "organizations")
        {
            return Ok(vault.to_owned());
        }
        let vault = redactor.clean(vault);
        Err(Error::denied(format!(
            "the vault belongs to tenant `{vault}`, but the credential is for `{}`",
            shown(&self.default)
        ))
        .with_hint(format!("configure the credential for tenant `{vault}`")))
    }
}

fn is_valid(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '-' || c == '.'
}

/// `validate_tenant_id`
fn validate(tenant: &str) -> Result<()> {
    if tenant.is_empty() || !tenant.chars().all(is_valid) {
        return Err(Error::usage(
            "the tenant id is not valid: it may have only letters, digits, `-` and `.`",
        )
        .with_hint("the tenant id is on the overview page of Microsoft Entra ID in the Azure portal"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenants(default: &str, allowed: &[&str]) -> Tenants {
        Tenants::unchecked(
            &Env::default(),
            default,
            allowed.iter().map(|&tenant| tenant.to_owned()).collect(),
        )
    }

    #[test]
    fn a_tenant_that_is_not_configured_is_refused_unless_it_is_allowed() {
        assert_eq!(
            tenants("a", &[])
                .resolve(Some("a"), &Redaction::default())
                .ok()
                .as_deref(),
            Some("a")
        );
        assert_eq!(
            tenants("a", &[])
                .resolve(None, &Redaction::default())
                .ok()
                .as_deref(),
            Some("a")
        );
        assert!(
            tenants("a", &[])
                .resolve(Some("b"), &Redaction::default())
                .is_err()
        );
        assert!(
            tenants("a", &[])
                .resolve(Some("A"), &Redaction::default())
                .is_err()
        );
        assert_eq!(
            tenants("a", &["b"])
                .resolve(Some("b"), &Redaction::default())
                .ok()
                .as_deref(),
            Some("b")
        );
        assert_eq!(
            tenants("", &[])
                .resolve(Some("b"), &Redaction::default())
                .ok()
                .as_deref(),
            Some("b")
        );
        assert_eq!(
            tenants("organizations", &[])
                .resolve(Some("b"), &Redaction::default())
                .ok()
                .as_deref(),
            Some("b")
        );
        assert_eq!(
            tenants("adfs", &[])
                .resolve(Some("b"), &Redaction::default())
                .ok()
                .as_deref(),
            Some("adfs")
        );
        assert_eq!(
            tenants("a", &[])
                .resolve(Some("adfs"), &Redaction::default())
                .ok()
                .as_deref(),
            Some("a")
        );
    }

    #[test]
    fn only_a_settled_tenant_is_asked_before_the_challenge() {
        assert!(tenants("a", &[]).is_settled());
        assert!(tenants("a", &["a"]).is_settled());
        assert!(!tenants("a", &["b"]).is_settled());
        assert!(!tenants("organizations", &[]).is_settled());
        assert!(!tenants("", &[]).is_settled());
    }

    #[test]
    fn a_tenant_that_would_change_the_url_is_not_valid() {
        for tenant in ["", "a/b", "a b", "../common", "a?x", "é"] {
            assert!(validate(tenant).is_err(), "{tenant}");
        }
    }
}
