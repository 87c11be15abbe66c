//! Where a client's settings come from: the environment, and the profile of the session.
//!
//! The rules for a setting (which place comes first, which values are valid) are beside the setting. Source: botocore 1.44.8,
//! `configprovider.py` (`BOTOCORE_DEFAUT_SESSION_VARIABLES`, `ConfigChainFactory`, `ConfiguredEndpointProvider`).

use super::settings::SessionSettings;
use crate::error::Result;
use crate::shown::shown;

/// The places in which botocore looks for a client's settings.
pub(crate) trait ClientConfig {
    /// Returns an environment variable, even when it is empty.
    fn variable(&self, name: &str) -> Option<&str>;

    /// Returns a key of the session's profile, even when it is empty.
    fn profile(&self, key: &str) -> Option<&str>;

    /// Returns a key of `service` in the section `services` that the profile names.
    ///
    /// # Errors
    /// The profile names a section that is missing or empty.
    fn service(&self, service: &str, key: &str) -> Result<Option<&str>>;

    /// Returns where a key of the profile is, or would be, for messages: "the AWS profile `dev` (`/home/me/.aws/config`, line 3)".
    fn profile_place(&self, key: &str) -> String;

    /// Returns the region that the session was given: by a kwarg, or by the session from which a role is assumed.
    fn given_region(&self) -> Option<&str>;

    /// Returns the first of a variable and a key of the profile that is set, even when it is empty.
    fn variable_or_profile(&self, variable: &'static str, key: &'static str) -> Option<Setting<'_>> {
        let from_variable = self.variable(variable).map(|value| Setting {
            value,
            place: format!("`{variable}`"),
        });
        from_variable.or_else(|| {
            self.profile(key).map(|value| Setting {
                value,
                place: format!("`{key}` of {}", self.profile_place(key)),
            })
        })
    }

    /// Returns whether a setting is `true`, in any case. Every other value means false.
    fn is_true(&self, variable: &'static str, key: &'static str) -> bool {
        self.variable(variable)
            .or_else(|| self.profile(key))
            .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

impl ClientConfig for SessionSettings {
    fn variable(&self, name: &str) -> Option<&str> {
        self.env().text(name)
    }

    fn profile(&self, key: &str) -> Option<&str> {
        self.config_value(key)
    }

    fn service(&self, service: &str, key: &str) -> Result<Option<&str>> {
        self.service_value(service, key)
    }

    fn given_region(&self) -> Option<&str> {
        self.options.region_name.as_deref()
    }

    fn profile_place(&self, key: &str) -> String {
        format!(
            "the AWS profile `{}` ({})",
            shown(self.profile_name()),
            self.config_place(key)
        )
    }
}

/// A setting, and its place for messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Setting<'a> {
    /// Its value, which may be empty.
    pub(crate) value: &'a str,
    /// The variable, the kwarg, or the key and its profile.
    pub(crate) place: String,
}

/// Settings as a test states them.
#[cfg(test)]
#[derive(Default)]
pub(crate) struct Plain {
    pub(crate) env: std::collections::BTreeMap<&'static str, &'static str>,
    pub(crate) profile: std::collections::BTreeMap<&'static str, &'static str>,
    /// The `endpoint_url` by service; `None` when the profile's `services` names a missing section.
    pub(crate) services: Option<std::collections::BTreeMap<&'static str, &'static str>>,
}

#[cfg(test)]
impl ClientConfig for Plain {
    fn variable(&self, name: &str) -> Option<&str> {
        self.env.get(name).copied()
    }

    fn profile(&self, key: &str) -> Option<&str> {
        self.profile.get(key).copied()
    }

    fn service(&self, service: &str, _key: &str) -> Result<Option<&str>> {
        match (&self.services, self.profile.contains_key("services")) {
            (Some(services), _) => Ok(services.get(service).copied()),
            (None, true) => Err(crate::error::Error::usage("no such services")),
            (None, false) => Ok(None),
        }
    }

    fn given_region(&self) -> Option<&str> {
        None
    }

    fn profile_place(&self, _key: &str) -> String {
        "the profile `default`".to_owned()
    }
}
