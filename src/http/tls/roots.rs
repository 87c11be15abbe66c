//! Whose certificates are trusted: a named file or folder, the system's bundle, or Mozilla's list.

use std::path::{Path, PathBuf};

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::super::failure::Failure;
use super::pem;
use crate::env::Env;

/// Whose certificates are trusted.
#[derive(Clone, Debug)]
pub enum Roots {
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` as given, else the system's bundle, else Mozilla's.
    System {
        /// `SSL_CERT_FILE`
        cert_file: Option<PathBuf>,
        /// `SSL_CERT_DIR`, which may name several folders as `PATH` does
        cert_dir: Option<PathBuf>,
    },
    /// A PEM file, or a folder of them.
    Path(PathBuf),
    /// Anybody's: `"verify": false`.
    Unverified,
    /// The one certificate whose SHA-1 it is, whoever signed it: how Azure Service Fabric's own server is known.
    Thumbprint([u8; 20]),
}

impl Roots {
    /// Returns the system's, as the environment has them.
    #[must_use]
    pub fn system(env: &Env) -> Self {
        Self::System {
            cert_file: env.non_empty("SSL_CERT_FILE").map(PathBuf::from),
            cert_dir: env.non_empty("SSL_CERT_DIR").map(PathBuf::from),
        }
    }
}

/// Where systems keep their one bundle: Debian, Fedora, SUSE, RHEL 7, Alpine and macOS, FreeBSD.
/// The list of Go's `crypto/x509/root_linux.go` and `root_bsd.go`.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// Reads the trusted certificates: those of files as they are, or Mozilla's.
pub(super) fn load(roots: &Roots) -> Result<(RootCertStore, Vec<CertificateDer<'static>>), Failure> {
    let certificates = match roots {
        Roots::Unverified | Roots::Thumbprint(_) => Vec::new(),
        Roots::Path(path) => from_path(path)?,
        Roots::System {
            cert_file: None,
            cert_dir: None,
        } => {
            let bundle = BUNDLES.iter().find_map(|path| std::fs::read(path).ok());
            bundle
                .map(|bundle| pem::certificates(&bundle))
                .unwrap_or_default()
        }
        Roots::System { cert_file, cert_dir } => {
            let mut found = cert_file.as_deref().map_or(Ok(Vec::new()), from_file)?;
            for folder in cert_dir.iter().flat_map(std::env::split_paths) {
                found.extend(from_folder(&folder)?);
            }
            if found.is_empty() {
                return Err(Failure::configuration(
                    "`SSL_CERT_FILE` and `SSL_CERT_DIR` name no certificate",
                ));
            }
            found
        }
    };
    let mut store = RootCertStore::empty();
    store.add_parsable_certificates(certificates.iter().cloned());
    if store.is_empty() {
        match roots {
            Roots::System {
                cert_file: None,
                cert_dir: None,
            } => {
                store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
            }
            Roots::Unverified | Roots::Thumbprint(_) => {}
            Roots::Path(path) => return Err(none_in(path)),
            Roots::System { .. } => {
                return Err(Failure::configuration(
                    "no certificate of `SSL_CERT_FILE` or `SSL_CERT_DIR` can be used",
                ));
            }
        }
    }
    Ok((store, certificates))
}

fn from_path(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found = if path.is_dir() {
        from_folder(path)?
    } else {
        from_file(path)?
    };
    if found.is_empty() {
        Err(none_in(path))
    } else {
        Ok(found)
    }
}

fn from_file(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let found = pem::certificates(&pem::read(path, "the CA bundle")?);
    if found.is_empty() {
        Err(none_in(path))
    } else {
        Ok(found)
    }
}

/// Reads every file of a folder; what is no PEM file is passed over, as OpenSSL does with names it does not know.
fn from_folder(path: &Path) -> Result<Vec<CertificateDer<'static>>, Failure> {
    let unreadable = |source: std::io::Error| {
        Failure::configuration(format!(
            "the folder of certificates `{}` cannot be read",
            path.display()
        ))
        .with_source(source)
    };
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        files.push(entry.map_err(unreadable)?.path());
    }
    files.sort();
    let mut found: Vec<CertificateDer<'static>> = Vec::new();
    for file in files {
        if let Ok(bytes) = std::fs::read(&file) {
            found.extend(pem::certificates(&bytes));
        }
    }
    found.sort_by(|a, b| a.as_ref().cmp(b.as_ref()));
    found.dedup();
    Ok(found)
}

fn none_in(path: &Path) -> Failure {
    Failure::configuration(format!(
        "`{}` holds no certificate in PEM form that can be used",
        path.display()
    ))
}
