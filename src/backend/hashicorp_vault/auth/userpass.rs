//! `userpass`: `POST auth/userpass/login/<username>` with `password`.

use super::password::PasswordLogin;
use super::{AuthKwargs, Env, Method};
use crate::error::Result;

/// Takes the login's kwargs.
///
/// # Errors
/// A name that is missing, with status 2.
pub(super) fn boxed(kwargs: AuthKwargs, _: &Env) -> Result<Box<dyn Method>> {
    let refusal_hint = "`username` or `password` may be wrong, or the user is locked out";
    PasswordLogin::boxed("userpass", kwargs, refusal_hint)
}
