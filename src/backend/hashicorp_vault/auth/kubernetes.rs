//! `kubernetes`: `POST auth/kubernetes/login` with `role` and `jwt`, the contents of a service account's token file.

use super::{
    AuthKwargs, BoxFuture, Credential, Env, Login, Method, Services, credential_file, json, required,
};
use crate::error::Result;
use crate::python::json::Value;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct Kubernetes {
    mount: String,
    role: Value,
    jwt_path: String,
}

impl Kubernetes {
    pub(super) fn boxed(mut kwargs: AuthKwargs, _: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("kubernetes");
        let role = kwargs.required("kubernetes", "kubernetes_role")?;
        let jwt_path = kwargs
            .kubernetes_jwt_path()?
            .ok_or_else(|| required("kubernetes", &["kubernetes_jwt_path"]))?;
        Ok(Box::new(Self {
            mount,
            role,
            jwt_path,
        }))
    }

    fn login(&self, services: &Services) -> Result<Login> {
        let jwt = credential_file(&self.jwt_path, "the service account's token", services)?;
        let role = self.role.clone();
        Ok(Login::new(&self.mount, [("role", role), ("jwt", json(&jwt))]).holding(jwt))
    }
}

impl Method for Kubernetes {
    fn credential<'a>(&'a self, services: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        Box::pin(std::future::ready(self.login(services).map(Credential::Login)))
    }

    fn secrets(&self) -> Vec<Secret> {
        Vec::new()
    }

    fn refusal_hint(&self) -> &'static str {
        "`kubernetes_role` may not be bound to this service account, or its token has expired"
    }
}
