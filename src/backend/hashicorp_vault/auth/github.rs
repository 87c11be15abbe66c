//! `github`: `POST auth/github/login` with a personal access token: `token`, else the contents of `token_path`.
//!
//! A deliberate difference: Airflow accepts `token_path`, but never reads the file.

use super::{
    AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services, credential_file, json, required,
    secret_in,
};
use crate::error::Result;
use crate::python::json::Value;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct GitHub {
    mount: String,
    token: Source,
}

/// Where the token is.
#[derive(Debug)]
enum Source {
    File(String),
    Given(Value),
}

impl GitHub {
    pub(super) fn boxed(mut kwargs: AuthKwargs, _: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("github");
        let token = match kwargs.value("token") {
            token if token.is_truthy() => Source::Given(token),
            _ => match kwargs.text("token_path")? {
                Some(path) => Source::File(path),
                None => return Err(required("github", &["token", "token_path"])),
            },
        };
        Ok(Box::new(Self { mount, token }))
    }

    fn login(&self, services: &Services) -> Result<Login> {
        match &self.token {
            Source::Given(token) => Ok(Login::new(&self.mount, [("token", token.clone())])),
            Source::File(path) => {
                let token = credential_file(path, "the GitHub token", services)?;
                Ok(Login::new(&self.mount, [("token", json(&token))]).holding(token))
            }
        }
    }
}

impl Method for GitHub {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(std::future::ready(self.login(services).map(Credential::Login)))
    }

    fn secrets(&self) -> Vec<Secret> {
        match &self.token {
            Source::File(_) => Vec::new(),
            Source::Given(token) => secret_in(token).into_iter().collect(),
        }
    }

    fn refusal_hint(&self) -> &'static str {
        "the GitHub token may be wrong or expired, lack `read:org`, or belong to a user outside the organisation"
    }
}
