//! A service principal or a user from the environment: the first credential of the chain.
//!
//! Facts: `environment.py` of azure-identity 1.27.0 for Python: a variable counts if it is set, even if it is empty. The credential
//! that it configures then refuses an empty value.

use azure_core::credentials::AccessToken;

use super::client_certificate::CertificateCredential;
use super::client_secret::ClientSecretCredential;
use super::entra::Login;
use super::region::Region;
use super::username_password::UsernamePasswordCredential;
use super::{Credential, CredentialContext, Failure, TokenRequest};
use crate::env::Env;
use crate::error::{Error, Result};
use crate::future::BoxFuture;
use crate::secret::Secret;

const CLIENT_ID: &str = "AZURE_CLIENT_ID";
const TENANT_ID: &str = "AZURE_TENANT_ID";
const CLIENT_SECRET: &str = "AZURE_CLIENT_SECRET";
const CERTIFICATE_PATH: &str = "AZURE_CLIENT_CERTIFICATE_PATH";
const USERNAME: &str = "AZURE_USERNAME";
const PASSWORD: &str = "AZURE_PASSWORD";

/// The credential.
pub(super) struct EnvironmentCredential {
    credential: Result<Box<dyn Credential>, String>,
}

impl EnvironmentCredential {
    /// Creates the credential that the environment configures.
    ///
    /// # Errors
    /// A variable that cannot be used, with status 2.
    pub(super) fn new(context: &CredentialContext, allowed: &[String]) -> Result<Self> {
        let env = &context.env;
        let set = |names: &[&str]| names.iter().all(|name| env.get(name).is_some());
        let credential: Box<dyn Credential> = if set(&[CLIENT_ID, CLIENT_SECRET, TENANT_ID]) {
            let login = Login::new(
                context,
                text(env, TENANT_ID)?,
                text(env, CLIENT_ID)?,
                allowed.to_vec(),
            )?
            .in_region()?;
            Box::new(ClientSecretCredential::new(
                login,
                Secret::from(text(env, CLIENT_SECRET)?),
            ))
        } else if set(&[CLIENT_ID, CERTIFICATE_PATH, TENANT_ID]) {
            let login = Login::new(
                context,
                text(env, TENANT_ID)?,
                text(env, CLIENT_ID)?,
                allowed.to_vec(),
            )?
            .in_region()?;
            // Python's `bool` of a text: any text that is not empty, even `false`.
            let send_chain = env
                .get("AZURE_CLIENT_SEND_CERTIFICATE_CHAIN")
                .is_some_and(|value| !value.is_empty());
            let password = env.get("AZURE_CLIENT_CERTIFICATE_PASSWORD");
            Box::new(CertificateCredential::new(
                login,
                text(env, CERTIFICATE_PATH)?,
                password,
                send_chain,
            )?)
        } else if set(&[CLIENT_ID, USERNAME, PASSWORD]) {
            let tenant = env.non_empty(TENANT_ID).unwrap_or("organizations");
            let login = Login::new(context, tenant, text(env, CLIENT_ID)?, allowed.to_vec())?;
            // msal checks it here too, but uses the global login server.
            Region::of(env)?;
            let (username, password) = (
                text(env, USERNAME)?.to_owned(),
                Secret::from(text(env, PASSWORD)?),
            );
            Box::new(UsernamePasswordCredential::new(login, username, password))
        } else {
            return Ok(Self {
                credential: Err(missing(env)),
            });
        };
        Ok(Self {
            credential: Ok(credential),
        })
    }
}

/// Returns the value of a variable that is set.
fn text<'a>(env: &'a Env, name: &str) -> Result<&'a str> {
    env.non_empty(name).ok_or_else(|| {
        Error::usage(format!("`{name}` is set, but it is empty or not UTF-8"))
            .with_hint(format!("give `{name}` a value, or unset it"))
    })
}

/// Names the missing variables of the login with the most variables set.
fn missing(env: &Env) -> String {
    let logins: [&[&str]; 3] = [
        &[TENANT_ID, CLIENT_ID, CLIENT_SECRET],
        &[TENANT_ID, CLIENT_ID, CERTIFICATE_PATH],
        &[CLIENT_ID, USERNAME, PASSWORD],
    ];
    let absent = |login: &[&'static str]| {
        login
            .iter()
            .copied()
            .filter(|name| env.get(name).is_none())
            .collect::<Vec<_>>()
    };
    // The ids, which the logins share, do not count.
    let present = |login: &[&str]| {
        login
            .iter()
            .filter(|name| ![TENANT_ID, CLIENT_ID].contains(name) && env.get(name).is_some())
            .count()
    };
    let login = logins
        .iter()
        .rev()
        .max_by_key(|login| present(login))
        .copied()
        .unwrap_or(logins[0]);
    let names: Vec<String> = absent(login).iter().map(|name| format!("`{name}`")).collect();
    let verb = if names.len() == 1 { "is" } else { "are" };
    format!("{} {verb} not set", names.join(", "))
}

impl Credential for EnvironmentCredential {
    fn name(&self) -> &'static str {
        "EnvironmentCredential"
    }

    fn token<'a>(&'a self, request: &'a TokenRequest) -> BoxFuture<'a, Result<AccessToken, Failure>> {
        match &self.credential {
            Ok(credential) => credential.token(request),
            Err(why) => Box::pin(std::future::ready(Err(Failure::Unavailable(why.clone())))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn env(names: &[&str]) -> Env {
        names
            .iter()
            .map(|name| ((*name).to_owned(), Secret::from("x")))
            .collect()
    }

    #[test]
    fn the_missing_variables_of_the_nearest_login_are_named() {
        assert_eq!(
            missing(&env(&[])),
            "`AZURE_TENANT_ID`, `AZURE_CLIENT_ID`, `AZURE_CLIENT_SECRET` are not set"
        );
        assert_eq!(
            missing(&env(&[CLIENT_ID, TENANT_ID])),
            "`AZURE_CLIENT_SECRET` is not set"
        );
        assert_eq!(
            missing(&env(&[CLIENT_SECRET, TENANT_ID])),
            "`AZURE_CLIENT_ID` is not set"
        );
        assert_eq!(
            missing(&env(&[CERTIFICATE_PATH, TENANT_ID])),
            "`AZURE_CLIENT_ID` is not set"
        );
        assert_eq!(
            missing(&env(&[CLIENT_ID, USERNAME])),
            "`AZURE_PASSWORD` is not set"
        );
    }
}
