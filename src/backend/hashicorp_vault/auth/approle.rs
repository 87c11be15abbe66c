//! `approle`: `POST auth/approle/login` with `role_id` and `secret_id`, which is null when it is absent.

use super::{BoxFuture, Credential, Env, Login, Method, Services, Taken, json, required};
use crate::error::Result;
use crate::python::json::Value;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct AppRole {
    mount: String,
    role_id: String,
    secret_id: Option<Secret>,
}

impl AppRole {
    pub(super) fn boxed(kwargs: Taken, _: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("approle");
        let role_id = kwargs.role_id.ok_or_else(|| required("approle", &["role_id"]))?;
        Ok(Box::new(Self {
            mount,
            role_id,
            secret_id: kwargs.secret_id,
        }))
    }
}

impl Method for AppRole {
    fn credential<'a>(&'a self, _: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        let login = Login::new(
            &self.mount,
            [
                ("role_id", Value::String(self.role_id.clone())),
                ("secret_id", json(self.secret_id.as_ref())),
            ],
        );
        Box::pin(std::future::ready(Ok(Credential::Login(login))))
    }

    fn secrets(&self) -> Vec<Secret> {
        self.secret_id.iter().cloned().collect()
    }

    fn refusal_hint(&self) -> &'static str {
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
