//! What `doctor` asks of Vault: its health, the token of the login, and the mounts of the configured paths.
//!
//! All of it is `GET`, but for the login. A token may always look itself up by Vault's policy `default`, and see the mounts that it has
//! any access to. Sources: <https://developer.hashicorp.com/vault/api-docs/system/health>, `auth/token#lookup-a-token-self`,
//! `system/internal-ui-mounts`.

use std::time::Duration;

use super::answer::{self, Envelope};
use super::client::{Client, MAX_SHOWN_CHARS};
use super::paths::SecretPath;
use super::{VaultBackend, quote_path};
use crate::backend::BoxFuture;
use crate::backend::checkup::{ABSENT_NAME, Checkup, Endpoint, span};
use crate::error::{Error, Result};
use crate::http::Response;
use crate::python::json::{Object, Value};
use crate::report::{Check, Section};
use crate::shown::shown;
use crate::value::{Lookup, SecretKind};

/// The checks that only Vault's backend makes.
pub(super) const CHECKS: &[Check] = &[Check::Login, Check::Mount];

/// A token with less life left gets a warning, unless a login can replace it.
const SHORT_LIFE: Duration = Duration::from_hours(24);

/// The most policies that a line names.
const MOST_POLICIES: usize = 12;

/// Returns Vault as a server to examine.
fn endpoint(client: &Client) -> Endpoint<'_> {
    let config = &client.config;
    let endpoint = Endpoint::new(client.http(), config.address.url("v1/sys/health"))
        .following_redirects(config.allow_redirects)
        .needing_clock(config.auth.needs_clock())
        .explained(|failure| client.unreachable(failure))
        .described(|response| health(client, response));
    if config.request_header {
        endpoint.with_header("x-vault-request", "true")
    } else {
        endpoint
    }
}

/// Says what the answer of `sys/health` means.
///
/// Source: the statuses are 200 active, 429 standby, 472 and 473 replicas, 501 not initialized, 503 sealed.
fn health(client: &Client, response: &Response) -> Result<String> {
    let place = client.config.address.shown();
    let Some(Envelope(health)) = Envelope::of(response) else {
        return Err(match response.status {
            400 => client.unexpected(response),
            _ => answer::not_vault(&client.config.address, response),
        });
    };
    let is = |name: &str| health.get(name) == Some(&Value::Bool(true));
    let version = health.get("version").and_then(Value::as_str);
    let version = version.map_or_else(
        || "Vault".to_owned(),
        |version| format!("version {}", client.clean(version)),
    );
    if health.get("initialized") == Some(&Value::Bool(false)) {
        return Err(Error::unavailable(format!("Vault at {place} is not initialized"))
            .with_hint("initialize it with `vault operator init`"));
    }
    if is("sealed") {
        return Err(
            Error::unavailable(format!("Vault at {place} is sealed ({version})"))
                .with_hint("unseal it with `vault operator unseal`"),
        );
    }
    Ok(match (health.contains_key("sealed"), is("standby")) {
        // A gateway, or a namespace, may keep it to itself.
        (false, _) => format!(
            "it answers, but does not tell its health (status {})",
            response.status
        ),
        (true, true) => format!("{version}, unsealed, a standby"),
        (true, false) => format!("{version}, unsealed"),
    })
}

impl Checkup for VaultBackend {
    fn checks(&self) -> &'static [Check] {
        CHECKS
    }

    fn examine<'a>(&'a self, section: &'a mut Section) -> BoxFuture<'a, ()> {
        Box::pin(self.look_around(section))
    }
}

impl VaultBackend {
    /// Logs in, and looks at the token and the mounts, up to the first failure.
    pub(super) async fn look_around(&self, section: &mut Section) {
        if let Err(error) = self.client.config.check_identity() {
            return section.failure(Check::Tls, &error);
        }
        if !endpoint(&self.client).examine(section).await {
            return;
        }
        let probed = self.probed();
        match self.who_am_i(probed.first()).await {
            Err(error) => return section.failure(Check::Login, &error),
            Ok((words, None)) => section.ok(Check::Login, words),
            Ok((words, way_out)) => section.warning(Check::Login, words, way_out),
        }
        let mut seen: Vec<&str> = Vec::new();
        for path in &probed {
            if seen.contains(&path.mount_point.as_str()) {
                continue;
            }
            match self.mount(path).await {
                Err(error) => return section.failure(Check::Mount, &error),
                Ok(Some(words)) => section.ok(Check::Mount, words),
                Ok(None) => {}
            }
            seen.push(&path.mount_point);
        }
        let auth = &self.client.config.auth;
        if let Some(note) = self.client.ignored_namespace() {
            let way_out = "set the kwarg `namespace`, or remove the variable";
            section.warning(Check::Login, note, Some(way_out.to_owned()));
        }
        if let Some(note) = &auth.unused {
            let way_out = "remove the kwargs, or set `auth_type`";
            section.warning(Check::Login, note.as_str(), Some(way_out.to_owned()));
        }
    }

    /// Logs in, and says as whom the token is, and what to do soon.
    async fn who_am_i(&self, probed: Option<&SecretPath>) -> Result<(String, Option<String>)> {
        let response = self.client.read("v1/auth/token/lookup-self").await?;
        let Some(envelope) = Envelope::of(&response) else {
            return Err(if response.body.is_empty() {
                self.client.unexpected(&response)
            } else {
                answer::not_vault(&self.client.config.address, &response)
            });
        };
        match response.status {
            200 => {
                let Envelope(fields) = envelope;
                let empty = Object::new();
                let data = fields.get("data").and_then(Value::as_object).unwrap_or(&empty);
                Ok(self.identity(data))
            }
            403 | 404 => {
                if !self.client.config.auth.logs_in()
                    && let Some(path) = probed
                    && self.client.read(&api_path(path)).await?.status == 403
                {
                    return Err(self.unknown_token(&envelope));
                }
                let auth_type = self.client.config.auth.name();
                let words =
                    format!("`{auth_type}`; the token may not look itself up, so its life is not known");
                Ok((words, None))
            }
            _ => Err(self.client.unexpected(&response)),
        }
    }

    /// Returns the error of a token that may neither look itself up nor read anything. Vault does not say whether it knows it.
    fn unknown_token(&self, envelope: &Envelope) -> Error {
        let place = self.client.config.address.shown();
        let mut error = Error::denied(format!("Vault at {place} does not accept the token"));
        if let Some(words) = envelope.words() {
            error = error.with_detail(format!("Vault says: {}", self.client.clean(&words)));
        }
        error = self
            .client
            .ignored_namespace()
            .into_iter()
            .fold(error, Error::with_detail);
        error.with_hint(
            "the token has expired, was revoked, or belongs to another namespace or server: get a new one with `vault login` or \
             `vault token create`",
        )
    }

    /// Describes the token: as whom, how long, with which policies. A token that nothing renews may need something to be done.
    fn identity(&self, data: &Object) -> (String, Option<String>) {
        let auth = &self.client.config.auth;
        let text = |name: &str| {
            let text = data
                .get(name)
                .and_then(Value::as_str)
                .filter(|text| !text.is_empty());
            text.map(|text| shown(&self.client.clean(text)))
        };
        let number = |name: &str| match data.get(name) {
            Some(Value::Int(digits)) => digits.parse::<u64>().ok(),
            _ => None,
        };
        let mut words = format!("`{}`", auth.name());
        if let Some(name) = text("display_name") {
            words = format!("{words} as `{name}`");
        }
        let ttl = number("ttl")
            .filter(|seconds| *seconds > 0)
            .map(Duration::from_secs);
        words = match ttl {
            Some(left) => format!("{words}, {} left", span(left)),
            None => format!("{words}, without an end"),
        };
        if let Some(uses) = number("num_uses").filter(|uses| *uses > 0) {
            words = format!("{words}, {uses} uses left");
        }
        let of = |name: &str| data.get(name).and_then(Value::as_list).unwrap_or_default();
        let policies: Vec<String> = of("policies")
            .iter()
            .chain(of("identity_policies"))
            .filter_map(Value::as_str)
            .take(MOST_POLICIES)
            .map(|policy| format!("`{}`", shown(&self.client.clean(policy))))
            .collect();
        words = match policies.as_slice() {
            [] => format!("{words}, no policies"),
            policies => format!("{words}, policies {}", policies.join(", ")),
        };
        let ends_soon = !auth.logs_in() && ttl.is_some_and(|left| left < SHORT_LIFE);
        let way_out = ends_soon.then(|| {
            "renew the token with `vault token renew`, or let secretctl log in with another `auth_type`"
                .to_owned()
        });
        (words, way_out)
    }

    /// Returns the paths of a name of each kind.
    fn probed(&self) -> Vec<SecretPath> {
        let kinds = [SecretKind::Connection, SecretKind::Variable, SecretKind::Config];
        let steps = kinds.into_iter().flat_map(|kind| {
            let lookup = Lookup {
                kind,
                id: ABSENT_NAME.to_owned(),
                team: None,
                multi_team: false,
            };
            self.client.config.paths.plan(&lookup).unwrap_or_default()
        });
        steps
            .filter(|step| step.skipped.is_none())
            .filter_map(|step| step.location.address::<SecretPath>().cloned().ok())
            .collect()
    }

    /// Says what is mounted where `path` is. `None` when Vault does not say: the read says whether it is allowed.
    async fn mount(&self, path: &SecretPath) -> Result<Option<String>> {
        let mount: String = shown(&path.mount_point).chars().take(MAX_SHOWN_CHARS).collect();
        let about = format!("v1/sys/internal/ui/mounts/{}", quote_path(&path.mount_point));
        let response = self.client.read(&about).await?;
        let data =
            Envelope::of(&response).and_then(|Envelope(mut fields)| match fields.shift_remove("data") {
                Some(Value::Object(data)) if response.status == 200 => Some(data),
                _ => None,
            });
        let Some(data) = data else {
            return self.missing_mount(path, &mount).await;
        };
        let engine = data.get("type").and_then(Value::as_str).unwrap_or_default();
        if !matches!(engine, "kv" | "generic") {
            return Err(Error::usage(format!(
                "mount `{mount}` is not a KV engine, but `{}`",
                shown(engine)
            ))
            .with_hint("set `mount_point` to a mount of a KV engine: `vault secrets list` shows them"));
        }
        let options = data.get("options").and_then(Value::as_object);
        let version = options
            .and_then(|options| options.get("version"))
            .and_then(Value::as_str);
        let version = if version == Some("2") { 2 } else { 1 };
        if version != path.kv_engine_version {
            return Err(Error::usage(format!(
                "mount `{mount}` is KV v{version}, but is read as KV v{}",
                path.kv_engine_version
            ))
            .with_hint(format!("set the kwarg `kv_engine_version` to {version}")));
        }
        Ok(Some(format!("`{mount}` is KV v{version}")))
    }

    /// Asks for a name in `path` to learn whether there is such a mount: Vault answers a mount that is absent as one that is forbidden.
    async fn missing_mount(&self, path: &SecretPath, mount: &str) -> Result<Option<String>> {
        let response = self.client.read(&api_path(path)).await?;
        let has_no_mount = Envelope::of(&response).is_some_and(|envelope| envelope.says_no_mount());
        if response.status != 404 || !has_no_mount {
            return Ok(None);
        }
        let error = Error::usage(format!("Vault has no mount `{mount}`"));
        Err(match self.client.ignored_namespace() {
            Some(_) => error
                .with_detail("`VAULT_NAMESPACE` is set, but Airflow does not read it")
                .with_hint("set the backend kwarg `namespace`"),
            None => error.with_hint("check `mount_point`: `vault secrets list` shows the mounts"),
        })
    }
}

/// Returns the path of a read, as the backend itself makes it.
fn api_path(path: &SecretPath) -> String {
    VaultBackend::api_path(&path.mount_point, &path.path, path.kv_engine_version)
}
