//! The tests' own processes and ports.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Child;
use std::time::{Duration, Instant};

/// A child process that is ended, by its pid, when this value is dropped.
#[derive(Debug)]
pub struct Guard(Child);

impl Guard {
    /// Takes ownership of `child`.
    pub fn new(child: Child) -> Self {
        Self(child)
    }

    /// Returns the child's pid.
    pub fn id(&self) -> u32 {
        self.0.id()
    }

    /// Returns the child, to read from it or to wait for it.
    pub fn child(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // A child that has already ended is not a failure.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Returns a loopback port that was free a moment ago. A server within the test should bind port 0 instead.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Waits until something listens on `port`; returns false when nothing does within `limit`.
pub fn wait_for_port(port: u16, limit: Duration) -> bool {
    let start = Instant::now();
    while start.elapsed() < limit {
        if TcpStream::connect(SocketAddr::from(([127, 0, 0, 1], port))).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}

#[cfg(unix)]
#[test]
fn a_guarded_child_ends_with_its_guard() {
    let mut guard = Guard::new(std::process::Command::new("sleep").arg("600").spawn().unwrap());
    let pid = guard.id();
    assert!(guard.child().try_wait().unwrap().is_none());
    drop(guard);
    let probe = std::process::Command::new("kill")
        .args(["-0", &pid.to_string()])
        .output()
        .unwrap();
    assert!(!probe.status.success());
    assert!(!wait_for_port(free_port(), Duration::from_millis(1)));
}
