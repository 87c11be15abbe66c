//! The connection's bytes: a socket or TLS over it, with a limit for what the server sends.
//!
//! Owns the frames' lengths, which are checked before anything collects a frame. Must not know what a message means. Facts:
//! PostgreSQL 18, "Frontend/Backend Protocol", message formats.

use std::future::{Ready, ready};
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};

/// The maximum size of a message: above any value that Airflow's tables hold.
const MAX_MESSAGE_BYTES: usize = 32 << 20;

/// A byte stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// The connection to a server.
pub(super) struct Connection {
    stream: Box<dyn Stream>,
    end_point: Option<Vec<u8>>,
    frames: Frames,
}

impl Connection {
    pub(super) fn new(stream: Box<dyn Stream>, end_point: Option<Vec<u8>>) -> Self {
        Self {
            stream,
            end_point,
            frames: Frames::default(),
        }
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let outcome = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if let Poll::Ready(Ok(())) = outcome {
            self.frames.check(&buffer.filled()[before..])?;
        }
        outcome
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

impl TlsStream for Connection {
    fn channel_binding(&self) -> ChannelBinding {
        match &self.end_point {
            Some(hash) => ChannelBinding::tls_server_end_point(hash.clone()),
            None => ChannelBinding::none(),
        }
    }
}

/// Hands a connection over as it is: TLS, if any, has begun.
pub(super) struct AsItIs;

impl TlsConnect<Connection> for AsItIs {
    type Stream = Connection;
    type Error = io::Error;
    type Future = Ready<io::Result<Connection>>;

    fn connect(self, stream: Connection) -> Self::Future {
        ready(Ok(stream))
    }
}

/// Follows the frames: a letter, the length in four bytes that count themselves, and the contents.
#[derive(Default)]
struct Frames {
    head: Vec<u8>,
    left: usize,
}

impl Frames {
    fn check(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        const HEAD: usize = 5;
        while !bytes.is_empty() {
            if self.left > 0 {
                let taken = self.left.min(bytes.len());
                self.left -= taken;
                bytes = &bytes[taken..];
                continue;
            }
            let taken = (HEAD - self.head.len()).min(bytes.len());
            self.head.extend_from_slice(&bytes[..taken]);
            bytes = &bytes[taken..];
            if let [_, length @ ..] = self.head.as_slice()
                && let Ok(length) = <[u8; 4]>::try_from(length)
            {
                let length = u32::from_be_bytes(length) as usize;
                self.left = length
                    .checked_sub(4)
                    .filter(|left| *left <= MAX_MESSAGE_BYTES)
                    .ok_or_else(|| {
                        io::Error::new(io::ErrorKind::InvalidData, "a message of an impossible length")
                    })?;
                self.head.clear();
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_checked_wherever_a_read_ends() {
        let good = [b"Z\0\0\0\x05I".as_slice(), b"1\0\0\0\x04", b"Z\0\0\0\x05I"].concat();
        for size in 1..=good.len() {
            let mut frames = Frames::default();
            for part in good.chunks(size) {
                frames.check(part).unwrap();
            }
        }
        for bad in [b"Z\0\0\0\x03".as_slice(), b"HTTP/1.1 400", b"E\xff\xff\xff\xff"] {
            assert!(Frames::default().check(bad).is_err());
        }
    }
}
