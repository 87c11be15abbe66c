//! A server's client on a thread with a runtime of its own.
//!
//! The command's own runtime has neither sockets nor timers when only local places are configured, and whether a server is asked is
//! known only when every other place has been asked. Must not know any client.

use std::sync::{Mutex, PoisonError, mpsc as blocking};
use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::sync::{mpsc, oneshot};

use super::database::{Database, Row, Table, Wanted};
use crate::error::{Error, Result};
use crate::future::BoxFuture;

/// How long after the deadline a client is abandoned. Its own error is better, because it knows what it waited for.
const GRACE: Duration = Duration::from_millis(40);

/// How long the end waits for the client to say goodbye to its server.
const GOODBYE: Duration = Duration::from_millis(200);

/// A client on its thread.
pub(super) struct OnThread {
    place: String,
    questions: Option<mpsc::UnboundedSender<Question>>,
    ended: Mutex<blocking::Receiver<()>>,
}

/// What is asked for, and where the answer goes.
struct Question {
    table: Table,
    wanted: Wanted<String>,
    answer: oneshot::Sender<Result<Vec<Row>>>,
}

impl OnThread {
    /// Starts the thread. `place` is the database, for messages.
    ///
    /// # Errors
    /// No thread, or no runtime for it: an internal error.
    pub(super) fn start(client: Box<dyn Database>, place: String, deadline: Instant) -> Result<Self> {
        let failed =
            |source| Error::internal("the runtime of the database cannot be started").with_source(source);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let (questions, asked) = mpsc::unbounded_channel();
        let (end, ended) = blocking::channel();
        let words = place.clone();
        std::thread::Builder::new()
            .name("database".to_owned())
            .spawn(move || {
                runtime.block_on(serve(client, asked, &words, deadline));
                // Tasks of the client may still have to close its connection.
                runtime.shutdown_timeout(GOODBYE);
                drop(end);
            })
            .map_err(failed)?;
        Ok(Self {
            place,
            questions: Some(questions),
            ended: Mutex::new(ended),
        })
    }
}

impl Database for OnThread {
    fn rows<'a>(&'a self, table: Table, wanted: Wanted<&'a str>) -> BoxFuture<'a, Result<Vec<Row>>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            let question = Question {
                table,
                wanted: wanted.owned(),
                answer,
            };
            let lost = || {
                Error::internal(format!(
                    "the client of {} has ended without an answer",
                    self.place
                ))
            };
            let questions = self.questions.as_ref().ok_or_else(lost)?;
            questions.send(question).map_err(|_| lost())?;
            answered.await.unwrap_or_else(|_| Err(lost()))
        })
    }
}

impl Drop for OnThread {
    fn drop(&mut self) {
        self.questions = None;
        // The thread sends nothing. It drops its end when the connection is closed.
        let ended = self.ended.get_mut().unwrap_or_else(PoisonError::into_inner);
        let _ = ended.recv_timeout(GOODBYE);
    }
}

/// Answers questions, several at a time, until nobody can ask any more.
async fn serve(
    client: Box<dyn Database>,
    mut questions: mpsc::UnboundedReceiver<Question>,
    place: &str,
    deadline: Instant,
) {
    let answer = async |Question {
                            table,
                            wanted,
                            answer,
                        }: Question| {
        let rows = client.rows(table, wanted.borrowed());
        let rows = tokio::time::timeout_at((deadline + GRACE).into(), rows);
        let rows = rows.await.unwrap_or_else(|_| {
            Err(Error::unavailable(format!("{place} did not answer in time"))
                .with_hint("`--timeout SECONDS` gives it longer"))
        });
        // Nobody waits any more when the command has failed for another reason.
        let _ = answer.send(rows);
    };
    let mut answering = FuturesUnordered::new();
    loop {
        tokio::select! {
            question = questions.recv() => match question {
                Some(question) => answering.push(answer(question)),
                None => break,
            },
            Some(()) = answering.next() => {}
        }
    }
}
