//! A directory for Vault's `ldap`: `OpenLDAP`'s `slapd` on loopback, with a configuration and data of its own.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{Guard, free_port, skip, temp_dir, wait_for_port};

/// Where the distributions have its schemas.
const SCHEMAS: &[&str] = &["/etc/ldap/schema", "/etc/openldap/schema"];

/// The people and their passwords.
const PEOPLE: &str = "\
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: example
dc: example

dn: uid=jane,dc=example,dc=com
objectClass: inetOrgPerson
uid: jane
cn: Jane
sn: Doe
userPassword: pw-4711

dn: uid=jöe van & doe,dc=example,dc=com
objectClass: inetOrgPerson
uid: jöe van & doe
cn: Joe
sn: Doe
userPassword: pw-0815 ü
";

/// A directory that ends when the value is dropped.
pub struct Slapd {
    /// `ldap://127.0.0.1:PORT`.
    pub url: String,
    _process: Guard,
    _folder: tempfile::TempDir,
}

impl Slapd {
    /// Starts it, or says why the test is skipped.
    pub fn start() -> Option<Self> {
        let Some((binary, schemas)) = found() else {
            skip("slapd", "Debian's package `slapd` is not installed");
            return None;
        };
        let folder = temp_dir();
        let at = folder.path();
        let data = at.join("data");
        std::fs::create_dir(&data).unwrap();
        let include = |name: &str| format!("include {}/{name}.schema\n", schemas.display());
        let mut text: String = ["core", "cosine", "inetorgperson"].map(include).concat();
        // Where the database is a module, it has to be loaded.
        if Path::new("/usr/lib/ldap/back_mdb.so").exists() {
            text.push_str("modulepath /usr/lib/ldap\nmoduleload back_mdb\n");
        }
        let directory = format!("directory {}\n", data.display());
        text.push_str("database mdb\nsuffix \"dc=example,dc=com\"\n");
        text.push_str(&directory);
        let (config, people) = (at.join("slapd.conf"), at.join("people.ldif"));
        std::fs::write(&config, text).unwrap();
        // A name that is not ASCII is base64 in LDIF.
        std::fs::write(&people, ldif(PEOPLE)).unwrap();
        let filled = Command::new(&binary)
            .args(["-T", "add", "-f"])
            .arg(&config)
            .arg("-l")
            .arg(&people)
            .output()
            .unwrap();
        assert!(
            filled.status.success(),
            "{}",
            String::from_utf8_lossy(&filled.stderr)
        );
        let port = free_port();
        let url = format!("ldap://127.0.0.1:{port}");
        let process = Command::new(&binary)
            // With a debug level it stays in the foreground, as this process's child.
            .args(["-d", "0", "-h", &url, "-f"])
            .arg(&config)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let process = Guard::new(process.unwrap());
        assert!(
            wait_for_port(port, Duration::from_secs(30)),
            "slapd did not start"
        );
        Some(Self {
            url,
            _process: process,
            _folder: folder,
        })
    }
}

fn found() -> Option<(PathBuf, PathBuf)> {
    let binary = ["/usr/sbin/slapd", "/usr/libexec/slapd", "/usr/lib/openldap/slapd"]
        .iter()
        .map(PathBuf::from)
        .find(|path| path.exists())?;
    let schemas = SCHEMAS.iter().map(PathBuf::from).find(|path| path.exists())?;
    Some((binary, schemas))
}

/// Writes the values that are not ASCII in base64, as LDIF has them.
fn ldif(text: &str) -> String {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let line = |line: &str| match line.split_once(": ") {
        Some((name, value)) if !value.is_ascii() => format!("{name}:: {}\n", STANDARD.encode(value)),
        _ => format!("{line}\n"),
    };
    text.lines().map(line).collect()
}
