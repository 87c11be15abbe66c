//! `approle`: `POST auth/approle/login` with `role_id` and `secret_id`, which is null when it is absent.

use super::{Login, Taken, json, required};
use crate::error::Result;
use crate::python::json::Value;
use crate::secret::Secret;

/// What the method needs.
#[derive(Debug)]
pub(in super::super) struct AppRole {
    mount: String,
    role_id: String,
    secret_id: Option<Secret>,
}

impl AppRole {
    pub(super) fn new(mut taken: Taken) -> Result<Self> {
        let mount = taken.mount("approle");
        let role_id = taken
            .role_id
            .take()
            .ok_or_else(|| required("approle", &["role_id"]))?;
        Ok(Self {
            mount,
            role_id,
            secret_id: taken.secret_id,
        })
    }

    pub(super) fn login(&self) -> Login {
        let secret_id = self.secret_id.as_ref().map_or(Value::Null, json);
        Login::new(
            &self.mount,
            [
                ("role_id", Value::String(self.role_id.clone())),
                ("secret_id", secret_id),
            ],
        )
    }

    pub(super) fn secrets(&self) -> Vec<Secret> {
        self.secret_id.iter().cloned().collect()
    }

    pub(super) fn refusal_hint(&self) -> &'static str {
        match &self.secret_id {
            None => "the role may want a `secret_id`, and none is configured",
            Some(secret_id) if is_wrapping_token(secret_id) => {
                "`secret_id` looks like a wrapping token: unwrap it first, with `vault unwrap`"
            }
            Some(_) => {
                "`role_id` or `secret_id` may be wrong, or the secret id has expired or has no uses left"
            }
        }
    }
}

/// Whether it has the form of a Vault token, which a secret id (a UUID unless somebody chose it) has not.
fn is_wrapping_token(secret_id: &Secret) -> bool {
    secret_id.expose_text().is_some_and(|text| {
        ["hvs.", "s.", "hvb.", "b."]
            .iter()
            .any(|prefix| text.starts_with(prefix))
            && text.len() >= 24
    })
}
