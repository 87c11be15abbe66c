//! Authorities and certificates for the duration of a test.

use std::sync::{Arc, OnceLock};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, date_time_ymd};
use rustls::pki_types::PrivateKeyDer;
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{ClientCertVerifierBuilder, WebPkiClientVerifier};

/// A temporary authority.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// The validity of a server's certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Validity {
    /// Valid for localhost and 127.0.0.1.
    Good,
    /// For localhost, but expired.
    Expired,
    /// For localhost, but not yet valid.
    NotYet,
    /// Valid for another name.
    WrongName,
}

/// A server's or a client's certificate and key.
pub struct Certificate {
    /// The certificate, PEM.
    pub pem: String,
    /// Its key, PEM.
    pub key_pem: String,
    /// The certificate, and those sent with it.
    chain: Vec<Vec<u8>>,
    key_der: Vec<u8>,
}

impl Authority {
    /// Creates an authority called `name`.
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        Self {
            issuer: CertifiedIssuer::self_signed(params, key).unwrap(),
        }
    }

    /// Returns the authority that tests trust.
    pub fn trusted() -> &'static Self {
        static TRUSTED: OnceLock<Authority> = OnceLock::new();
        TRUSTED.get_or_init(|| Self::new("secretctl test authority"))
    }

    /// Returns its certificate, PEM.
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    fn verifier(&self) -> ClientCertVerifierBuilder {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.issuer.der().clone()).unwrap();
        WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
    }

    /// Creates a valid certificate for `names`.
    pub fn certificate_for(&self, names: &[&str]) -> Certificate {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        self.sign(&CertificateParams::new(names).unwrap())
    }

    /// Creates a certificate.
    pub fn certificate(&self, validity: Validity) -> Certificate {
        let names = match validity {
            Validity::WrongName => vec!["elsewhere.example".to_owned()],
            _ => vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
        };
        let mut params = CertificateParams::new(names).unwrap();
        match validity {
            Validity::Expired => params.not_after = date_time_ymd(2001, 1, 1),
            Validity::NotYet => params.not_before = date_time_ymd(2999, 1, 1),
            Validity::Good | Validity::WrongName => {}
        }
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        Certificate {
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            chain: vec![certificate.der().to_vec()],
            key_der: key.serialize_der(),
        }
    }
}

impl Certificate {
    /// Creates a self-signed certificate for `names` that is marked as an authority, as `openssl req -x509` does by default.
    pub fn self_signed(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            pem: certificate.pem(),
            key_pem: key.serialize_pem(),
            chain: vec![certificate.der().to_vec()],
            key_der: key.serialize_der(),
        }
    }

    /// Creates a server's certificate from a chain in DER, its own first, and its own key.
    pub fn of_chain(chain: Vec<Vec<u8>>, key: &KeyPair) -> Self {
        Self {
            pem: super::draft::block("CERTIFICATE", &chain[0]),
            key_pem: key.serialize_pem(),
            chain,
            key_der: key.serialize_der(),
        }
    }

    /// Returns the configuration of a server that requires a certificate of `clients`, if given.
    pub(super) fn server_config(&self, clients: Option<&Authority>) -> Arc<rustls::ServerConfig> {
        self.config(clients.map(|authority| authority.verifier().build().unwrap()))
    }

    /// Returns the configuration of a server that requests a certificate of `clients`, but accepts none.
    pub(super) fn asking_config(&self, clients: &Authority) -> Arc<rustls::ServerConfig> {
        let verifier = clients.verifier().allow_unauthenticated();
        self.config(Some(verifier.build().unwrap()))
    }

    fn config(&self, clients: Option<Arc<dyn ClientCertVerifier>>) -> Arc<rustls::ServerConfig> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match clients {
            None => builder.with_no_client_auth(),
            Some(verifier) => builder.with_client_cert_verifier(verifier),
        };
        let key = PrivateKeyDer::try_from(self.key_der.clone()).unwrap();
        let key = rustls::crypto::ring::sign::any_supported_type(&key).unwrap();
        let chain = self.chain.iter().map(|der| der.clone().into()).collect();
        // Signs any certificate: the client must check it.
        let shown = rustls::sign::SingleCertAndKey::from(rustls::sign::CertifiedKey::new(chain, key));
        Arc::new(builder.with_cert_resolver(Arc::new(shown)))
    }
}
