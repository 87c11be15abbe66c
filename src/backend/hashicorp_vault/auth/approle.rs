//! `approle`: `POST auth/approle/login` with `role_id` and `secret_id`, which is null when it is absent.

use super::{AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services, secret_in};
use crate::error::Result;
use crate::python::json::Value;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct AppRole {
    mount: String,
    role_id: Value,
    secret_id: Value,
}

impl AppRole {
    pub(super) fn boxed(mut kwargs: AuthKwargs, _: &Env) -> Result<Box<dyn Method>> {
        Ok(Box::new(Self {
            mount: kwargs.mount("approle"),
            role_id: kwargs.required("approle", "role_id")?,
            secret_id: kwargs.value("secret_id"),
        }))
    }
}

impl Method for AppRole {
    fn credential<'a>(&'a self, _: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        let login = Login::new(
            &self.mount,
            [
                ("role_id", self.role_id.clone()),
                ("secret_id", self.secret_id.clone()),
            ],
        );
        Box::pin(std::future::ready(Ok(Credential::Login(login))))
    }

    fn secrets(&self) -> Vec<Secret> {
        secret_in(&self.secret_id).into_iter().collect()
    }

    fn refusal_hint(&self) -> &'static str {
        match &self.secret_id {
            Value::Null => "the role may require a `secret_id`, but none is set",
            Value::String(text) if is_wrapping_token(text) => {
                "`secret_id` looks like a wrapping token: unwrap it first, with `vault unwrap`"
            }
            _ => "`role_id` or `secret_id` may be wrong, or the secret id has expired or has no uses left",
        }
    }
}

/// Whether it looks like a Vault token. A secret id does not: it is a UUID, unless somebody chose it.
fn is_wrapping_token(secret_id: &str) -> bool {
    ["hvs.", "s.", "hvb.", "b."]
        .iter()
        .any(|prefix| secret_id.starts_with(prefix))
        && secret_id.len() >= 24
}
