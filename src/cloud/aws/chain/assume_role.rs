//! A profile with `role_arn`: another profile, or a machine, lends its keys, and the Security Token Service exchanges them.
//!
//! Owns which keys are lent. Source: botocore 1.44.8, `credentials.py` (`AssumeRoleProvider`, `CanonicalNameCredentialSourcer`,
//! `AssumeRoleCredentialFetcher`).

use std::pin::Pin;

use super::instance::Instance;
use super::{container, environment, keys, of_profile};
use crate::cloud::aws::credentials::Credentials;
use crate::cloud::aws::settings::{SessionSettings, described};
use crate::cloud::aws::sts::{self, Action, StsOptions};
use crate::cloud::services::Services;
use crate::error::{Error, Result};
use crate::nearest::nearest;
use crate::python::int;
use crate::python::json::{Object, Value};
use crate::shown::shown;

/// The sources that `credential_source` may name.
const SOURCES: [&str; 3] = ["Environment", "EcsContainer", "Ec2InstanceMetadata"];

/// Returns the credentials of the profile's role, if it has one that is assumed with keys.
///
/// # Errors
/// A role that is set up wrongly, with status 2; a source without credentials, a refusal, or a role that asks for a code, 4; no
/// answer, 5.
pub(super) async fn credentials(
    session: &SessionSettings,
    services: &Services,
    instance: &Instance,
    profile: &str,
) -> Result<Option<Credentials>> {
    if !has_role(session, profile) {
        return Ok(None);
    }
    let chain = RoleChain {
        session,
        services,
        instance,
    };
    chain.assume(profile, vec![profile.to_owned()]).await.map(Some)
}

/// Returns whether a profile has a role that is assumed with keys. A web identity has its own source.
fn has_role(session: &SessionSettings, profile: &str) -> bool {
    session.profile_entry(profile, "role_arn").is_some()
        && session
            .profile_entry(profile, "web_identity_token_file")
            .is_none()
}

/// The roles that lead to the profile's.
#[derive(Clone, Copy)]
struct RoleChain<'a> {
    session: &'a SessionSettings,
    services: &'a Services,
    instance: &'a Instance,
}

/// Who lends the keys.
enum Source<'a> {
    Profile(&'a str),
    Machine(&'a str),
}

impl<'a> RoleChain<'a> {
    /// Assumes the role of `profile`. `visited` has the profiles so far, this one last.
    fn assume(
        self,
        profile: &'a str,
        mut visited: Vec<String>,
    ) -> Pin<Box<dyn Future<Output = Result<Credentials>> + Send + 'a>> {
        Box::pin(async move {
            let source = self.source(profile, &visited)?;
            self.check_code(profile)?;
            let parameters = self.parameters(profile)?;
            let keys = match source {
                Source::Machine(name) => self.of_machine(profile, name).await?,
                Source::Profile(name) => {
                    visited.push(name.to_owned());
                    let is_role = !keys::has_any(self.session, name) && has_role(self.session, name);
                    if is_role {
                        self.assume(name, visited).await?
                    } else {
                        self.of_profile(profile, name).await?
                    }
                }
            };
            let what = described(profile);
            let place = format!("{what}, in {}", self.session.place(profile, "role_arn"));
            let options = StsOptions::default();
            let action = Action::AssumeRole(&keys);
            sts::assume(self.session, &options, action, &parameters, &place).await
        })
    }

    /// Refuses a role that asks for a code: botocore would read it from the terminal.
    fn check_code(self, profile: &str) -> Result<()> {
        let what = described(profile);
        if let Some(serial) = self.session.profile_text(profile, "mfa_serial")? {
            return Err(
                Error::denied(format!("the role of {what} asks for a code of a device"))
                    .with_detail(format!(
                        "`mfa_serial` is in {}: `{}`",
                        self.session.place(profile, "mfa_serial"),
                        shown(serial)
                    ))
                    .with_hint(
                        "get credentials with `aws sts get-session-token`, and set them in the environment",
                    ),
            );
        }
        Ok(())
    }

    /// Returns who lends the keys for the role of `profile`: `_get_role_config`.
    fn source(self, profile: &str, visited: &[String]) -> Result<Source<'a>> {
        let session = self.session;
        let what = described(profile);
        let of = |key: &str| {
            let path = session.place(profile, key);
            format!("`{key}` is in {path}")
        };
        let machine = session.profile_text(profile, "credential_source")?;
        let lender = session.profile_text(profile, "source_profile")?;
        match (machine, lender) {
            (Some(_), Some(_)) => Err(Error::usage(format!(
                "{what} has both `source_profile` and `credential_source`"
            ))
            .with_detail(of("credential_source"))
            .with_hint("remove one of them")),
            (None, None) => Err(Error::usage(format!(
                "{what} has a `role_arn`, but no `source_profile` or `credential_source`"
            ))
            .with_detail(of("role_arn"))
            .with_hint("name the profile that lends its keys in `source_profile`")),
            (Some(name), None) if SOURCES.contains(&name) => Ok(Source::Machine(name)),
            (Some(name), None) => {
                let error = Error::usage(format!(
                    "{what} has an unknown `credential_source`: `{}`",
                    shown(name)
                ))
                .with_detail(of("credential_source"));
                Err(match nearest(name, &SOURCES) {
                    Some(nearest) => error.with_hint(format!("did you mean `{nearest}`?")),
                    None => error.with_hint(format!("it is one of `{}`", SOURCES.join("`, `"))),
                })
            }
            (None, Some(name)) => self
                .check_lender(profile, name, visited)
                .map(|()| Source::Profile(name)),
        }
    }

    /// Checks that the profile `name` exists and that the roles do not go in a circle: `_validate_source_profile`.
    fn check_lender(self, profile: &str, name: &str, visited: &[String]) -> Result<()> {
        let session = self.session;
        let what = described(profile);
        let detail = format!(
            "`source_profile` is in {}",
            session.place(profile, "source_profile")
        );
        if !session.has_profile(name) {
            let error = Error::usage(format!(
                "{what} names the profile `{}`, which is missing",
                shown(name)
            ))
            .with_detail(detail);
            let known = session.profile_names();
            return Err(match nearest(name, &known) {
                Some(nearest) => error.with_hint(format!("did you mean `{}`?", shown(nearest))),
                None => error.with_hint("add that profile, or name another one"),
            });
        }
        let seen = visited.iter().any(|visited| visited == name);
        // A profile may lend itself its own keys.
        if !seen || name == profile && keys::has_any(session, name) {
            return Ok(());
        }
        Err(Error::usage(format!(
            "the roles of {what} go in a circle, back to the profile `{}`",
            shown(name)
        ))
        .with_detail(detail)
        .with_hint("let the last `source_profile` name a profile with keys"))
    }

    async fn of_profile(self, profile: &str, name: &str) -> Result<Credentials> {
        let keys = of_profile(self.session, self.services, name, false).await?;
        keys.ok_or_else(|| {
            Error::usage(format!(
                "the profile `{}`, which lends its keys to {}, has no credentials",
                shown(name),
                described(profile)
            ))
            .with_detail(format!(
                "`source_profile` is in {}",
                self.session.place(profile, "source_profile")
            ))
            .with_hint(format!("add keys to the profile `{}`", shown(name)))
        })
    }

    async fn of_machine(self, profile: &str, name: &str) -> Result<Credentials> {
        let keys = match name {
            "Environment" => environment::credentials(self.session)?,
            "EcsContainer" => container::credentials(self.session, self.services).await?,
            _ => self.instance.credentials(self.services).await?,
        };
        keys.ok_or_else(|| {
            Error::denied(format!(
                "no credentials in the `credential_source` of {}, `{name}`",
                described(profile)
            ))
            .with_detail(format!(
                "`credential_source` is in {}",
                self.session.place(profile, "credential_source")
            ))
            .with_hint("run it where that source exists, or name a `source_profile`")
        })
    }

    /// Returns the parameters of the call, in botocore's order.
    fn parameters(self, profile: &str) -> Result<Object> {
        let mut parameters = Object::new();
        for (key, name) in [
            ("role_session_name", "RoleSessionName"),
            ("external_id", "ExternalId"),
        ] {
            if let Some(text) = self.session.profile_text(profile, key)? {
                parameters.insert(name.to_owned(), Value::String(text.to_owned()));
            }
        }
        // botocore ignores a duration that is not a number.
        let duration = self.session.profile_text(profile, "duration_seconds")?;
        if let Some(seconds) = duration.and_then(int::parse) {
            parameters.insert("DurationSeconds".to_owned(), Value::Int(seconds));
        }
        let role = self
            .session
            .profile_text(profile, "role_arn")?
            .unwrap_or_default();
        parameters.insert("RoleArn".to_owned(), Value::String(role.to_owned()));
        sts::name_session(&mut parameters);
        Ok(parameters)
    }
}
