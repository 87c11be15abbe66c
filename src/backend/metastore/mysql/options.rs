//! What the URL's options mean: the server, who logs in, and how TLS is used.
//!
//! Owns the options of the three Python drivers as Airflow's URL has them. Must not open a connection. Facts: SQLAlchemy 2.1.9,
//! `dialects/mysql/mysqldb.py` (`create_connect_args`); mysqlclient 2.2, `MySQLdb/connections.py`; pymysql 1.2.4,
//! `connections.py`; MySQL 8.4, "Connection Options".

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::backend::metastore::url::DatabaseUrl;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::file;
use crate::http::{Identity, Names, Roots};
use crate::secret::Secret;

/// Where systems keep the server's socket: Debian, the same under its new name, Fedora, MySQL's own packages.
const SOCKETS: &[&str] = &[
    "/var/run/mysqld/mysqld.sock",
    "/run/mysqld/mysqld.sock",
    "/var/lib/mysql/mysql.sock",
    "/tmp/mysql.sock",
];

/// The port that is not written.
const DEFAULT_PORT: u16 = 3306;

/// Options that have an effect.
const KNOWN: &[&str] = &[
    "user",
    "username",
    "passwd",
    "password",
    "db",
    "database",
    "host",
    "port",
    "unix_socket",
    "charset",
    "connect_timeout",
    "connection_timeout",
    "ssl",
    "ssl_mode",
    "ssl_disabled",
    "ssl_ca",
    "ssl_capath",
    "ssl_cert",
    "ssl_key",
    "ssl_check_hostname",
    "ssl_verify_cert",
    "ssl_verify_identity",
    "read_default_file",
    "read_default_group",
];

/// Options that change nothing for a reader of few rows.
const WITHOUT_EFFECT: &[&str] = &[
    "auth_plugin",
    "autocommit",
    "binary_prefix",
    "bind_address",
    "buffered",
    "client_flag",
    "collation",
    "compress",
    "get_server_public_key",
    "local_infile",
    "max_allowed_packet",
    "program_name",
    "raise_on_warnings",
    "read_timeout",
    "sql_mode",
    "ssl_cipher",
    "use_pure",
    "use_unicode",
    "write_timeout",
];

/// How to reach the database and log in.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) at: At,
    pub(super) user: String,
    pub(super) password: Secret,
    pub(super) database: Option<String>,
    pub(super) charset: Charset,
    /// How long the connection and the login may take.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) encryption: Encryption,
    pub(super) roots: Roots,
    pub(super) names: Names,
    pub(super) identity: Option<Identity>,
}

/// Where the server listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum At {
    Socket(PathBuf),
    Host(String, u16),
}

/// The characters of the connection. Airflow's driver gets text in them, and the server writes `?` for what they lack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Charset {
    /// `utf8mb4`; also in place of charsets that are not UTF-8, because Airflow decodes them.
    Utf8Mb4,
    /// `utf8`, `utf8mb3`: up to three bytes for a character.
    Utf8Mb3,
}

/// Whether TLS is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    Never,
    /// Unless the server has none.
    Preferred,
    Required,
}

/// The variables that the C libraries of MySQL and MariaDB read.
#[derive(Clone, Debug)]
pub(super) struct Variables {
    password: Option<Secret>,
    port: Option<String>,
    socket: Option<PathBuf>,
    system_roots: Roots,
}

impl Variables {
    pub(super) fn of(env: &Env) -> Self {
        Self {
            password: env.get("MYSQL_PWD").cloned(),
            port: env.non_empty("MYSQL_TCP_PORT").map(str::to_owned),
            socket: env.non_empty("MYSQL_UNIX_PORT").map(PathBuf::from),
            system_roots: Roots::system(env),
        }
    }
}

/// Returns the names of the URL's query that mean nothing.
pub(super) fn unknown(url: &DatabaseUrl) -> Vec<String> {
    let mut unknown: Vec<String> = Vec::new();
    for (name, _) in &url.query {
        let is_known = KNOWN.contains(&name.as_str()) || WITHOUT_EFFECT.contains(&name.as_str());
        if !is_known && !unknown.contains(name) {
            unknown.push(name.clone());
        }
    }
    unknown
}

impl Options {
    /// Reads the meaning of the URL.
    ///
    /// # Errors
    /// A value that a driver refuses or that is not supported here, with status 2.
    pub(super) fn new(url: &DatabaseUrl, variables: &Variables, deadline: Instant) -> Result<Self> {
        let query = Query(url);
        if query
            .text("read_default_file")?
            .or(query.text("read_default_group")?)
            .is_some()
        {
            return Err(Error::usage(
                "`read_default_file` of the database's URL is not supported by secretctl",
            )
            .with_hint("write the file's host, user, password and TLS options into the URL"));
        }
        // mysqlclient, the driver that is not written, wraps the C library; pymysql does not read its variables.
        let is_c_library = matches!(url.driver.as_deref(), None | Some("mysqldb" | "mysqlclient"));
        let user = match query.first(&["user", "username"], url.user.as_deref())? {
            Some(user) => user,
            None => whoami::username().map_err(|_| {
                Error::usage("the database's URL has no user, and the system does not name one")
            })?,
        };
        let password = query.secret(&["passwd", "password"]).or(url.password.as_ref());
        let default_password = variables.password.as_ref().filter(|_| is_c_library);
        let tls = TlsChoice::new(&query, &variables.system_roots)?;
        let at = at(&query, variables, is_c_library, deadline)?;
        let encryption = match (&at, tls.encryption) {
            // A socket in the file system needs no TLS.
            (At::Socket(_), Encryption::Preferred) => Encryption::Never,
            (_, encryption) => encryption,
        };
        Ok(Self {
            at,
            user,
            password: password.or(default_password).cloned().unwrap_or_default(),
            database: query.first(&["db", "database"], url.database.as_deref())?,
            charset: match query.text("charset")? {
                Some("utf8" | "utf8mb3") => Charset::Utf8Mb3,
                _ => Charset::Utf8Mb4,
            },
            connect_timeout: query.seconds(&["connect_timeout", "connection_timeout"])?,
            encryption,
            roots: tls.roots,
            names: tls.names,
            identity: tls.identity,
        })
    }
}

/// Returns where the server listens. The C library takes `localhost` for the socket.
fn at(query: &Query<'_>, variables: &Variables, is_c_library: bool, deadline: Instant) -> Result<At> {
    if let Some(socket) = query.text("unix_socket")? {
        return Ok(At::Socket(socket.into()));
    }
    let host = query
        .first(&["host"], query.0.host.as_deref())?
        .unwrap_or_else(|| "localhost".to_owned());
    if is_c_library && host == "localhost" {
        if let Some(socket) = &variables.socket {
            return Ok(At::Socket(socket.clone()));
        }
        let is_there = |path: &Path| file::exists(path, deadline).unwrap_or_default();
        if let Some(socket) = SOCKETS.iter().map(Path::new).find(|path| is_there(path)) {
            return Ok(At::Socket(socket.to_owned()));
        }
    }
    let own = query
        .text("port")?
        .map(str::to_owned)
        .or(query.0.port.map(|port| port.to_string()));
    let port = own.or(variables.port.clone().filter(|_| is_c_library));
    let port = match port.as_deref().map(str::trim) {
        None | Some("0") => DEFAULT_PORT,
        Some(port) => port
            .parse()
            .map_err(|_| Error::usage("the port of the database is not a number from 1 to 65535"))?,
    };
    Ok(At::Host(host, port))
}

/// The options of the URL's query.
struct Query<'a>(&'a DatabaseUrl);

impl Query<'_> {
    /// Returns the last value of the first name that is there.
    fn secret(&self, names: &[&str]) -> Option<&Secret> {
        let last = |name: &&str| self.0.query.iter().rev().find(|(own, _)| own == name);
        names.iter().find_map(last).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Result<Option<&str>> {
        match self.secret(&[name]) {
            None => Ok(None),
            Some(value) => value
                .expose_text()
                .map(Some)
                .ok_or_else(|| invalid(name, "is not text")),
        }
    }

    /// Returns the first of the options, or else `other`, as text.
    fn first(&self, names: &[&str], other: Option<&str>) -> Result<Option<String>> {
        for name in names {
            if let Some(text) = self.text(name)? {
                return Ok(Some(text.to_owned()));
            }
        }
        Ok(other.filter(|text| !text.is_empty()).map(str::to_owned))
    }

    fn seconds(&self, names: &[&str]) -> Result<Option<Duration>> {
        for name in names {
            if let Some(text) = self.text(name)? {
                let seconds = text
                    .trim()
                    .parse()
                    .map_err(|_| invalid(name, "is not a number of seconds"))?;
                return Ok((seconds > 0).then(|| Duration::from_secs(seconds)));
            }
        }
        Ok(None)
    }

    /// Returns a yes or a no.
    fn flag(&self, name: &str) -> Result<Option<bool>> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "t" | "1" => Ok(Some(true)),
            "false" | "no" | "off" | "n" | "f" | "0" => Ok(Some(false)),
            _ => Err(invalid(name, "is not `true` or `false`")),
        }
    }
}

fn invalid(name: &str, what: &str) -> Error {
    Error::usage(format!("`{name}` of the database's URL {what}"))
}

/// How TLS is used.
struct TlsChoice {
    encryption: Encryption,
    roots: Roots,
    names: Names,
    identity: Option<Identity>,
}

impl TlsChoice {
    /// Reads the options of TLS. A named authority is always required to have signed the certificate.
    fn new(query: &Query<'_>, system_roots: &Roots) -> Result<Self> {
        let mode = query.text("ssl_mode")?.map(str::to_ascii_uppercase);
        let (by_mode, checks_issuer, checks_name) = match mode.as_deref() {
            None => (None, false, false),
            Some("DISABLED") => (Some(Encryption::Never), false, false),
            Some("PREFERRED") => (Some(Encryption::Preferred), false, false),
            Some("REQUIRED") => (Some(Encryption::Required), false, false),
            Some("VERIFY_CA") => (Some(Encryption::Required), true, false),
            Some("VERIFY_IDENTITY") => (Some(Encryption::Required), true, true),
            Some(_) => {
                return Err(invalid("ssl_mode", "is not a mode that MySQL has")
                    .with_hint("use `DISABLED`, `PREFERRED`, `REQUIRED`, `VERIFY_CA` or `VERIFY_IDENTITY`"));
            }
        };
        let path = |name| Ok::<_, Error>(query.text(name)?.map(PathBuf::from));
        let authority = match path("ssl_ca")? {
            Some(path) => Some(path),
            None => path("ssl_capath")?,
        };
        let verifies = query.flag("ssl_verify_cert")?;
        let verifies_name = query.flag("ssl_verify_identity")?.unwrap_or_default();
        let checks_host = query.flag("ssl_check_hostname")?;
        // pymysql checks the name unless it is told not to, as soon as an authority is named.
        let by_driver = authority.is_some() && query.0.driver.as_deref() == Some("pymysql");
        let names = if checks_name || verifies_name || checks_host.unwrap_or(by_driver) {
            Names::Host
        } else {
            Names::Any
        };
        let is_checked = checks_issuer || verifies_name || verifies.unwrap_or(authority.is_some());
        let certificate = path("ssl_cert")?;
        let key = path("ssl_key")?;
        let is_on = query.flag("ssl")?;
        let encryption = if query.flag("ssl_disabled")? == Some(true) || is_on == Some(false) {
            Encryption::Never
        } else if let Some(encryption) = by_mode {
            encryption
        } else if authority.is_some()
            || certificate.is_some()
            || key.is_some()
            || is_on.is_some()
            || is_checked
        {
            Encryption::Required
        } else {
            Encryption::Preferred
        };
        let roots = match authority {
            _ if !is_checked => Roots::Unverified,
            Some(path) => Roots::Path(path),
            None => system_roots.clone(),
        };
        Ok(Self {
            encryption,
            roots,
            names,
            identity: certificate.map(|certificate| Identity {
                certificate: certificate.into(),
                key: key.map(Into::into),
            }),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Result<Options> {
        let url = DatabaseUrl::parse(text, "the URL").unwrap();
        let variables = Variables {
            password: Some(Secret::from("of variable")),
            port: Some("7".to_owned()),
            socket: Some("/variable.sock".into()),
            system_roots: Roots::system(&Env::default()),
        };
        Options::new(&url, &variables, Instant::now() + Duration::from_mins(1))
    }

    #[test]
    fn the_c_library_takes_localhost_for_the_socket() {
        let host = |name: &str, port| At::Host(name.to_owned(), port);
        for (text, expected) in [
            ("mysql://u@localhost/d", At::Socket("/variable.sock".into())),
            ("mysql://u@localhost:3307/d", At::Socket("/variable.sock".into())),
            ("mysql:///d", At::Socket("/variable.sock".into())),
            ("mysql+pymysql://u@localhost/d", host("localhost", 3306)),
            ("mysql://u@127.0.0.1/d", host("127.0.0.1", 7)),
            ("mysql+pymysql://u@h/d", host("h", 3306)),
            ("mysql://u@h:5/d?port=6&host=i", host("i", 6)),
            ("mysql://u@h/d?unix_socket=/x.sock", At::Socket("/x.sock".into())),
        ] {
            assert_eq!(options(text).unwrap().at, expected, "{text}");
        }
        assert_eq!(
            options("mysql://u@h/d").unwrap().password,
            Secret::from("of variable")
        );
        assert_eq!(
            options("mysql+pymysql://u@h/d").unwrap().password,
            Secret::default()
        );
        assert_eq!(
            options("mysql://u:p@h/d?passwd=q").unwrap().password,
            Secret::from("q")
        );
    }

    #[test]
    fn tls_is_what_the_options_say() {
        use Encryption::{Never, Preferred, Required};
        let unchecked = |encryption| (encryption, false, false);
        for (query, expected) in [
            ("", unchecked(Preferred)),
            ("ssl=true", unchecked(Required)),
            ("ssl=false", unchecked(Never)),
            ("ssl_disabled=true", unchecked(Never)),
            ("ssl_mode=DISABLED&ssl_cert=c", unchecked(Never)),
            ("ssl_mode=preferred", unchecked(Preferred)),
            ("ssl_mode=REQUIRED", unchecked(Required)),
            ("ssl_mode=VERIFY_CA", (Required, true, false)),
            ("ssl_mode=VERIFY_IDENTITY&ssl_ca=a", (Required, true, true)),
            ("ssl_ca=a", (Required, true, false)),
            ("ssl_capath=a", (Required, true, false)),
            ("ssl_ca=a&ssl_verify_cert=false", unchecked(Required)),
            ("ssl_ca=a&ssl_check_hostname=true", (Required, true, true)),
            ("ssl_verify_identity=true", (Required, true, true)),
            ("ssl_verify_cert=true", (Required, true, false)),
            ("ssl_cert=c&ssl_key=k", unchecked(Required)),
        ] {
            let options = options(&format!("mysql://u@h/d?{query}")).unwrap();
            let is_checked = !matches!(options.roots, Roots::Unverified);
            let checks_name = options.names == Names::Host;
            assert_eq!((options.encryption, is_checked, checks_name), expected, "{query}");
        }
        let of_pymysql = |query: &str| options(&format!("mysql+pymysql://u@h/d?{query}")).unwrap().names;
        assert_eq!(of_pymysql("ssl_ca=a"), Names::Host);
        assert_eq!(of_pymysql("ssl_ca=a&ssl_check_hostname=false"), Names::Any);
        for query in [
            "ssl_mode=x",
            "ssl=x",
            "connect_timeout=x",
            "port=x",
            "read_default_file=x",
        ] {
            assert!(options(&format!("mysql://u@h/d?{query}")).is_err(), "{query}");
        }
    }
}
