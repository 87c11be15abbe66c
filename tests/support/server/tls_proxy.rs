//! A proxy over TLS that requests a client certificate and records who sent one.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use super::{Authority, Certificate};

/// A request to the proxy, and whether it came with a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The first line of the request.
    pub line: String,
    /// Whether the client sent a certificate.
    pub certificate: bool,
}

/// A proxy that tunnels to one port of this machine, and answers plain requests itself, until it is dropped.
pub struct TlsProxy {
    /// The port at 127.0.0.1 that it listens on.
    pub port: u16,
    asked: Arc<Mutex<Vec<Asked>>>,
    _end: oneshot::Sender<()>,
}

impl TlsProxy {
    /// Starts a proxy with `certificate` that requests one of `clients`, tunnels to `to` and answers plain requests with `body`.
    pub fn start(certificate: &Certificate, clients: &Authority, to: u16, body: &str) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let port = listener.local_addr().unwrap().port();
        let acceptor = TlsAcceptor::from(certificate.asking_config(clients));
        let asked = Arc::<Mutex<Vec<Asked>>>::default();
        let answer = Arc::new(format!(
            "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        ));
        let (end, ended) = oneshot::channel::<()>();
        let log = Arc::clone(&asked);
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.unwrap().block_on(async move {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let serve = async {
                    while let Ok((tcp, _)) = listener.accept().await {
                        let (acceptor, log, answer) =
                            (acceptor.clone(), Arc::clone(&log), Arc::clone(&answer));
                        tokio::spawn(async move {
                            let _ = serve(tcp, &acceptor, to, &log, &answer).await;
                        });
                    }
                };
                tokio::select! { () = serve => {}, _ = ended => {} }
            });
        });
        Self {
            port,
            asked,
            _end: end,
        }
    }

    /// Returns its URL.
    pub fn url(&self) -> String {
        format!("https://localhost:{}", self.port)
    }

    /// Returns the requests so far, and clears them.
    pub fn take(&self) -> Vec<Asked> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

async fn serve(
    tcp: TcpStream,
    acceptor: &TlsAcceptor,
    to: u16,
    log: &Mutex<Vec<Asked>>,
    answer: &str,
) -> std::io::Result<()> {
    let mut client = acceptor.accept(tcp).await?;
    let certificate = client.get_ref().1.peer_certificates().is_some();
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(client.read_u8().await?);
    }
    let line = String::from_utf8_lossy(&head)
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned();
    let tunnels = line.starts_with("CONNECT ");
    log.lock().unwrap().push(Asked { line, certificate });
    if !tunnels {
        client.write_all(answer.as_bytes()).await?;
        return client.shutdown().await;
    }
    let mut server = TcpStream::connect(("127.0.0.1", to)).await?;
    client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
