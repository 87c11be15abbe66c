//! `userpass`: `POST auth/userpass/login/<username>` with `password`.

use super::{BoxFuture, Credential, Env, Login, Method, Services, Taken, json, username};
use crate::error::Result;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct Userpass {
    mount: String,
    username: String,
    password: Option<Secret>,
}

impl Userpass {
    pub(super) fn boxed(kwargs: Taken, _: &Env) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount("userpass");
        let username = username("userpass", kwargs.username)?;
        Ok(Box::new(Self {
            mount,
            username,
            password: kwargs.password,
        }))
    }
}

impl Method for Userpass {
    fn credential<'a>(&'a self, _: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        let login = Login::new(&self.mount, [("password", json(self.password.as_ref()))]).of(&self.username);
        Box::pin(std::future::ready(Ok(Credential::Login(login))))
    }

    fn secrets(&self) -> Vec<Secret> {
        self.password.iter().cloned().collect()
    }

    fn refusal_hint(&self) -> &'static str {
        "`username` or `password` may be wrong, or the user is locked out"
    }
}
