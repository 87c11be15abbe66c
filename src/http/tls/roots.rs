//! The trusted certificates: a named file or folder, the system's bundle, or Mozilla's list.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustls::pki_types::{CertificateDer, TrustAnchor};

use super::super::failure::Failure;
use super::bundle::Bundle;
use super::der::Head;
use super::pem::{self, Held};
use crate::env::Env;
use crate::file;

/// Which certificates are trusted.
#[derive(Clone, Debug)]
pub enum Roots {
    /// `SSL_CERT_FILE` and `SSL_CERT_DIR` when set, else the system's bundle, else Mozilla's list.
    System {
        /// `SSL_CERT_FILE`
        cert_file: Option<PathBuf>,
        /// `SSL_CERT_DIR`, which may name several folders as `PATH` does
        cert_dir: Option<PathBuf>,
    },
    /// A PEM file, or a folder of them.
    Path(PathBuf),
    /// Certificates in PEM form, and what names them in messages, such as "`certificate-authority-data`".
    Text(Vec<u8>, String),
    /// Any certificate: `"verify": false`.
    Unverified,
    /// The one certificate with this SHA-1, whoever signed it: Azure Service Fabric's server is identified so.
    Thumbprint([u8; 20]),
}

impl Roots {
    /// Returns the system's certificates, as the environment names them.
    #[must_use]
    pub fn system(env: &Env) -> Self {
        Self::System {
            cert_file: env.non_empty("SSL_CERT_FILE").map(PathBuf::from),
            cert_dir: env.non_empty("SSL_CERT_DIR").map(PathBuf::from),
        }
    }
}

/// Where systems keep their bundle: Debian, Fedora, SUSE, RHEL 7, Alpine and macOS, FreeBSD.
/// The list of Go's `crypto/x509/root_linux.go` and `root_bsd.go`.
const BUNDLES: &[&str] = &[
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/cert.pem",
    "/usr/local/share/certs/ca-root-nss.crt",
];

/// The trusted certificates: read unparsed, and searched once a server has sent its own.
pub(super) struct Trust {
    /// PEM files, whole.
    bundles: Vec<Arc<Bundle>>,
    /// Folders of PEM files, read only when the bundles do not suffice.
    folders: Vec<PathBuf>,
    /// Whether Mozilla's list is used.
    mozilla: bool,
    /// When the command must end.
    deadline: Instant,
}

impl Trust {
    /// Reads the trusted certificates.
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
            Roots::Path(path) => match read(path, deadline) {
                Err(source) if source.kind() == std::io::ErrorKind::IsADirectory => {
                    trust.folders.push(folder(path, deadline)?);
                }
                outcome => trust.bundles.push(usable(path, outcome)?),
            },
            Roots::Text(text, name) => {
                let bundle = Bundle::new(text.clone());
                trust.bundles.push(holding(Arc::new(bundle), name)?);
            }
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
                trust.folders = folders
                    .map(|path| folder(&path, deadline))
                    .collect::<Result<_, _>>()?;
            }
        }
        Ok(trust)
    }

    /// Trusts only Mozilla's list, not the system's certificates.
    #[cfg(test)]
    pub(super) fn of_mozilla() -> Self {
        Self {
            bundles: Vec::new(),
            folders: Vec::new(),
            mozilla: true,
            deadline: Instant::now(),
        }
    }

    /// Returns the certificates of files that may lead from `issuers` to a root.
    pub(super) fn in_bundles(&self, issuers: &[&[u8]]) -> Vec<Held> {
        let mut held = Vec::new();
        add(&mut held, &self.bundles, &[], issuers);
        held
    }

    /// Adds the certificates of folders that may lead from `issuers` to a root. Returns whether there are any.
    pub(super) fn add_from_folders(&self, issuers: &[&[u8]], held: &mut Vec<Held>) -> bool {
        let files: Vec<Arc<Bundle>> = self
            .folders
            .iter()
            .flat_map(|folder| in_order(folder, self.deadline))
            .filter_map(|path| file::read_regular(&path, file::MAX_BYTES, self.deadline).ok())
            .map(|pem| Arc::new(Bundle::new(pem)))
            .collect();
        let before = held.len();
        if !files.is_empty() {
            add(held, &self.bundles, &files, issuers);
        }
        held.len() > before
    }

    /// Returns Mozilla's list when it is used.
    pub(super) fn mozilla(&self) -> &'static [TrustAnchor<'static>] {
        if self.mozilla {
            webpki_roots::TLS_SERVER_ROOTS
        } else {
            &[]
        }
    }
}

/// Adds to `held` the certificates of PEM files whose subject is one of `issuers`, and those that signed them, and so on.
///
/// If a certificate is there twice, the first counts.
fn add(held: &mut Vec<Held>, bundles: &[Arc<Bundle>], files: &[Arc<Bundle>], issuers: &[&[u8]]) {
    /// The maximum number of rounds; no path is longer.
    const MAX_PASSES: usize = 8;
    let mut wanted: Vec<Vec<u8>> = issuers.iter().map(|issuer| issuer.to_vec()).collect();
    let mut done = Vec::new();
    for _ in 0..MAX_PASSES {
        wanted.retain(|name| !done.contains(name));
        if wanted.is_empty() {
            return;
        }
        let subjects: Vec<&[u8]> = wanted.iter().map(Vec::as_slice).collect();
        let mut next = Vec::new();
        for file in bundles.iter().chain(files) {
            for found in file.certificates_of(&subjects) {
                next.extend(Head::of(&found.der).map(|head| head.issuer.to_vec()));
                if held.iter().all(|held| held.der != found.der) {
                    held.push(found);
                }
            }
        }
        done.append(&mut wanted);
        wanted = next;
    }
}

/// Returns the files of a folder that OpenSSL would open; all files when there is none of these.
///
/// OpenSSL (`crypto/x509/by_dir.c`) opens only `HASH.NUMBER`, which `openssl rehash` makes. Removing that link removes the
/// certificate from such a folder.
fn in_order(folder: &Path, deadline: Instant) -> Vec<PathBuf> {
    let mut paths = file::read_folder(folder, deadline).unwrap_or_default();
    paths.sort();
    if paths.iter().any(|path| is_hashed(path)) {
        paths.retain(|path| is_hashed(path));
    }
    paths
}

fn is_hashed(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.and_then(|name| name.split_once('.'))
        .is_some_and(|(hash, number)| {
            hash.len() == 8
                && hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
                && !number.is_empty()
                && number.bytes().all(|byte| byte.is_ascii_digit())
        })
}

/// Reads a file of certificates, which are public, unless another client has.
fn read(path: &Path, deadline: Instant) -> std::io::Result<Arc<Bundle>> {
    Bundle::shared(path, |path| file::read_unwiped(path, file::MAX_BYTES, deadline))
}

/// Reads a PEM file that has at least one certificate.
fn bundle(path: &Path, deadline: Instant) -> Result<Arc<Bundle>, Failure> {
    usable(path, read(path, deadline))
}

/// Checks that what was read of `path` has at least one certificate.
fn usable(path: &Path, read: std::io::Result<Arc<Bundle>>) -> Result<Arc<Bundle>, Failure> {
    let bundle = read.map_err(|source| {
        Failure::configuration(format!("the CA bundle `{}` cannot be read", path.display()))
            .with_source(source)
    })?;
    let shown = crate::shown::shown(&path.display().to_string());
    holding(bundle, &format!("`{shown}`"))
}

/// Checks that a bundle, which messages call `name`, has at least one certificate.
fn holding(bundle: Arc<Bundle>, name: &str) -> Result<Arc<Bundle>, Failure> {
    let usable = |certificate: &CertificateDer<'_>| Head::of(certificate).is_some();
    if pem::certificates(bundle.pem()).any(|certificate| usable(&certificate)) {
        return Ok(bundle);
    }
    Err(Failure::configuration(format!(
        "{name} holds no usable certificate in PEM form"
    )))
}

fn folder(path: &Path, deadline: Instant) -> Result<PathBuf, Failure> {
    match file::read_folder(path, deadline) {
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::samples::{authority, self_signed, signed_by};
    use super::*;

    fn deadline() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    fn names(held: &[Held]) -> Vec<String> {
        let name = |held: &Held| {
            let text = String::from_utf8_lossy(&held.der).into_owned();
            ["root", "under", "below"]
                .into_iter()
                .rfind(|name| text.contains(name))
                .unwrap_or("another")
                .to_owned()
        };
        held.iter().map(name).collect()
    }

    #[test]
    fn the_path_from_an_issuer_to_its_root_leads_through_files_and_folders() {
        let root = self_signed(authority("1 root", None));
        let under = signed_by(authority("2 under", None), &root);
        let below = signed_by(authority("3 below", None), &under);
        let other = self_signed(authority("something else", None));
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("file.pem");
        let certificates = folder.path().join("certificates");
        std::fs::create_dir(&certificates).expect("a folder");
        let text = [other.pem(), below.pem(), root.pem(), below.pem()].join("\n");
        std::fs::write(&file, text).expect("a file");
        std::fs::write(certificates.join("under.pem"), under.pem()).expect("a file");
        let roots = Roots::System {
            cert_file: Some(file),
            cert_dir: Some(certificates),
        };
        let trust = Trust::load(&roots, deadline()).expect("what is trusted");
        let issuer = Head::of(below.der()).expect("a head").subject;
        let mut held = trust.in_bundles(&[issuer]);
        assert_eq!(names(&held), ["below"]);
        assert!(trust.add_from_folders(&[issuer], &mut held));
        assert_eq!(names(&held), ["below", "under", "root"]);
        assert!(!trust.add_from_folders(&[issuer], &mut held));
        assert!(trust.mozilla().is_empty());
    }

    #[test]
    fn only_the_links_of_a_hashed_folder_are_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let write = |name: &str| std::fs::write(folder.path().join(name), "").expect("a file");
        let found = || -> Vec<String> {
            let paths = in_order(folder.path(), Instant::now() + std::time::Duration::from_secs(30));
            let name = |path: &PathBuf| Some(path.file_name()?.to_str()?.to_owned());
            paths.iter().filter_map(name).collect()
        };
        for name in [
            "b.pem",
            "a.crt",
            "0123abcd.r0",
            "0123ABCD.0",
            "0123abc.0",
            "0123abcd.",
        ] {
            write(name);
        }
        assert_eq!(found().len(), 6, "none of these is a link's name");
        write("0123abcd.1");
        write("0123abcd.0");
        assert_eq!(found(), ["0123abcd.0", "0123abcd.1"]);
    }

    #[test]
    fn unusable_files_and_folders_are_errors_of_configuration() {
        let folder = tempfile::tempdir().expect("a folder");
        let empty = folder.path().join("empty.pem");
        std::fs::write(&empty, "").expect("a file");
        let missing = folder.path().join("missing");
        let system = |file: &Path, dir: Option<&Path>| Roots::System {
            cert_file: Some(file.to_owned()),
            cert_dir: dir.map(Path::to_owned),
        };
        let good = folder.path().join("good.pem");
        std::fs::write(&good, self_signed(authority("root", None)).pem()).expect("a file");
        for (roots, words) in [
            (Roots::Path(missing.clone()), "cannot be read"),
            (Roots::Path(empty.clone()), "holds no usable certificate"),
            (system(&empty, None), "holds no usable certificate"),
            (system(&good, Some(&missing)), "the folder of certificates"),
        ] {
            let failure = Trust::load(&roots, deadline()).err().expect("a failure");
            assert_eq!(failure.kind(), super::super::super::FailureKind::Configuration);
            assert!(failure.to_string().contains(words), "{failure}");
        }
        assert!(Trust::load(&Roots::Path(folder.path().to_owned()), deadline()).is_ok());
    }
}
