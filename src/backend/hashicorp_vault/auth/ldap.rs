//! `ldap`: `POST auth/ldap/login/<username>` with `password`.

use super::password::PasswordLogin;
use super::{AuthKwargs, Env, Method};
use crate::error::Result;

/// Builds the method from its kwargs.
///
/// # Errors
/// A missing or unusable user name, with status 2.
pub(super) fn boxed(kwargs: AuthKwargs, _: &Env) -> Result<Box<dyn Method>> {
    let refusal_hint = "`username` or `password` may be wrong, or the LDAP server does not let the user in";
    PasswordLogin::boxed("ldap", kwargs, refusal_hint)
}
