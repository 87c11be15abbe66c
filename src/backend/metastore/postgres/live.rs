//! A client whose connection is driven in the background, and ended properly.
//!
//! Without the message that ends a session, a server with TLS logs every lookup as a connection that was reset.

use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use tokio_postgres::Client;

use super::stream;

/// The work of a connection.
type Driver = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A client with its connection.
pub(super) struct LiveClient {
    /// It is there until this is dropped.
    client: Option<Client>,
    driver: Arc<Mutex<Option<Driver>>>,
}

impl LiveClient {
    /// Drives `connection` on the current runtime.
    pub(super) fn new(
        client: Client,
        connection: tokio_postgres::Connection<stream::Connection, stream::Connection>,
    ) -> Self {
        let work: Driver = Box::pin(async {
            if connection.await.is_err() {
                tracing::debug!("the connection to the database broke");
            }
        });
        let driver = Arc::new(Mutex::new(Some(work)));
        let shared = Arc::clone(&driver);
        tokio::spawn(poll_fn(move |cx| poll(&shared, cx)));
        Self {
            client: Some(client),
            driver,
        }
    }

    pub(super) fn get(&self) -> &Client {
        self.client.as_ref().expect("it is there until the drop")
    }
}

impl Drop for LiveClient {
    fn drop(&mut self) {
        // The connection then ends the session. Its few bytes fit into the socket, so one attempt is enough.
        self.client = None;
        let _ = poll(&self.driver, &mut Context::from_waker(Waker::noop()));
    }
}

fn poll(driver: &Mutex<Option<Driver>>, cx: &mut Context<'_>) -> Poll<()> {
    let mut driver = driver.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(work) = driver.as_mut() else {
        return Poll::Ready(());
    };
    let outcome = work.as_mut().poll(cx);
    if outcome.is_ready() {
        *driver = None;
    }
    outcome
}
