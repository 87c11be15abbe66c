//! Connections kept for the next request to the same server.

use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http_body_util::Full;
use hyper::client::conn::http1::SendRequest;

use super::target::Origin;

/// The sending half of a connection.
pub(super) type Sender = SendRequest<Full<Bytes>>;

/// The idle connections. A client talks to few servers, so a list is enough.
#[derive(Default)]
pub(super) struct Pool(Mutex<Vec<(Origin, Sender)>>);

impl Pool {
    /// Takes a connection to `origin` that is still open and ready.
    pub(super) fn take(&self, origin: &Origin) -> Option<Sender> {
        let mut idle = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        idle.retain(|(_, sender)| !sender.is_closed());
        let at = idle
            .iter()
            .rposition(|(to, sender)| to == origin && sender.is_ready())?;
        Some(idle.swap_remove(at).1)
    }

    /// Keeps a connection for the next request.
    pub(super) fn put(&self, origin: Origin, sender: Sender) {
        if !sender.is_closed() {
            self.0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push((origin, sender));
        }
    }
}
