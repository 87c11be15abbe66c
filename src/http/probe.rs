//! Checks from a server's first bytes, on their way to hyper, whether it speaks HTTP at all.
//!
//! hyper reports a contradictory or endless head the same way as an answer that is not HTTP. Users need to know which it is.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The beginning of every HTTP answer.
const BEGINNING: &[u8] = b"HTTP/";

/// A stream whose beginning is checked.
pub(super) struct HttpProbe<S> {
    stream: S,
    /// How many bytes of [`BEGINNING`] have arrived; `None` once the outcome is known.
    matched: Option<usize>,
    speaks_http: Arc<AtomicBool>,
}

impl<S> HttpProbe<S> {
    /// Wraps `stream`. The flag becomes true once the beginning of an HTTP answer has arrived.
    pub(super) fn new(stream: S) -> (Self, Arc<AtomicBool>) {
        let speaks_http = Arc::new(AtomicBool::new(false));
        let probe = Self {
            stream,
            matched: Some(0),
            speaks_http: Arc::clone(&speaks_http),
        };
        (probe, speaks_http)
    }

    fn check(&mut self, bytes: &[u8]) {
        let Some(matched) = self.matched else { return };
        let expected = &BEGINNING[matched..];
        let length = expected.len().min(bytes.len());
        self.matched = if bytes[..length] != expected[..length] {
            None
        } else if length == expected.len() {
            self.speaks_http.store(true, Ordering::Relaxed);
            None
        } else {
            Some(matched + length)
        };
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for HttpProbe<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(context, buffer);
        self.check(&buffer.filled()[before..]);
        read
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for HttpProbe<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, buffers)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speaks(pieces: &[&str]) -> bool {
        let (mut probe, speaks) = HttpProbe::new(());
        for piece in pieces {
            probe.check(piece.as_bytes());
        }
        speaks.load(Ordering::Relaxed)
    }

    #[test]
    fn http_is_known_by_its_first_bytes_however_they_are_split() {
        assert!(speaks(&["HTTP/1.1 200 OK"]) && speaks(&["H", "", "TT", "P/9"]));
        for other in [
            &["220 ESMTP HTTP/"][..],
            &["HT", "CPCP"],
            &["HTTP"],
            &[],
            &["<", "HTTP/"],
        ] {
            assert!(!speaks(other), "{other:?}");
        }
    }
}
