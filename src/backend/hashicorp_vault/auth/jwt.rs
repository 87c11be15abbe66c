//! `jwt`: `POST auth/jwt/login` with `role` and `jwt`: `jwt_token`, else the contents of `jwt_token_path`, both stripped.

use super::{
    AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services, credential_file, json, required,
};
use crate::error::Result;
use crate::python::json::Value;
use crate::python::text::strip;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct Jwt {
    mount: String,
    role: Value,
    source: Source,
}

/// Where the JWT is.
#[derive(Debug)]
enum Source {
    File(String),
    Given(Secret),
}

impl Jwt {
    pub(super) fn boxed(mut kwargs: AuthKwargs, _: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("jwt");
        let role = kwargs.required("jwt", "jwt_role")?;
        let source = match kwargs.text("jwt_token")? {
            Some(jwt) => Source::Given(Secret::from(strip(&jwt))),
            None => match kwargs.text("jwt_token_path")? {
                Some(path) => Source::File(path),
                None => return Err(required("jwt", &["jwt_token", "jwt_token_path"])),
            },
        };
        Ok(Box::new(Self { mount, role, source }))
    }

    fn login(&self, services: &Services) -> Result<Login> {
        let jwt = match &self.source {
            Source::Given(jwt) => jwt.clone(),
            Source::File(path) => credential_file(path, "the JWT", services)?,
        };
        let role = self.role.clone();
        Ok(Login::new(&self.mount, [("role", role), ("jwt", json(&jwt))]).holding(jwt))
    }
}

impl Method for Jwt {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(std::future::ready(self.login(services).map(Credential::Login)))
    }

    fn secrets(&self) -> Vec<Secret> {
        match &self.source {
            Source::File(_) => Vec::new(),
            Source::Given(jwt) => vec![jwt.clone()],
        }
    }

    fn refusal_hint(&self) -> &'static str {
        "the JWT may have expired, or `jwt_role` does not accept its issuer, audience or subject"
    }
}
