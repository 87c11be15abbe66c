//! A proxy for `CONNECT`: it leads real names and ports to the tests' servers, and nowhere else.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// The proxy. It stops with the test process.
pub struct Proxy {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    /// Starts a proxy in which each of `hosts` leads to a port of loopback.
    pub fn start(hosts: Vec<(String, u16)>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let log = Arc::clone(&asked);
        let hosts = Arc::new(hosts);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (hosts, log) = (Arc::clone(&hosts), Arc::clone(&log));
                std::thread::spawn(move || serve(stream, &hosts, &log));
            }
        });
        Self { port, asked }
    }

    /// Returns `http://127.0.0.1:PORT`.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the places that it was asked for so far, and forgets them.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn serve(mut client: TcpStream, hosts: &[(String, u16)], log: &Mutex<Vec<String>>) {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return,
        }
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let place = head
        .strip_prefix("CONNECT ")
        .and_then(|rest| rest.split(' ').next())
        .unwrap_or_default();
    log.lock().unwrap().push(place.to_owned());
    let known = hosts.iter().find(|(host, _)| place == format!("{host}:443"));
    let server = known.and_then(|(_, port)| TcpStream::connect(("127.0.0.1", *port)).ok());
    let Some(server) = server else {
        let _ = client.write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n");
        return;
    };
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    if client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .is_err()
    {
        return;
    }
    let (from, to) = (client.try_clone().unwrap(), server.try_clone().unwrap());
    std::thread::spawn(move || copy(from, to));
    copy(server, client);
}

fn copy(mut from: TcpStream, mut to: TcpStream) {
    let _ = std::io::copy(&mut from, &mut to);
    let _ = (from.shutdown(Shutdown::Read), to.shutdown(Shutdown::Write));
}
