//! What the parameters mean: the hosts to try, who logs in, and how TLS is used.
//!
//! Owns libpq's rules for the values and their defaults. Must not open a connection. Facts: PostgreSQL 18,
//! `src/interfaces/libpq/fe-connect.c` (`pqConnectOptions2`) and `fe-secure-openssl.c` (`initialize_SSL`).

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::parameters::Parameters;
use super::passfile;
use crate::error::{Error, Result};
use crate::file;
use crate::http::{Identity, Names, Roots};
use crate::secret::Secret;
use crate::shown::shown;

/// Where libpq's wheels and Debian's servers keep their sockets.
const SOCKET_FOLDER: &str = "/var/run/postgresql";

/// The port that is not written.
const DEFAULT_PORT: u16 = 5432;

/// How to reach the database and log in.
#[derive(Debug)]
pub(super) struct Options {
    pub(super) hosts: Vec<Host>,
    pub(super) user: String,
    pub(super) database: String,
    pub(super) application_name: Option<String>,
    /// `options`, such as `-csearch_path=x`.
    pub(super) settings: Option<String>,
    /// How long one host may take.
    pub(super) connect_timeout: Option<Duration>,
    pub(super) channel_binding: tokio_postgres::config::ChannelBinding,
    pub(super) wanted: Wanted,
    pub(super) encryption: Encryption,
    /// Whether TLS begins without PostgreSQL's question.
    pub(super) direct_tls: bool,
    pub(super) roots: Roots,
    pub(super) names: Names,
    pub(super) identity: Option<Identity>,
    /// Why the password file was ignored.
    pub(super) ignored_passfile: Option<String>,
}

/// One server, and the password for it.
#[derive(Debug)]
pub(super) struct Host {
    pub(super) at: At,
    pub(super) port: u16,
    pub(super) password: Option<Secret>,
}

/// Where a server listens.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum At {
    /// A folder with its socket.
    Folder(PathBuf),
    /// A host, and the address that is used without resolving its name.
    Host { name: String, address: Option<String> },
}

/// `sslmode`, without what is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encryption {
    Never,
    /// Only after a refusal without it.
    Allowed,
    /// Unless the server has none.
    Preferred,
    Required,
}

/// `target_session_attrs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    Any,
    ReadWrite,
    ReadOnly,
    Primary,
    Standby,
    PreferStandby,
}

/// `sslmode`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum SslMode {
    Disable,
    Allow,
    Prefer,
    Require,
    VerifyCa,
    VerifyFull,
}

impl Options {
    /// Reads the meaning of the parameters, and the password file.
    ///
    /// # Errors
    /// A value that libpq refuses or that is not supported here, with status 2.
    pub(super) fn new(
        parameters: &Parameters,
        home: Option<&Path>,
        system_roots: &Roots,
        deadline: Instant,
    ) -> Result<Self> {
        refuse_unsupported(parameters)?;
        let user = match parameters.text("user")? {
            Some(user) => user.to_owned(),
            None => whoami::username().map_err(|_| {
                Error::usage("the database's URL has no user, and the system does not name one")
            })?,
        };
        let database = parameters.text("dbname")?.unwrap_or(&user).to_owned();
        let mut hosts = hosts(parameters)?;
        let ignored_passfile = add_passwords(&mut hosts, parameters, home, (&user, &database), deadline)?;
        let tls = TlsChoice::new(parameters, home, system_roots, deadline)?;
        let direct_tls = parameters.word("sslnegotiation", &[("postgres", false), ("direct", true)])?;
        let direct_tls = direct_tls.unwrap_or_default();
        if direct_tls && tls.encryption != Encryption::Required {
            return Err(parameters.invalid(
                "sslnegotiation",
                "is `direct`, which needs `sslmode=require` or stronger",
            ));
        }
        let name = match parameters.text("application_name")? {
            Some(name) => Some(name),
            None => parameters.text("fallback_application_name")?,
        };
        Ok(Self {
            hosts,
            user,
            database,
            application_name: name.map(str::to_owned),
            settings: parameters.text("options")?.map(str::to_owned),
            connect_timeout: connect_timeout(parameters)?,
            channel_binding: channel_binding(parameters)?,
            wanted: wanted(parameters)?,
            encryption: tls.encryption,
            direct_tls,
            roots: tls.roots,
            names: tls.names,
            identity: tls.identity,
            ignored_passfile,
        })
    }
}

impl Host {
    /// Returns the server for messages.
    pub(super) fn place(&self) -> String {
        match &self.at {
            At::Folder(folder) => format!(
                "the socket `{}`",
                shown(&self.socket(folder).display().to_string())
            ),
            At::Host { name, address } => {
                let host = address.as_deref().filter(|_| name.is_empty()).unwrap_or(name);
                let host = shown(host);
                if host.contains(':') {
                    format!("[{host}]:{}", self.port)
                } else {
                    format!("{host}:{}", self.port)
                }
            }
        }
    }

    /// Returns the socket in `folder`.
    pub(super) fn socket(&self, folder: &Path) -> PathBuf {
        folder.join(format!(".s.PGSQL.{}", self.port))
    }
}

/// Refuses parameters that protect the connection and have no effect here.
fn refuse_unsupported(parameters: &Parameters) -> Result<()> {
    for keyword in ["sslcrl", "sslcrldir", "requirepeer", "require_auth"] {
        if parameters.get(keyword).is_some() {
            return Err(parameters
                .invalid(keyword, "is not supported by secretctl")
                .with_hint(format!("leave `{keyword}` out for secretctl")));
        }
    }
    parameters.word("gssencmode", &[("disable", ()), ("prefer", ())])?;
    let old = [("TLSv1", ()), ("TLSv1.1", ()), ("TLSv1.2", ())];
    parameters.word("ssl_min_protocol_version", &old)?;
    parameters.word("ssl_max_protocol_version", &[("TLSv1.3", ())])?;
    Ok(())
}

/// Returns the hosts, in order.
fn hosts(parameters: &Parameters) -> Result<Vec<Host>> {
    let list = |keyword| -> Result<Vec<&str>> {
        Ok(parameters
            .text(keyword)?
            .map(|text| text.split(',').collect())
            .unwrap_or_default())
    };
    let (names, addresses, ports) = (list("host")?, list("hostaddr")?, list("port")?);
    let count = names.len().max(addresses.len()).max(1);
    if !addresses.is_empty() && !names.is_empty() && names.len() != addresses.len() {
        return Err(parameters.invalid("hostaddr", "has another number of addresses than there are hosts"));
    }
    if ports.len() > 1 && ports.len() != count {
        return Err(parameters.invalid("port", "has another number of ports than there are hosts"));
    }
    (0..count)
        .map(|index| {
            let port = match ports.as_slice() {
                [] => "",
                [one] => one,
                several => several[index],
            };
            let port = match port.trim() {
                "" => DEFAULT_PORT,
                port => match port.parse() {
                    Ok(port @ 1..) => port,
                    _ => return Err(parameters.invalid("port", "is not a port from 1 to 65535")),
                },
            };
            let name = names.get(index).copied().unwrap_or_default();
            let address = addresses
                .get(index)
                .copied()
                .filter(|address| !address.is_empty());
            if address.is_some_and(|address| address.parse::<std::net::IpAddr>().is_err()) {
                return Err(parameters.invalid("hostaddr", "is not an IP address"));
            }
            let at = match (address, name) {
                (None, "") => At::Folder(SOCKET_FOLDER.into()),
                (None, folder) if folder.starts_with('/') => At::Folder(folder.into()),
                (None, name) if name.starts_with('@') => {
                    return Err(
                        parameters.invalid("host", "names an abstract socket, which secretctl does not open")
                    );
                }
                (address, name) => At::Host {
                    name: name.to_owned(),
                    address: address.map(str::to_owned),
                },
            };
            Ok(Host {
                at,
                port,
                password: None,
            })
        })
        .collect()
}

/// Sets the password of each host: the parameter, else what the password file has. Returns why the file was ignored.
fn add_passwords(
    hosts: &mut [Host],
    parameters: &Parameters,
    home: Option<&Path>,
    (user, database): (&str, &str),
    deadline: Instant,
) -> Result<Option<String>> {
    if let Some(password) = parameters.get("password") {
        for host in hosts {
            host.password = Some(password.clone());
        }
        return Ok(None);
    }
    let path = match (parameters.text("passfile")?, home) {
        (Some(path), _) => PathBuf::from(path),
        (None, Some(home)) => home.join(".pgpass"),
        (None, None) => return Ok(None),
    };
    let mut ignored = None;
    for host in hosts {
        let own_name = match &host.at {
            At::Folder(folder) if folder == Path::new(SOCKET_FOLDER) => "localhost".to_owned(),
            At::Folder(folder) => folder.display().to_string(),
            At::Host { name, address } if name.is_empty() => address.clone().unwrap_or_default(),
            At::Host { name, .. } => name.clone(),
        };
        let key = passfile::Key {
            host: &own_name,
            port: host.port,
            database,
            user,
        };
        let found = passfile::look_up(&path, &key, deadline);
        host.password = found.password;
        ignored = found.ignored;
    }
    Ok(ignored)
}

fn connect_timeout(parameters: &Parameters) -> Result<Option<Duration>> {
    let Some(text) = parameters.text("connect_timeout")? else {
        return Ok(None);
    };
    match text.trim().parse::<i32>() {
        Ok(..=0) => Ok(None),
        // libpq rounds one second up.
        Ok(seconds) => Ok(Some(Duration::from_secs(
            u64::try_from(seconds.max(2)).unwrap_or(2),
        ))),
        Err(_) => Err(parameters.invalid("connect_timeout", "is not a number of seconds")),
    }
}

fn channel_binding(parameters: &Parameters) -> Result<tokio_postgres::config::ChannelBinding> {
    use tokio_postgres::config::ChannelBinding as Binding;
    let words = [
        ("prefer", Binding::Prefer),
        ("require", Binding::Require),
        ("disable", Binding::Disable),
    ];
    Ok(parameters
        .word("channel_binding", &words)?
        .unwrap_or(Binding::Prefer))
}

fn wanted(parameters: &Parameters) -> Result<Wanted> {
    let words = [
        ("any", Wanted::Any),
        ("read-write", Wanted::ReadWrite),
        ("read-only", Wanted::ReadOnly),
        ("primary", Wanted::Primary),
        ("standby", Wanted::Standby),
        ("prefer-standby", Wanted::PreferStandby),
    ];
    Ok(parameters
        .word("target_session_attrs", &words)?
        .unwrap_or(Wanted::Any))
}

/// How TLS is used.
struct TlsChoice {
    encryption: Encryption,
    roots: Roots,
    names: Names,
    identity: Option<Identity>,
}

impl TlsChoice {
    fn new(
        parameters: &Parameters,
        home: Option<&Path>,
        system_roots: &Roots,
        deadline: Instant,
    ) -> Result<Self> {
        let root = parameters.text("sslrootcert")?;
        let words = [
            ("disable", SslMode::Disable),
            ("allow", SslMode::Allow),
            ("prefer", SslMode::Prefer),
            ("require", SslMode::Require),
            ("verify-ca", SslMode::VerifyCa),
            ("verify-full", SslMode::VerifyFull),
        ];
        let mode = parameters.word("sslmode", &words)?;
        let of_system = root == Some("system");
        let mode = mode.unwrap_or(if of_system {
            SslMode::VerifyFull
        } else {
            SslMode::Prefer
        });
        if of_system && mode != SslMode::VerifyFull {
            return Err(parameters
                .invalid("sslmode", "is too weak for `sslrootcert=system`")
                .with_hint("use `sslmode=verify-full`"));
        }
        let encryption = match mode {
            SslMode::Disable => Encryption::Never,
            SslMode::Allow => Encryption::Allowed,
            SslMode::Prefer => Encryption::Preferred,
            SslMode::Require | SslMode::VerifyCa | SslMode::VerifyFull => Encryption::Required,
        };
        let must_verify = matches!(mode, SslMode::VerifyCa | SslMode::VerifyFull);
        let roots = if of_system {
            system_roots.clone()
        } else {
            named_roots(root, home, must_verify, deadline)?
        };
        Ok(Self {
            encryption,
            roots,
            names: if mode == SslMode::VerifyFull {
                Names::HostOrCommonName
            } else {
                Names::Any
            },
            identity: identity(parameters, home, deadline)?,
        })
    }
}

/// Returns the roots of `sslrootcert` or `~/.postgresql/root.crt`. Without such a file, nothing is checked, unless it must be.
fn named_roots(
    root: Option<&str>,
    home: Option<&Path>,
    must_verify: bool,
    deadline: Instant,
) -> Result<Roots> {
    let path = match (root, home) {
        (Some(path), _) => Some(PathBuf::from(path)),
        (None, Some(home)) => Some(home.join(".postgresql/root.crt")),
        (None, None) => None,
    };
    match path {
        Some(path) if exists(&path, deadline)? => Ok(Roots::Path(path)),
        _ if !must_verify => Ok(Roots::Unverified),
        path => {
            let path = path.unwrap_or_else(|| "~/.postgresql/root.crt".into());
            Err(Error::usage(format!(
                "the file of roots `{}` does not exist, and `sslmode` needs it",
                shown(&path.display().to_string())
            ))
            .with_hint("name the authority's certificate in `sslrootcert`, or use `sslrootcert=system`"))
        }
    }
}

/// Returns the client's certificate: `sslcert` and `sslkey`, or the files of `~/.postgresql` if they exist.
fn identity(parameters: &Parameters, home: Option<&Path>, deadline: Instant) -> Result<Option<Identity>> {
    let wanted = parameters.word(
        "sslcertmode",
        &[("disable", false), ("allow", true), ("require", true)],
    )?;
    if wanted == Some(false) {
        return Ok(None);
    }
    let named = |keyword, default: &str| -> Result<Option<PathBuf>> {
        Ok(match (parameters.text(keyword)?, home) {
            (Some(path), _) => Some(PathBuf::from(path)),
            (None, Some(home)) => Some(home.join(default)),
            (None, None) => None,
        })
    };
    // libpq sends no certificate when the file does not exist.
    let Some(certificate) = named("sslcert", ".postgresql/postgresql.crt")? else {
        return Ok(None);
    };
    if !exists(&certificate, deadline)? {
        return Ok(None);
    }
    let key = named("sslkey", ".postgresql/postgresql.key")?;
    if let Some(key) = &key {
        check_key(key)?;
    }
    Ok(Some(Identity {
        certificate: certificate.into(),
        key: key.map(Into::into),
    }))
}

fn exists(path: &Path, deadline: Instant) -> Result<bool> {
    file::exists(path, deadline).map_err(|source| {
        let path = shown(&path.display().to_string());
        Error::unavailable(format!("`{path}` did not answer")).with_source(source)
    })
}

/// Checks that only its owner, or root and its group, can read a private key: `initialize_SSL`.
#[cfg(unix)]
fn check_key(path: &Path) -> Result<()> {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let Ok(metadata) = std::fs::metadata(path) else {
        // Reading it reports why.
        return Ok(());
    };
    let forbidden = if metadata.uid() == 0 { 0o037 } else { 0o077 };
    if !metadata.is_file() || metadata.permissions().mode() & forbidden == 0 {
        return Ok(());
    }
    Err(Error::usage(format!(
        "others can read the private key `{}`, and libpq refuses that",
        shown(&path.display().to_string())
    ))
    .with_hint("`chmod 0600` the file"))
}

/// Checks nothing: this system has other permissions.
#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "the other system's check fails")]
fn check_key(_: &Path) -> Result<()> {
    Ok(())
}
