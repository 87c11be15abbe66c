//! What must be allowed so that names can be read, without I/O: the privileges of the steps of their plans.

use super::Resolver;
use crate::error::{Error, Result};
use crate::privilege::{PolicyFormat, Privilege};
use crate::shown::shown;
use crate::value::SecretKind;

/// The privileges that names need.
#[derive(Debug, Default)]
pub struct Privileges {
    /// The privileges, each once, in the order of the names.
    pub needed: Vec<Privilege>,
    /// What is not asked for, and why.
    pub skipped: Vec<String>,
}

impl Resolver {
    /// Returns what policies of `format` must allow so that every one of `names` can be read.
    ///
    /// # Errors
    /// No backend on the search path has policies of this format, a name that cannot be looked up, or one that such a policy cannot
    /// write, with status 2.
    pub fn privileges(&self, format: PolicyFormat, names: &[(SecretKind, &str)]) -> Result<Privileges> {
        let backends: Vec<_> = self
            .backends
            .iter()
            .filter(|backend| backend.policy_format() == Some(format))
            .collect();
        if backends.is_empty() {
            return Err(self.no_such_policy(format));
        }
        let mut privileges = Privileges::default();
        for &(kind, id) in names {
            let lookup = self.lookup(kind, id)?;
            for backend in &backends {
                for step in backend.plan(&lookup)? {
                    let name = format!("{kind} `{}`", shown(id));
                    if let Some(why) = &step.skipped {
                        let place = backend.place();
                        privileges
                            .skipped
                            .push(format!("{name} is not looked up in {place}: {why}"));
                        continue;
                    }
                    let privilege = backend
                        .privilege(&step)
                        .map_err(|error| error.with_detail(format!("it is for {name}")))?;
                    let is_new = |privilege: &Privilege| !privileges.needed.contains(privilege);
                    privileges.needed.extend(privilege.filter(is_new));
                }
            }
        }
        Ok(privileges)
    }

    /// Returns the error of a format that belongs to no backend on the search path.
    fn no_such_policy(&self, format: PolicyFormat) -> Error {
        let known = self
            .backends
            .iter()
            .find_map(|backend| Some((backend.place(), backend.policy_format()?)));
        if let Some((place, other)) = known {
            return Error::usage(format!(
                "the format `{}` does not fit the secrets backend, which is {place}",
                format.word()
            ))
            .with_hint(format!("use `--format {}`", other.word()));
        }
        let first = self.backends.first().map(|backend| backend.place());
        let error = Error::usage(format!(
            "no secrets backend is configured that policies of the format `{}` are for",
            format.word()
        ))
        .with_hint("configure Vault, a store of AWS, Google Secret Manager or Azure Key Vault");
        first.into_iter().fold(error, |error, place| {
            error.with_detail(format!("the search path begins with {place}"))
        })
    }
}
