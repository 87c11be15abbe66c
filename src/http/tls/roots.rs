//! Whose certificates are trusted: a named file or folder, the system's bundle, or Mozilla's list.

use std::path::{Path, PathBuf};
use std::time::Instant;

use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;

use super::super::failure::Failure;
use super::der::Head;
use super::pem;
use crate::env::Env;
use crate::file;

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

/// The trusted certificates: read as they are, and searched when a server has shown its own.
pub(super) struct Trust {
    /// PEM files, whole.
    bundles: Vec<Vec<u8>>,
    /// Folders of PEM files, which are read when the bundles have no answer.
    folders: Vec<PathBuf>,
    /// Whether Mozilla's list serves.
    mozilla: bool,
    /// When the command has to be done.
    deadline: Instant,
}

impl Trust {
    /// Reads what is trusted.
    ///
    /// # Errors
    /// A file that cannot be read or holds no certificate, a folder that cannot be read.
    pub(super) fn load(roots: &Roots, deadline: Instant) -> Result<Self, Failure> {
        let mut trust = Self {
            bundles: Vec::new(),
            folders: Vec::new(),
            mozilla: false,
            deadline,
        };
        match roots {
            Roots::Unverified | Roots::Thumbprint(_) => {}
            Roots::Path(path) if path.is_dir() => trust.folders.push(folder(path)?),
            Roots::Path(path) => trust.bundles.push(bundle(path, deadline)?),
            Roots::System {
                cert_file: None,
                cert_dir: None,
            } => match BUNDLES
                .iter()
                .find_map(|path| read(Path::new(path), deadline).ok())
            {
                Some(bundle) => trust.bundles.push(bundle),
                None => trust.mozilla = true,
            },
            Roots::System { cert_file, cert_dir } => {
                trust.bundles = cert_file
                    .iter()
                    .map(|path| bundle(path, deadline))
                    .collect::<Result<_, _>>()?;
                let folders = cert_dir.iter().flat_map(std::env::split_paths);
                trust.folders = folders.map(|path| folder(&path)).collect::<Result<_, _>>()?;
            }
        }
        Ok(trust)
    }

    /// Returns the certificates of files whose subject is one of `subjects`.
    pub(super) fn in_bundles(&self, subjects: &[&[u8]]) -> Vec<CertificateDer<'static>> {
        self.bundles
            .iter()
            .flat_map(|bundle| pem::certificates_of(bundle, subjects))
            .collect()
    }

    /// Returns the certificates of folders whose subject is one of `subjects`. A file that is no PEM file is passed over, as
    /// OpenSSL does with names it does not know.
    pub(super) fn in_folders(&self, subjects: &[&[u8]]) -> Vec<CertificateDer<'static>> {
        let mut found: Vec<CertificateDer<'static>> = Vec::new();
        for folder in &self.folders {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            for bytes in entries.filter_map(|entry| read(&entry.path(), self.deadline).ok()) {
                for certificate in pem::certificates_of(&bytes, subjects) {
                    if !found.contains(&certificate) {
                        found.push(certificate);
                    }
                }
            }
        }
        found
    }

    /// Makes the store of `certificates`, or Mozilla's; `None` when nothing in it could be an authority.
    pub(super) fn store(&self, certificates: &[CertificateDer<'static>]) -> Option<RootCertStore> {
        let mut store = RootCertStore::empty();
        if self.mozilla {
            store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        store.add_parsable_certificates(certificates.iter().cloned());
        (!store.is_empty()).then_some(store)
    }
}

/// Reads a file of certificates, which are public.
fn read(path: &Path, deadline: Instant) -> std::io::Result<Vec<u8>> {
    file::read_unwiped(path, file::MAX_BYTES, deadline)
}

/// Reads a PEM file that has at least one certificate.
fn bundle(path: &Path, deadline: Instant) -> Result<Vec<u8>, Failure> {
    let bytes = read(path, deadline).map_err(|source| {
        Failure::configuration(format!("the CA bundle `{}` cannot be read", path.display()))
            .with_source(source)
    })?;
    let usable = |certificate: &CertificateDer<'_>| Head::of(certificate).is_some();
    if pem::certificates(&bytes).any(|certificate| usable(&certificate)) {
        return Ok(bytes);
    }
    let shown = crate::shown::shown(&path.display().to_string());
    Err(Failure::configuration(format!(
        "`{shown}` holds no certificate in PEM form that can be used"
    )))
}

fn folder(path: &Path) -> Result<PathBuf, Failure> {
    match std::fs::read_dir(path) {
        Ok(_) => Ok(path.to_owned()),
        Err(source) => {
            let shown = crate::shown::shown(&path.display().to_string());
            Err(
                Failure::configuration(format!("the folder of certificates `{shown}` cannot be read"))
                    .with_source(source),
            )
        }
    }
}
