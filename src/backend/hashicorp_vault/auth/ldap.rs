//! `ldap`: `POST auth/ldap/login/<username>` with `password`.

use super::{BoxFuture, Credential, Env, Login, Method, Services, Taken, json, username};
use crate::error::Result;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct Ldap {
    mount: String,
    username: String,
    password: Option<Secret>,
}

impl Ldap {
    pub(super) fn boxed(kwargs: Taken, _: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("ldap");
        let username = username("ldap", kwargs.username)?;
        Ok(Box::new(Self {
            mount,
            username,
            password: kwargs.password,
        }))
    }
}

impl Method for Ldap {
    fn credential<'a>(&'a self, _: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        let login = Login::new(&self.mount, [("password", json(self.password.as_ref()))]).of(&self.username);
        Box::pin(std::future::ready(Ok(Credential::Login(login))))
    }

    fn secrets(&self) -> Vec<Secret> {
        self.password.iter().cloned().collect()
    }

    fn refusal_hint(&self) -> &'static str {
        "`username` or `password` may be wrong, or the LDAP server does not let the user in"
    }
}
