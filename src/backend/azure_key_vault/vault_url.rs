//! `vault_url`: whether it is the URL of a Key Vault, and what was probably meant if it is not.
//!
//! Airflow notices only at the first lookup, and then says "isn't defined". Must not send anything.

use url::Url;

use crate::error::{Error, Result};

/// The domains of Key Vault in Azure's clouds, and of its private endpoints.
///
/// <https://learn.microsoft.com/azure/key-vault/general/about-keys-secrets-certificates#dns-suffixes-for-object-identifiers>
const VAULTS: &[&str] = &[
    "vault.azure.net",
    "vault.azure.cn",
    "vault.usgovcloudapi.net",
    "vault.microsoftazure.de",
    "vaultcore.azure.net",
    "vaultcore.azure.cn",
    "vaultcore.usgovcloudapi.net",
];

/// Domains of other services, and what they are.
const OTHERS: &[(&str, &str)] = &[
    (
        "managedhsm.azure.net",
        "Azure Managed HSM, which holds keys and no secrets",
    ),
    (
        "managedhsm.azure.cn",
        "Azure Managed HSM, which holds keys and no secrets",
    ),
    (
        "managedhsm.usgovcloudapi.net",
        "Azure Managed HSM, which holds keys and no secrets",
    ),
    ("core.windows.net", "Azure Storage"),
    ("database.windows.net", "Azure SQL"),
    ("servicebus.windows.net", "Azure Service Bus"),
    ("documents.azure.com", "Azure Cosmos DB"),
    ("azconfig.io", "Azure App Configuration"),
    ("azurecr.io", "Azure Container Registry"),
    ("azurewebsites.net", "Azure App Service"),
    ("portal.azure.com", "the Azure portal"),
    ("management.azure.com", "Azure Resource Manager"),
    ("microsoftonline.com", "Microsoft Entra ID"),
    (
        "hashicorp.cloud",
        "HashiCorp Vault, whose backend is `airflow.providers.hashicorp.secrets.vault.VaultBackend`",
    ),
];

/// Parses a `vault_url`, without spaces and `/` around it, as Python's `vault_url.strip(" /")` does.
///
/// # Errors
/// A URL that is missing, not `https`, of another service, or has a path or more, with status 2 and the right form.
pub(super) fn parse(vault_url: &str) -> Result<Url> {
    let trimmed = vault_url.trim_matches([' ', '/']);
    if trimmed.is_empty() {
        return Err(Error::usage("backend kwarg `vault_url` is missing")
            .with_hint("set it to the vault's URI, such as `https://contoso.vault.azure.net/`"));
    }
    let Some((scheme, rest)) = trimmed.split_once("://") else {
        let name = trimmed.split(['/', ':']).next().unwrap_or_default();
        let is_name = !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let form = if is_name {
            format!("{name}.vault.azure.net")
        } else {
            clean_host(name)
        };
        return Err(refused("has no scheme", &form));
    };
    let host = rest.split(['/', '?', '#', '\\']).next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("https") {
        return Err(refused(
            "must begin with `https://`: a token is sent to it",
            &clean_host(host),
        ));
    }
    if host.contains('@') {
        return Err(refused(
            "must not have a user or password in it",
            "contoso.vault.azure.net",
        ));
    }
    if host.len() != rest.len() {
        return Err(refused(
            "must not have a path, a query or a fragment",
            &clean_host(host),
        ));
    }
    let url = Url::parse(trimmed)
        .map_err(|source| refused("is not a URL", "contoso.vault.azure.net").with_source(source))?;
    let host = url.host_str().unwrap_or_default().to_ascii_lowercase();
    let under =
        |domain: &str| host == domain || host.strip_suffix(domain).is_some_and(|rest| rest.ends_with('.'));
    if VAULTS.contains(&host.as_str()) {
        return Err(refused("does not name a vault", &format!("contoso.{host}")));
    }
    if let Some((_, service)) = OTHERS.iter().find(|(domain, _)| under(domain)) {
        return Err(Error::usage(format!(
            "backend kwarg `vault_url` belongs to another service: {service}"
        ))
        .with_hint("the URL of a Key Vault looks like `https://contoso.vault.azure.net/`"));
    }
    Ok(url)
}

fn refused(why: &str, host: &str) -> Error {
    Error::usage(format!("backend kwarg `vault_url` {why}"))
        .with_hint(format!("write it as `https://{host}/`"))
}

/// Returns the host that was given if it can be shown, else an example.
fn clean_host(host: &str) -> String {
    let shown = |c: char| c.is_ascii_alphanumeric() || "-.:".contains(c);
    if host.contains('.') && host.chars().all(shown) {
        host.to_owned()
    } else {
        "contoso.vault.azure.net".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_slashes_around_a_url_are_ignored() {
        for url in [
            "https://kv.vault.azure.net",
            " https://kv.vault.azure.net/ ",
            "HTTPS://KV.vault.azure.net//",
            "https://localhost:8443",
        ] {
            assert!(parse(url).is_ok(), "{url}");
        }
    }

    #[test]
    fn a_wrong_url_is_answered_with_the_right_form() {
        let cases = [
            ("", "contoso.vault.azure.net"),
            ("kv", "https://kv.vault.azure.net/"),
            ("kv.vault.azure.net", "https://kv.vault.azure.net/"),
            ("http://kv.vault.azure.net/", "https://kv.vault.azure.net/"),
            (
                "https://kv.vault.azure.net/secrets/x",
                "https://kv.vault.azure.net/",
            ),
            ("https://kv.vault.azure.net?x=1", "https://kv.vault.azure.net/"),
            (
                "https://user:hunter2@kv.vault.azure.net",
                "https://contoso.vault.azure.net/",
            ),
            (
                "https://kv.vault.azure.net\\@evil.example",
                "https://kv.vault.azure.net/",
            ),
            ("https://vault.azure.net/", "https://contoso.vault.azure.net/"),
            (
                "https://kv.managedhsm.azure.net/",
                "https://contoso.vault.azure.net/",
            ),
            (
                "https://account.blob.core.windows.net",
                "https://contoso.vault.azure.net/",
            ),
        ];
        for (url, form) in cases {
            let error = parse(url).expect_err(url);
            assert_eq!(error.kind().exit_status(), 2, "{url}");
            assert!(
                error.hint().is_some_and(|hint| hint.contains(form)),
                "{url}: {:?}",
                error.hint()
            );
            assert!(!format!("{error:?}").contains("hunter2"));
        }
    }
}
