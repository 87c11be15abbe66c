//! The mount and path that Airflow asks for a name: base paths, teams, and mounts that are part of the name.
//!
//! Source: apache-airflow-providers-hashicorp 4.8.4, `secrets/vault.py` (`_parse_path`, `_get_secret_with_base`,
//! `_names_a_team_namespace`, `_get_secret`, `get_config`) and `_internal_client/vault_client.py` (`_parse_secret_path`).

use super::address::{climbs, normalize, refuse_climbing};
use crate::error::{Error, Result};
use crate::kwargs::Kwargs;
use crate::location::{Address, Location};
use crate::privilege::Privilege;
use crate::python::json::Value;
use crate::python::repr::str;
use crate::secret::Secret;
use crate::shown::shown;
use crate::value::{Lookup, SecretKind, Step};

/// Airflow's default of `mount_point`.
const DEFAULT_MOUNT_POINT: &str = "secret";

/// The names of the kwargs that are taken here.
pub(super) const KWARGS: &[&str] = &[
    "connections_path",
    "variables_path",
    "config_path",
    "use_team_secrets_path",
    "global_secrets_path",
    "mount_point",
    "kv_engine_version",
];

/// The path of a secret.
#[derive(Clone, Debug)]
pub(super) struct SecretPath {
    /// The mount of the KV engine.
    pub(super) mount_point: String,
    /// The path within the mount, unquoted, without the `data/` of KV v2.
    pub(super) path: String,
    /// 1 or 2.
    pub(super) kv_engine_version: u8,
}

impl SecretPath {
    /// Returns what must be allowed to read it.
    ///
    /// # Errors
    /// A path that has another meaning in a policy, with status 2.
    pub(super) fn privilege(&self, namespace: Option<&Secret>) -> Result<Privilege> {
        let path = policy_path(&self.mount_point, &self.path, self.kv_engine_version);
        let is_pattern =
            path.ends_with('*') || path.contains("+*") || path.split('/').any(|segment| segment == "+");
        if is_pattern || path.contains("{{") || path.contains("}}") {
            return Err(Error::usage(format!(
                "a policy of Vault cannot name `{}` without allowing other paths",
                shown(&path)
            ))
            .with_detail("a `*` at the end, a segment `+`, `+*` and double braces are patterns there")
            .with_hint("leave this name out, and write its policy by hand"));
        }
        Ok(Privilege::Vault {
            path,
            namespace: namespace.and_then(Secret::expose_text).map(str::to_owned),
        })
    }
}

/// Returns the path of a secret as policies write it: not quoted.
pub(super) fn policy_path(mount: &str, path: &str, kv_engine_version: u8) -> String {
    match kv_engine_version {
        1 => format!("{mount}/{path}"),
        _ => format!("{mount}/data/{path}"),
    }
}

impl Address for SecretPath {
    fn words(&self) -> String {
        format!(
            "path `{}` of mount `{}`",
            shown(&self.path),
            shown(&self.mount_point)
        )
    }

    fn sentence(&self, place: &str) -> String {
        let mount = format!("mount `{}`", self.mount_point);
        // `place` names the mount already, unless the mount is part of the id.
        let mount = if place.contains(&mount) {
            String::new()
        } else {
            format!(" of {mount}")
        };
        format!(
            "path `{}`{mount} (KV version {}) in {place}",
            self.path, self.kv_engine_version
        )
    }

    fn fields(&self) -> Vec<(&'static str, serde_json::Value)> {
        vec![
            ("mount_point", self.mount_point.as_str().into()),
            ("path", self.path.as_str().into()),
            ("kv_engine_version", self.kv_engine_version.into()),
        ]
    }

    fn prefixes(&self, id: &str) -> Vec<String> {
        let Some(prefix) = self.path.strip_suffix(id) else {
            return Vec::new();
        };
        let mount = &self.mount_point;
        ["", "data/", &format!("{mount}/"), &format!("{mount}/data/")]
            .map(|start| format!("{start}{prefix}"))
            .to_vec()
    }
}

/// Whether a request for `path` asks for this very path: no segment is empty, `.` or `..`.
pub(super) fn normalized(path: &str) -> bool {
    !climbs(path) && !path.ends_with("/.") && path != "." && normalize(path) == path
}

/// How names become paths.
#[derive(Clone, Debug)]
pub(super) struct Paths {
    connections: Option<Vec<String>>,
    variables: Option<Vec<String>>,
    config: Option<Vec<String>>,
    use_team_secrets_path: bool,
    /// `None` where it is null or empty: the first segment of the name is then the mount.
    mount_point: Option<String>,
    kv_engine_version: u8,
}

/// Returns the kwarg with the paths of `kind`.
fn kwarg_of(kind: SecretKind) -> &'static str {
    match kind {
        SecretKind::Connection => "connections_path",
        SecretKind::Variable => "variables_path",
        SecretKind::Config => "config_path",
    }
}

/// Takes the version of the KV engine. The default is 2, also for anything that Python finds false.
fn kv_engine_version(kwargs: &mut Kwargs) -> Result<u8> {
    if kwargs
        .get("kv_engine_version")
        .is_none_or(|version| !version.is_truthy())
    {
        kwargs.take("kv_engine_version");
        return Ok(2);
    }
    match kwargs.integer("kv_engine_version")? {
        Some(1) => Ok(1),
        Some(2) => Ok(2),
        _ => Err(Error::usage("backend kwarg `kv_engine_version` must be 1 or 2")),
    }
}

impl Paths {
    /// Takes the kwargs of the paths.
    ///
    /// # Errors
    /// A value of the wrong type, or a path that climbs with `..`, with status 2.
    pub(super) fn from_kwargs(kwargs: &mut Kwargs) -> Result<Self> {
        let mut paths = |name, default| -> Result<Option<Vec<String>>> {
            let set_by = kwargs.set_by(name);
            let paths = match kwargs.get(name).and_then(Value::as_object) {
                // Python iterates over the keys of a dictionary.
                Some(object) => Some(object.keys().cloned().collect()),
                None => kwargs.texts_or(name, default)?,
            };
            kwargs.take(name);
            for path in paths.iter().flatten() {
                refuse_climbing(name, set_by.as_deref(), path)?;
            }
            Ok(paths.map(|paths: Vec<String>| {
                paths
                    .iter()
                    .map(|path| path.trim_end_matches('/').to_owned())
                    .collect()
            }))
        };
        let (mut connections, mut variables, mut config) = (
            paths("connections_path", "connections")?,
            paths("variables_path", "variables")?,
            paths("config_path", "config")?,
        );
        let set_by = kwargs.set_by("global_secrets_path");
        if let Some(global) = kwargs.text("global_secrets_path")? {
            refuse_climbing("global_secrets_path", set_by.as_deref(), &global)?;
            for paths in [&mut connections, &mut variables, &mut config] {
                paths
                    .get_or_insert_default()
                    .push(global.trim_end_matches('/').to_owned());
            }
        }
        let use_team_secrets_path = kwargs.flag("use_team_secrets_path", true);
        let set_by = kwargs.set_by("mount_point");
        let mount_point = if kwargs.contains("mount_point") {
            kwargs.truthy("mount_point").as_ref().map(str)
        } else {
            Some(DEFAULT_MOUNT_POINT.to_owned())
        };
        if let Some(mount) = &mount_point {
            refuse_climbing("mount_point", set_by.as_deref(), mount)?;
        }
        let kv_engine_version = kv_engine_version(kwargs)?;
        Ok(Self {
            connections,
            variables,
            config,
            use_team_secrets_path,
            mount_point,
            kv_engine_version,
        })
    }

    /// Returns a note about the assumed version of the KV engine: if it is wrong, nothing is found, and Vault does not say why.
    pub(super) fn asked_as(&self) -> &'static str {
        match self.kv_engine_version {
            1 => "asked as KV v1; if the mount is KV v2, set `kv_engine_version` to 2",
            _ => "asked as KV v2; if the mount is KV v1, set `kv_engine_version` to 1",
        }
    }

    /// Returns a hint when a part of `path` is probably there twice.
    ///
    /// It is for a secret of `kind` at `path` of `mount` that is absent or denied.
    pub(super) fn misplaced(&self, kind: SecretKind, mount: &str, path: &str) -> Option<String> {
        let kwarg = kwarg_of(kind);
        let below = |start: &str| {
            let rest = path.strip_prefix(start);
            rest.is_some_and(|rest| rest.starts_with('/'))
        };
        if self.kv_engine_version == 1 {
            return below("data").then(|| {
                format!(
                    "`data/` belongs to KV v2: set `kv_engine_version` to 2 and remove `data/` from `{kwarg}`"
                )
            });
        }
        if mount.ends_with("/data") {
            return Some("KV v2 adds `data/` itself: remove `/data` from `mount_point`".to_owned());
        }
        if below("data") {
            return Some(format!(
                "KV v2 adds `data/` itself: remove `data/` from `{kwarg}`"
            ));
        }
        if self.mount_point.is_some() && below(mount) {
            let data = if below(&format!("{mount}/data")) {
                "data/"
            } else {
                ""
            };
            let mount: String = mount.chars().take(80).collect();
            return Some(format!(
                "the mount is in the path twice: remove `{mount}/{data}` from `{kwarg}`"
            ));
        }
        None
    }

    /// Returns the configured mount, if there is one.
    pub(super) fn mount_point(&self) -> Option<&str> {
        self.mount_point.as_deref()
    }

    /// Returns the steps of a lookup, in Airflow's order.
    ///
    /// # Errors
    /// An id, or a team, that climbs out of its path with `..`, with status 2.
    pub(super) fn plan(&self, lookup: &Lookup) -> Result<Vec<Step>> {
        let id = lookup.id.as_str();
        if climbs(id) {
            return Err(Error::usage(format!(
                "the name of the {} climbs out of its path with `..`",
                lookup.kind
            ))
            .with_detail("Vault would be asked for a path outside the configured one"));
        }
        let kwarg = kwarg_of(lookup.kind);
        let bases = match lookup.kind {
            SecretKind::Connection => &self.connections,
            SecretKind::Variable => &self.variables,
            SecretKind::Config => &self.config,
        };
        let Some(bases) = bases.as_ref().filter(|bases| !bases.is_empty()) else {
            let what = if bases.is_some() { "an empty list" } else { "null" };
            return Ok(vec![self.skip(
                id,
                format!("`{kwarg}` is {what}: {}s are not looked up in Vault", lookup.kind),
            )]);
        };
        let scoped = lookup.kind != SecretKind::Config && lookup.multi_team && self.use_team_secrets_path;
        let team = if scoped { lookup.team.as_deref() } else { None };
        if team.is_some_and(climbs) {
            return Err(Error::usage(
                "the name of the team climbs out of its path with `..`",
            ));
        }
        if scoped && team.is_none() && self.key_part(id).is_some_and(|(_, key)| key.contains('/')) {
            let why = "with `multi_team` and no team, an id with `/` could name a team's secret";
            return Ok(vec![self.skip(id, why.to_owned())]);
        }
        Ok(bases.iter().map(|base| self.step(base, team, id)).collect())
    }

    /// Splits a name into its mount and the rest; `None` when the mount is missing. A configured mount is not part of the name.
    fn key_part<'a>(&self, id: &'a str) -> Option<(&'a str, &'a str)> {
        if self.mount_point.is_some() {
            Some(("", id))
        } else {
            id.split_once('/')
        }
    }

    /// Returns the step of one base path.
    fn step(&self, base: &str, team: Option<&str>, id: &str) -> Step {
        let missing_mount = "`mount_point` is null and the name does not begin with a mount and `/`";
        let Some((mount, key)) = self.key_part(id) else {
            return self.skip(id, missing_mount.to_owned());
        };
        let base = match team {
            Some(team) => format!("{base}/{team}"),
            None => base.to_owned(),
        };
        let path = if base.is_empty() {
            key.to_owned()
        } else {
            format!("{base}/{key}")
        };
        let path = if mount.is_empty() {
            path
        } else {
            format!("{mount}/{path}")
        };
        match &self.mount_point {
            Some(mount) => Step::ask(self.location(mount, &path)),
            None => match path.split_once('/') {
                Some((mount, path)) => Step::ask(self.location(mount, path)),
                None => self.skip(id, missing_mount.to_owned()),
            },
        }
    }

    fn skip(&self, id: &str, why: String) -> Step {
        Step::skip(
            self.location(self.mount_point.as_deref().unwrap_or_default(), id),
            why,
        )
    }

    fn location(&self, mount: &str, path: &str) -> Location {
        Location::new(SecretPath {
            mount_point: normalize(mount),
            path: normalize(path),
            kv_engine_version: self.kv_engine_version,
        })
    }
}
