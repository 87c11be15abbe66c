//! Kwargs of an auth type other than the configured one: which type was probably meant.
//!
//! Airflow accepts every kwarg with every `auth_type`, so a forgotten `auth_type` leads to an error about a token. Nothing that
//! works in Airflow is refused here: this only explains a missing kwarg or a refusal by Vault.

use crate::error::Error;
use crate::kwargs::Kwargs;
use crate::python::json::Value;

/// The kwargs of each auth type: apache-airflow-providers-hashicorp 4.8.4, `_internal_client/vault_client.py`.
const OF_TYPES: &[(&str, &[&str])] = &[
    ("approle", &["role_id", "secret_id"]),
    (
        "aws_iam",
        &["key_id", "secret_id", "role_id", "region", "assume_role_kwargs"],
    ),
    ("azure", &["azure_tenant_id", "azure_resource"]),
    (
        "gcp",
        &["gcp_key_path", "gcp_keyfile_dict", "gcp_scopes", "role_id"],
    ),
    ("github", &["token", "token_path"]),
    ("jwt", &["jwt_role", "jwt_token", "jwt_token_path"]),
    ("kubernetes", &["kubernetes_role", "kubernetes_jwt_path"]),
    ("ldap", &["username", "password"]),
    ("radius", &["radius_host", "radius_secret", "radius_port"]),
    ("token", &["token", "token_path"]),
    ("userpass", &["username", "password"]),
];

/// Kwargs that the configured auth type does not use, and the types that use them.
#[derive(Debug)]
pub(super) struct Others {
    names: Vec<&'static str>,
    types: Vec<&'static str>,
}

/// Returns the kwargs that are set but that `auth_type` does not use.
///
/// They are those of the type that uses most of them. Two types may use the same kwargs.
pub(super) fn of(kwargs: &Kwargs, auth_type: &str) -> Option<Others> {
    let own = OF_TYPES.iter().find(|(name, _)| *name == auth_type)?.1;
    let is_other = |name: &&str| !own.contains(name) && kwargs.get(name).is_some_and(Value::is_truthy);
    let given: Vec<(&str, &[&str], Vec<&'static str>)> = OF_TYPES
        .iter()
        .map(|(name, all)| (*name, *all, all.iter().copied().filter(is_other).collect()))
        .collect();
    // If two types use equally many, the one with fewer kwargs wins.
    let rank = |all: &[&str], names: &[&str]| (names.len(), usize::MAX - all.len());
    let best = given.iter().map(|(_, all, names)| rank(all, names)).max()?;
    let chosen = given
        .iter()
        .filter(|(_, all, names)| !names.is_empty() && rank(all, names) == best);
    let types: Vec<&'static str> = chosen.clone().map(|(name, ..)| *name).collect();
    let names = chosen.clone().next()?.2.clone();
    Some(Others { names, types })
}

impl Others {
    /// Explains the error of a kwarg that is missing for `auth_type`.
    pub(super) fn explain(&self, error: Error, auth_type: &str, is_set: bool) -> Error {
        let names = listed(&self.names, "and");
        let types = listed(&self.types, "or");
        let (verb, kwargs) = match self.names.len() {
            1 => ("is", "a kwarg"),
            _ => ("are", "kwargs"),
        };
        if is_set {
            return error.with_detail(format!("{names} {verb} {kwargs} of the auth type {types}"));
        }
        error
            .with_detail(format!(
                "{names} {verb} {kwargs} of the auth type {types}, and `auth_type` is `{auth_type}` unless it is set"
            ))
            .with_hint(format!("set the backend kwarg `auth_type` to {types}"))
    }

    /// Returns a note that these kwargs are not used.
    pub(super) fn unused(&self, auth_type: &str) -> String {
        let verb = if self.names.len() == 1 { "is" } else { "are" };
        format!(
            "{} {verb} not used, because `auth_type` is `{auth_type}`",
            listed(&self.names, "and")
        )
    }
}

/// Returns `names` in backticks, with `word` before the last.
fn listed(names: &[&str], word: &str) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => String::new(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} {word} {last}", others.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::{Others, of};
    use crate::kwargs::Kwargs;
    use crate::python::json::Value;

    fn others(names: &[&str], auth_type: &str) -> Option<(Vec<&'static str>, Vec<&'static str>)> {
        let kwargs = names
            .iter()
            .map(|name| ((*name).to_owned(), Value::from("x")))
            .collect();
        of(&Kwargs::new(kwargs), auth_type).map(|Others { names, types }| (names, types))
    }

    #[test]
    fn the_intended_auth_type_is_the_one_that_uses_the_kwargs() {
        for (names, auth_type, used, types) in [
            (
                &["role_id", "secret_id"][..],
                "token",
                &["role_id", "secret_id"][..],
                &["approle"][..],
            ),
            (&["role_id"], "token", &["role_id"], &["approle"]),
            (
                &["key_id", "secret_id"],
                "token",
                &["key_id", "secret_id"],
                &["aws_iam"],
            ),
            (
                &["username", "password"],
                "token",
                &["username", "password"],
                &["ldap", "userpass"],
            ),
            (
                &["kubernetes_role"],
                "token",
                &["kubernetes_role"],
                &["kubernetes"],
            ),
            (
                &["jwt_role", "jwt_token_path"],
                "token",
                &["jwt_role", "jwt_token_path"],
                &["jwt"],
            ),
            (
                &["role_id", "gcp_scopes"],
                "token",
                &["gcp_scopes", "role_id"],
                &["gcp"],
            ),
            (
                &["radius_host", "radius_secret"],
                "token",
                &["radius_host", "radius_secret"],
                &["radius"],
            ),
            (
                &["kubernetes_role", "role_id"],
                "approle",
                &["kubernetes_role"],
                &["kubernetes"],
            ),
            (&["token"], "approle", &["token"], &["github", "token"]),
        ] {
            assert_eq!(
                others(names, auth_type),
                Some((used.to_vec(), types.to_vec())),
                "{names:?}"
            );
        }
        assert_eq!(others(&["role_id", "secret_id"], "approle"), None);
        assert_eq!(others(&["url", "namespace"], "token"), None);
    }
}
