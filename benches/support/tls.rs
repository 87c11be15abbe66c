//! The https servers: an authority for this run, its certificates, and the bundle that users have.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use crate::server::{Answer, Server};

/// Where Debian keeps the system's bundle.
const SYSTEM_BUNDLE: &str = "/etc/ssl/certs/ca-certificates.crt";

/// How many roots are made where the system has no bundle there: as many as Debian's has.
const ROOTS: usize = 145;

/// A certificate authority that lives as long as this process, and the files that hold its certificate.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
    bundle: PathBuf,
}

impl Authority {
    pub(crate) fn new(folder: &Path) -> Self {
        let issuer = root("Authority of the benchmark");
        let file = folder.join("ca.pem");
        std::fs::write(&file, issuer.pem()).unwrap();
        let bundle = folder.join("bundle.pem");
        let roots = std::fs::read_to_string(SYSTEM_BUNDLE).unwrap_or_else(|why| {
            println!("{SYSTEM_BUNDLE}: {why}; {ROOTS} roots are made instead");
            (0..ROOTS)
                .map(|number| root(&format!("Root {number}")).pem())
                .collect()
        });
        // The last one: whoever reads the bundle only as far as needed reads all of it.
        std::fs::write(&bundle, roots + &issuer.pem()).unwrap();
        Self { issuer, file, bundle }
    }

    /// Returns the file that holds its certificate alone.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// Returns the system's bundle with its certificate.
    pub(crate) fn bundle(&self) -> &Path {
        &self.bundle
    }

    /// Starts a server with a certificate of this authority.
    pub(crate) fn server(&self, answer: impl Fn(&str, bool) -> Answer + Send + Sync + 'static) -> Server {
        let config = Arc::new(self.server_config());
        let wrap =
            move |stream| StreamOwned::new(ServerConnection::new(Arc::clone(&config)).unwrap(), stream);
        Server::start("https", "localhost", wrap, answer)
    }

    fn server_config(&self) -> ServerConfig {
        let key = KeyPair::generate().unwrap();
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let certificate = CertificateParams::new(names)
            .unwrap()
            .signed_by(&key, &self.issuer)
            .unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap()
    }
}

/// Makes a self-signed authority.
fn root(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}
