//! The login of userpass and ldap: `POST auth/<mount>/login/<username>` with `password`.

use super::{AuthKwargs, BoxFuture, Credential, Login, Method, Services, secret_in, username};
use crate::error::Result;
use crate::python::json::Value;
use crate::secret::Secret;

#[derive(Debug)]
pub(super) struct PasswordLogin {
    mount: String,
    username: String,
    password: Value,
    refusal_hint: &'static str,
}

impl PasswordLogin {
    /// Takes the kwargs of `auth_type`, which is also the name of its default mount.
    ///
    /// # Errors
    /// A missing or unusable user name, with status 2.
    pub(super) fn boxed(
        auth_type: &'static str,
        mut kwargs: AuthKwargs,
        refusal_hint: &'static str,
    ) -> Result<Box<dyn Method>> {
        let mount = kwargs.mount(auth_type);
        let username = username(auth_type, &mut kwargs)?;
        Ok(Box::new(Self {
            mount,
            username,
            password: kwargs.value("password"),
            refusal_hint,
        }))
    }
}

impl Method for PasswordLogin {
    fn credential<'a>(&'a self, _: &'a Services) -> BoxFuture<'a, Result<Credential>> {
        let login = Login::new(&self.mount, [("password", self.password.clone())]).of(&self.username);
        Box::pin(std::future::ready(Ok(Credential::Login(login))))
    }

    fn secrets(&self) -> Vec<Secret> {
        secret_in(&self.password).into_iter().collect()
    }

    fn refusal_hint(&self) -> &'static str {
        self.refusal_hint
    }
}
