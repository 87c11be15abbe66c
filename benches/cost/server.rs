//! Servers that answer at once: Vault's and Key Vault's answers over http and https, and Entra's token endpoint.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};
use serde_json::json;

use crate::scenarios::URI;

/// A certificate authority that lives as long as this process, and the file that holds its certificate.
pub(crate) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    file: PathBuf,
}

impl Authority {
    pub(crate) fn new(folder: &Path) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let file = folder.join("ca.pem");
        std::fs::write(&file, issuer.pem()).unwrap();
        Self { issuer, file }
    }

    pub(crate) fn file(&self) -> &Path {
        &self.file
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

/// A server on loopback.
pub(crate) struct Server {
    origin: String,
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    /// Where requests are counted.
    requests: Mutex<Arc<AtomicUsize>>,
    /// The origin of the server that issues tokens for this one.
    token_origin: Mutex<String>,
}

impl Server {
    pub(crate) fn http() -> Self {
        Self::start("http", "127.0.0.1", serve)
    }

    pub(crate) fn https(authority: &Authority) -> Self {
        let config = Arc::new(authority.server_config());
        Self::start("https", "localhost", move |stream, shared| {
            let connection = ServerConnection::new(Arc::clone(&config)).unwrap();
            serve(StreamOwned::new(connection, stream), shared);
        })
    }

    fn start(scheme: &str, host: &str, serve: impl Fn(TcpStream, &Shared) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("{scheme}://{host}:{}", listener.local_addr().unwrap().port());
        let shared = Arc::new(Shared::default());
        let (serve, theirs) = (Arc::new(serve), Arc::clone(&shared));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (serve, shared) = (Arc::clone(&serve), Arc::clone(&theirs));
                thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { origin, shared }
    }

    pub(crate) fn origin(&self) -> String {
        self.origin.clone()
    }

    pub(crate) fn requests(&self) -> Arc<AtomicUsize> {
        Arc::clone(&self.shared.requests.lock().unwrap())
    }

    /// Lets `other` count where this one counts.
    pub(crate) fn share_count(&self, other: &Self) {
        *other.shared.requests.lock().unwrap() = self.requests();
    }

    /// Lets `vault` send its clients here for tokens.
    pub(crate) fn issue_tokens_for(&self, vault: &Self) {
        *vault.shared.token_origin.lock().unwrap() = self.origin();
    }
}

/// Answers the requests of one connection.
fn serve(stream: impl Read + Write, shared: &Shared) {
    let mut stream = BufReader::new(stream);
    loop {
        let mut head = Vec::new();
        while !matches!(head.last().map(String::as_str), Some("\r\n")) {
            let mut line = String::new();
            match stream.read_line(&mut line) {
                Ok(1..) => head.push(line),
                _ => return,
            }
        }
        let header = |name: &str| {
            let mut lines = head.iter().skip(1).filter_map(|line| line.split_once(':'));
            lines
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim().to_owned())
        };
        let length: usize = header("content-length")
            .and_then(|length| length.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        if stream.read_exact(&mut body).is_err() {
            return;
        }
        shared.requests.lock().unwrap().fetch_add(1, Ordering::SeqCst);
        let path = head[0].split(' ').nth(1).unwrap_or_default().to_owned();
        let answer = answer(&path, header("authorization").is_some(), shared);
        if stream
            .get_mut()
            .write_all(answer.as_bytes())
            .and_then(|()| stream.get_mut().flush())
            .is_err()
        {
            return;
        }
    }
}

fn answer(path: &str, is_authorized: bool, shared: &Shared) -> String {
    let token_origin = shared.token_origin.lock().unwrap().clone();
    let challenge = format!(
        "WWW-Authenticate: Bearer authorization=\"{token_origin}/6f89cf12-978b-4d23-ac18-9ef0c127cf87\", resource=\"https://vault.azure.net\"\r\n"
    );
    let (status, headers, body) = if path.starts_with("/v1/auth/") {
        (
            "200 OK",
            "",
            json!({"auth": {"client_token": "a-token", "lease_duration": 3600}}),
        )
    } else if path.starts_with("/v1/") {
        (
            "200 OK",
            "",
            json!({"data": {"data": {"conn_uri": URI}, "metadata": {"version": 1}}}),
        )
    } else if path.contains("/oauth2/") {
        (
            "200 OK",
            "",
            json!({"token_type": "Bearer", "expires_in": 3599, "access_token": "a-token"}),
        )
    } else if is_authorized {
        (
            "200 OK",
            "",
            json!({"value": URI, "id": "https://localhost/secrets/x/1", "attributes": {"enabled": true}}),
        )
    } else {
        (
            "401 Unauthorized",
            challenge.as_str(),
            json!({"error": {"code": "Unauthorized"}}),
        )
    };
    let body = body.to_string();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}
