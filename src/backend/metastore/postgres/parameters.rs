//! libpq's parameters, from the URL, a service, the environment and the defaults, in this order.
//!
//! Owns the names of the parameters and where each value came from. Must not know what a value means. Facts: SQLAlchemy 2.1.9,
//! `dialects/postgresql/_psycopg_common.py` (`create_connect_args`) and `base.py` (`_split_multihost_from_url`); PostgreSQL 18,
//! `src/interfaces/libpq/fe-connect.c` (`PQconninfoOptions`, `conninfo_add_defaults`, `parseServiceFile`).

use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::backend::metastore::url::DatabaseUrl;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::secret::Secret;
use crate::shown::shown;

/// The parameters that have an effect here, and their variables.
const KEYWORDS: &[(&str, Option<&str>)] = &[
    ("service", Some("PGSERVICE")),
    ("user", Some("PGUSER")),
    ("password", Some("PGPASSWORD")),
    ("passfile", Some("PGPASSFILE")),
    ("channel_binding", Some("PGCHANNELBINDING")),
    ("connect_timeout", Some("PGCONNECT_TIMEOUT")),
    ("dbname", Some("PGDATABASE")),
    ("host", Some("PGHOST")),
    ("hostaddr", Some("PGHOSTADDR")),
    ("port", Some("PGPORT")),
    ("options", Some("PGOPTIONS")),
    ("application_name", Some("PGAPPNAME")),
    ("fallback_application_name", None),
    ("sslmode", Some("PGSSLMODE")),
    ("sslnegotiation", Some("PGSSLNEGOTIATION")),
    ("sslcert", Some("PGSSLCERT")),
    ("sslkey", Some("PGSSLKEY")),
    ("sslcertmode", Some("PGSSLCERTMODE")),
    ("sslrootcert", Some("PGSSLROOTCERT")),
    ("sslcrl", Some("PGSSLCRL")),
    ("sslcrldir", Some("PGSSLCRLDIR")),
    ("ssl_min_protocol_version", Some("PGSSLMINPROTOCOLVERSION")),
    ("ssl_max_protocol_version", Some("PGSSLMAXPROTOCOLVERSION")),
    ("requirepeer", Some("PGREQUIREPEER")),
    ("require_auth", Some("PGREQUIREAUTH")),
    ("gssencmode", Some("PGGSSENCMODE")),
    ("target_session_attrs", Some("PGTARGETSESSIONATTRS")),
];

/// Parameters of libpq, and arguments of the two drivers, that change nothing for a reader that connects once: keepalives outlast
/// a lookup, and text is always sent as UTF-8.
const WITHOUT_EFFECT: &[&str] = &[
    "autocommit",
    "client_encoding",
    "gssdelegation",
    "gsslib",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "krbsrvname",
    "load_balance_hosts",
    "max_protocol_version",
    "min_protocol_version",
    "prepare_threshold",
    "sslcompression",
    "sslpassword",
    "sslsni",
    "tcp_user_timeout",
];

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    Url,
    Service,
    Variable(&'static str),
}

/// The parameters: every keyword occurs once.
#[derive(Clone, Debug, Default)]
pub(super) struct Parameters(Vec<(&'static str, Secret, Source)>);

/// The variables that libpq reads, and the user's folder.
#[derive(Clone, Debug)]
pub(super) struct Variables {
    values: Vec<(&'static str, Secret)>,
    service_file: Option<PathBuf>,
    system_folder: Option<PathBuf>,
    pub(super) home: Option<PathBuf>,
}

impl Variables {
    pub(super) fn of(env: &Env) -> Self {
        let variable = |(keyword, name): &(&'static str, Option<&'static str>)| {
            let value = env.get((*name)?)?.clone();
            Some((*keyword, value))
        };
        Self {
            values: KEYWORDS.iter().filter_map(variable).collect(),
            service_file: env.non_empty("PGSERVICEFILE").map(PathBuf::from),
            system_folder: env.non_empty("PGSYSCONFDIR").map(PathBuf::from),
            home: env.non_empty("HOME").map(PathBuf::from),
        }
    }
}

impl Parameters {
    /// Returns the parameters that the URL has, and its names that mean nothing.
    ///
    /// # Errors
    /// Hosts and ports that SQLAlchemy refuses, with status 2.
    pub(super) fn of_url(url: &DatabaseUrl) -> Result<(Self, Vec<String>)> {
        let mut own = Self::default();
        let mut unknown: Vec<String> = Vec::new();
        let port = url
            .port
            .filter(|port| *port != 0)
            .map(|port| Secret::from(port.to_string()));
        for (keyword, value) in [
            ("user", url.user.clone().map(Secret::from)),
            ("password", url.password.clone()),
            ("host", url.host.clone().map(Secret::from)),
            ("port", port),
            ("dbname", url.database.clone().map(Secret::from)),
        ] {
            if let Some(value) = value.filter(|value| !value.is_empty()) {
                own.set(keyword, value, Source::Url);
            }
        }
        for (name, value) in &url.query {
            match keyword(name) {
                Some(keyword) => own.set(keyword, value.clone(), Source::Url),
                None if WITHOUT_EFFECT.contains(&name.as_str()) || unknown.contains(name) => {}
                None => unknown.push(name.clone()),
            }
        }
        if let Some((hosts, ports)) = hosts_of(url)? {
            own.set("host", Secret::from(hosts), Source::Url);
            if let Some(ports) = ports {
                own.set("port", Secret::from(ports), Source::Url);
            }
        }
        Ok((own, unknown))
    }

    /// Adds what the service and the variables have.
    ///
    /// # Errors
    /// A service that is not defined or cannot be read, with status 2.
    pub(super) fn with_defaults(mut self, variables: &Variables, deadline: Instant) -> Result<Self> {
        let of_variable = |keyword: &str| variables.values.iter().find(|(own, _)| *own == keyword);
        let service = self.text("service")?.map(str::to_owned);
        let service = match service {
            Some(service) => Some(service),
            None => of_variable("service").and_then(|(_, value)| value.expose_text().map(str::to_owned)),
        };
        if let Some(service) = service.filter(|service| !service.is_empty()) {
            for (keyword, value) in read_service(&service, variables, deadline)? {
                self.set_default(keyword, value, Source::Service);
            }
        }
        for (keyword, variable) in KEYWORDS {
            if let (Some(variable), Some((_, value))) = (*variable, of_variable(keyword)) {
                self.set_default(keyword, value.clone(), Source::Variable(variable));
            }
        }
        Ok(self)
    }

    /// Returns the value of `keyword`, unless it is empty.
    pub(super) fn get(&self, keyword: &str) -> Option<&Secret> {
        self.0
            .iter()
            .find(|(own, value, _)| *own == keyword && !value.is_empty())
            .map(|(_, value, _)| value)
    }

    /// Returns the value of `keyword` as text, unless it is empty.
    pub(super) fn text(&self, keyword: &str) -> Result<Option<&str>> {
        match self.get(keyword) {
            None => Ok(None),
            Some(value) => match value.expose_text() {
                Some(text) if !text.contains('\0') => Ok(Some(text)),
                _ => Err(self.invalid(keyword, "is not text")),
            },
        }
    }

    /// Returns one of `words` for the value of `keyword`.
    pub(super) fn word<T: Copy>(&self, keyword: &str, words: &[(&str, T)]) -> Result<Option<T>> {
        let Some(text) = self.text(keyword)? else {
            return Ok(None);
        };
        let found = words.iter().find(|(word, _)| *word == text);
        found.map(|(_, meaning)| Some(*meaning)).ok_or_else(|| {
            let words: Vec<_> = words.iter().map(|(word, _)| format!("`{word}`")).collect();
            self.invalid(keyword, "is not a value that libpq has")
                .with_hint(format!("use {}", words.join(", ")))
        })
    }

    /// Returns the error of an invalid value.
    pub(super) fn invalid(&self, keyword: &str, what: &str) -> Error {
        let source = self
            .0
            .iter()
            .find(|(own, _, _)| *own == keyword)
            .map(|(_, _, source)| source);
        Error::usage(match source {
            Some(Source::Variable(name)) => format!("the variable `{name}` {what}"),
            Some(Source::Service) => format!("`{keyword}` of the service {what}"),
            Some(Source::Url) | None => format!("`{keyword}` of the database's URL {what}"),
        })
    }

    fn set(&mut self, keyword: &'static str, value: Secret, source: Source) {
        self.0.retain(|(own, _, _)| *own != keyword);
        self.0.push((keyword, value, source));
    }

    fn set_default(&mut self, keyword: &'static str, value: Secret, source: Source) {
        if self.0.iter().all(|(own, _, _)| *own != keyword) {
            self.0.push((keyword, value, source));
        }
    }
}

fn keyword(name: &str) -> Option<&'static str> {
    KEYWORDS
        .iter()
        .map(|(keyword, _)| *keyword)
        .find(|keyword| *keyword == name)
}

/// Returns the hosts and ports of the URL's query, both joined by commas, when it has hosts.
fn hosts_of(url: &DatabaseUrl) -> Result<Option<(String, Option<String>)>> {
    let refused = |what: &str| {
        Error::usage(format!("the database's URL {what}"))
            .with_hint("write `?host=a,b&port=1,2`, or `?host=a:1&host=b:2`")
    };
    let values = |name| -> Result<Vec<&str>> {
        url.query_values(name)
            .map(|value| {
                value
                    .expose_text()
                    .ok_or_else(|| refused("has a host or port that is not text"))
            })
            .collect()
    };
    let (given, given_ports) = (values("host")?, values("port")?);
    let mut together = false;
    let (mut hosts, mut ports): (Vec<&str>, Vec<Option<&str>>) = (Vec::new(), Vec::new());
    match given.as_slice() {
        [] => {}
        [one] => {
            hosts = one.split(',').collect();
            if let ([host], []) = (hosts.as_slice(), given_ports.as_slice())
                && let Some((name, port)) = name_and_port(host)
            {
                together = true;
                hosts = vec![name];
                ports = vec![port];
            }
        }
        several => {
            together = true;
            for token in several {
                let mut fields = token.split(':');
                let (host, port, more) = (fields.next(), fields.next(), fields.next());
                if more.is_some() {
                    return Err(refused("has a host with more than one `:`"));
                }
                hosts.extend(host);
                ports.push(port);
            }
        }
    }
    match (given_ports.as_slice(), together) {
        ([], _) => {}
        (_, true) => return Err(refused("has ports beside hosts that have their own")),
        ([one], false) => ports = one.split(',').map(Some).collect(),
        (several, false) => ports = several.iter().copied().map(Some).collect(),
    }
    let ports: Vec<Option<&str>> = ports
        .into_iter()
        .map(|port| port.filter(|port| !port.is_empty()))
        .collect();
    let mut given = ports.iter().flatten();
    if !given.all(|port| crate::python::int::parse(port).is_some()) {
        return Err(refused("has a port that is not a number"));
    }
    let mismatch = if hosts.is_empty() {
        ports.len() > 1
    } else {
        !ports.is_empty() && hosts.len() != ports.len() && (hosts.len() > 1 || ports.len() > 1)
    };
    if mismatch {
        return Err(refused("has another number of ports than of hosts"));
    }
    if hosts.is_empty() {
        return Ok(None);
    }
    let ports: Vec<&str> = ports.into_iter().map(Option::unwrap_or_default).collect();
    let ports = Some(ports.join(",")).filter(|ports| !ports.is_empty());
    Ok(Some((hosts.join(","), ports)))
}

/// Splits `host:port` as SQLAlchemy does for a single host of letters, digits, `-` and `.`.
fn name_and_port(host: &str) -> Option<(&str, Option<&str>)> {
    let (name, port) = host.split_once(':')?;
    let is_name = name
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.'));
    let is_port = port.chars().all(char::is_numeric);
    (is_name && is_port).then_some((name, Some(port).filter(|port| !port.is_empty())))
}

/// Returns the parameters of a service. The user's file counts before the system's.
fn read_service(name: &str, variables: &Variables, deadline: Instant) -> Result<Vec<(&'static str, Secret)>> {
    let of_user = match (&variables.service_file, &variables.home) {
        (Some(file), _) => Some((file.clone(), true)),
        (None, Some(home)) => Some((home.join(".pg_service.conf"), false)),
        (None, None) => None,
    };
    let of_system = variables
        .system_folder
        .as_ref()
        .map(|folder| (folder.join("pg_service.conf"), false));
    for (path, must_exist) in of_user.into_iter().chain(of_system) {
        let text = match file::read_up_to(&path, file::MAX_SETTINGS_BYTES, deadline) {
            Ok(text) => text,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound && !must_exist => continue,
            Err(source) => {
                let path = shown(&path.display().to_string());
                return Err(
                    Error::usage(format!("the service file `{path}` cannot be read")).with_source(source)
                );
            }
        };
        if let Some(found) = section(&text, name, &path)? {
            return Ok(found);
        }
    }
    Err(
        Error::usage(format!("the PostgreSQL service `{}` is not defined", shown(name)))
            .with_hint("define it in `~/.pg_service.conf`, or in the file that `PGSERVICEFILE` names"),
    )
}

/// Reads one section of a service file.
fn section(text: &Secret, name: &str, path: &Path) -> Result<Option<Vec<(&'static str, Secret)>>> {
    let mut found: Option<Vec<(&'static str, Secret)>> = None;
    for (index, line) in text.expose().split(|byte| *byte == b'\n').enumerate() {
        let line = line.trim_ascii();
        let refused = |what: &str| {
            let path = shown(&path.display().to_string());
            Error::usage(format!("line {} of the service file `{path}` {what}", index + 1))
        };
        match line {
            [] | [b'#', ..] => {}
            [b'[', title @ ..] => {
                if found.is_some() {
                    break;
                }
                let end = title.iter().position(|byte| *byte == b']').unwrap_or(title.len());
                if title[..end] == *name.as_bytes() {
                    found = Some(Vec::new());
                }
            }
            line => {
                let Some(parameters) = found.as_mut() else {
                    continue;
                };
                let Some(at) = line.iter().position(|byte| *byte == b'=') else {
                    return Err(refused("has no `=`"));
                };
                let own = std::str::from_utf8(&line[..at]).unwrap_or_default();
                match keyword(own) {
                    Some("service") => return Err(refused("names another service")),
                    Some(keyword) => {
                        if parameters.iter().all(|(known, _)| *known != keyword) {
                            parameters.push((keyword, Secret::new(&line[at + 1..])));
                        }
                    }
                    None if WITHOUT_EFFECT.contains(&own) => {}
                    None => return Err(refused("has a parameter that libpq does not know")),
                }
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    type Pairs = Vec<(&'static str, String)>;

    fn of_url(text: &str) -> Result<(Pairs, Vec<String>)> {
        let url = DatabaseUrl::parse(text, "the URL").unwrap();
        let (parameters, unknown) = Parameters::of_url(&url)?;
        let shown = |(keyword, value, _): &(&'static str, Secret, Source)| {
            (*keyword, value.expose_text().unwrap_or("?").to_owned())
        };
        Ok((parameters.0.iter().map(shown).collect(), unknown))
    }

    fn value(text: &str, keyword: &str) -> Option<String> {
        let (parameters, _) = of_url(text).unwrap();
        parameters
            .into_iter()
            .find(|(own, _)| *own == keyword)
            .map(|(_, value)| value)
    }

    #[test]
    fn the_query_counts_more_than_the_url() {
        let text = "postgresql://u:p@h:1/d?user=v&host=x&port=2&dbname=e&password=q";
        for (keyword, expected) in [
            ("user", "v"),
            ("host", "x"),
            ("port", "2"),
            ("dbname", "e"),
            ("password", "q"),
        ] {
            assert_eq!(value(text, keyword).as_deref(), Some(expected), "{keyword}");
        }
    }

    #[test]
    fn several_hosts_have_two_forms() {
        for (query, host, port) in [
            ("host=a:1&host=b:2", "a,b", Some("1,2")),
            ("host=a&host=b:2", "a,b", Some(",2")),
            ("host=a&host=b", "a,b", Some(",")),
            ("host=a,b&port=1,2", "a,b", Some("1,2")),
            ("host=a,b", "a,b", None),
            ("host=a:1", "a", Some("1")),
            ("host=a:1,b:2", "a:1,b:2", None),
            ("host=/run/x", "/run/x", None),
            ("host=a&port=5", "a", Some("5")),
        ] {
            let text = format!("postgresql:///d?{query}");
            assert_eq!(value(&text, "host").as_deref(), Some(host), "{query}");
            assert_eq!(value(&text, "port").as_deref(), port, "{query}");
        }
        for query in [
            "host=a:1&host=b:2&port=3",
            "host=a,b&port=1",
            "host=a&port=x",
            "host=a:1:2&host=b",
        ] {
            assert!(of_url(&format!("postgresql:///d?{query}")).is_err(), "{query}");
        }
    }

    #[test]
    fn a_name_that_means_nothing_is_reported_once() {
        let (_, unknown) = of_url("postgresql://h/d?keepalives=1&foo=1&sslmode=require&foo=2&bar=1").unwrap();
        assert_eq!(unknown, ["foo", "bar"]);
    }

    #[test]
    fn a_service_and_variables_fill_what_the_url_leaves_open() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("services");
        std::fs::write(
            &file,
            "# x\n[other]\nuser=no\n[mine]\nuser=of service\nport=7\nkeepalives=1\n[mine]\nuser=again\n",
        )
        .unwrap();
        let env = |service: &str| -> Env {
            [
                ("PGSERVICEFILE", file.to_str().unwrap()),
                ("PGSERVICE", service),
                ("PGPORT", "8"),
                ("PGDATABASE", "d of variable"),
            ]
            .into_iter()
            .map(|(name, value)| (name.to_owned(), Secret::from(value)))
            .collect()
        };
        let url = DatabaseUrl::parse("postgresql://h", "the URL").unwrap();
        let deadline = Instant::now() + std::time::Duration::from_mins(1);
        let resolve = |service: &str| {
            let (parameters, _) = Parameters::of_url(&url).unwrap();
            parameters.with_defaults(&Variables::of(&env(service)), deadline)
        };
        let found = resolve("mine").unwrap();
        assert_eq!(found.text("user").unwrap(), Some("of service"));
        assert_eq!(found.text("port").unwrap(), Some("7"));
        assert_eq!(found.text("dbname").unwrap(), Some("d of variable"));
        assert_eq!(found.text("host").unwrap(), Some("h"));
        assert!(resolve("none").is_err());
    }
}
