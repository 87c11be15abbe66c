//! The body of an answer, read within limits of time and size, and decoded.
//!
//! A parsed body can take many times its bytes, in the SDK's parser too. So the values of JSON are counted here, before it is
//! parsed.

use std::io::Read as _;

use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use tokio::time::timeout;
use zeroize::{Zeroize as _, Zeroizing};

use super::TimeBudget;
use super::failure::{Failure, FailureKind};
use crate::python::json::{MAX_VALUES, has_too_many_values};
use crate::secret::Secret;

/// The longest body that is read, before and after decoding. Vault and Key Vault answer with kilobytes.
pub(super) const MAX_BODY_BYTES: usize = 8 * 1024 * 1024;

/// Checks that the JSON in a body does not have too many values. The caller judges a body that is not JSON.
pub(super) fn check_values(body: &Secret, place: &str) -> Result<(), Failure> {
    if has_too_many_values(body.expose()) {
        return Err(Failure::new(
            FailureKind::TooLarge,
            format!("{place} answers with JSON of more than {MAX_VALUES} values"),
        ));
    }
    Ok(())
}

/// Reads `body` to its end. Each wait for more of it is limited by `time`.
///
/// A body that ends with its connection may end without TLS's `close_notify`, as in Python: its JSON shows whether it is complete.
pub(super) async fn read(
    mut body: Incoming,
    ends_with_connection: bool,
    place: &str,
    time: TimeBudget,
) -> Result<Secret, Failure> {
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    if announced > MAX_BODY_BYTES {
        return Err(too_large(place));
    }
    let mut bytes = Wiped::with_capacity(announced.min(1 << 20));
    loop {
        let frame = timeout(time.step(), body.frame()).await.map_err(|_| {
            Failure::new(
                FailureKind::Timeout,
                format!("{place} did not finish its answer {}", time.late()),
            )
        })?;
        match frame {
            None => return Ok(Secret::new(std::mem::take(&mut *bytes.0))),
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    if bytes.0.len() + data.len() > MAX_BODY_BYTES {
                        return Err(too_large(place));
                    }
                    bytes.extend(data);
                }
            }
            Some(Err(source)) if ends_with_connection && is_closed(&source) => {
                return Ok(Secret::new(std::mem::take(&mut *bytes.0)));
            }
            Some(Err(source)) => return Err(broken_off(place, source)),
        }
    }
}

/// Returns whether a connection was closed, not reset.
fn is_closed(source: &hyper::Error) -> bool {
    use std::error::Error as _;
    let cause = source
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    cause.is_some_and(|cause| cause.kind() == std::io::ErrorKind::UnexpectedEof)
}

/// Returns the failure of a body that ended early: malformed chunked encoding, or a cut connection.
fn broken_off(place: &str, source: hyper::Error) -> Failure {
    use std::error::Error as _;
    let cause = source
        .source()
        .and_then(|cause| cause.downcast_ref::<std::io::Error>());
    // hyper uses these kinds for a chunk's length, overflow or end; a cut connection is `UnexpectedEof` or the system's kind.
    let (kind, message) = match cause.map(std::io::Error::kind) {
        Some(std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData) => (
            FailureKind::Garbled,
            format!("{place} answers with malformed chunked encoding"),
        ),
        _ => (
            FailureKind::Cut,
            format!("{place} cut the connection in the middle of its answer"),
        ),
    };
    Failure::new(kind, message).with_source(source)
}

/// Decodes a body as its `Content-Encoding` says. A body in an encoding that was not requested stays unchanged.
pub(super) fn decode(body: Secret, encoding: Option<&str>, place: &str) -> Result<Secret, Failure> {
    let encoding = encoding.unwrap_or_default().trim().to_ascii_lowercase();
    let bytes = body.expose();
    if bytes.is_empty() {
        return Ok(body);
    }
    let limit = MAX_BODY_BYTES as u64 + 1;
    let mut decoded = Zeroizing::new(Vec::new());
    let result = match encoding.as_str() {
        "gzip" | "x-gzip" => MultiGzDecoder::new(bytes).take(limit).read_to_end(&mut decoded),
        // RFC 9110 means zlib's format. Some servers send raw deflate; urllib3 accepts both.
        "deflate" if is_zlib(bytes) => ZlibDecoder::new(bytes).take(limit).read_to_end(&mut decoded),
        "deflate" => DeflateDecoder::new(bytes).take(limit).read_to_end(&mut decoded),
        _ => return Ok(body),
    };
    match result {
        Ok(length) if length > MAX_BODY_BYTES => Err(too_large(place)),
        Ok(_) => Ok(Secret::new(std::mem::take(&mut *decoded))),
        Err(source) => {
            let message = format!("{place} answers with a body that is not {encoding}");
            Err(Failure::new(FailureKind::Garbled, message).with_source(source))
        }
    }
}

/// Returns whether the body starts with a zlib header (RFC 1950, section 2.2).
fn is_zlib(bytes: &[u8]) -> bool {
    matches!(bytes, [method, flags, ..] if method & 0x0f == 8 && (u16::from(*method) << 8 | u16::from(*flags)) % 31 == 0)
}

fn too_large(place: &str) -> Failure {
    let limit = MAX_BODY_BYTES >> 20;
    Failure::new(
        FailureKind::TooLarge,
        format!("{place} answers with more than {limit} MB"),
    )
}

/// A buffer that wipes its old copy when it grows.
struct Wiped(Zeroizing<Vec<u8>>);

impl Wiped {
    fn with_capacity(capacity: usize) -> Self {
        Self(Zeroizing::new(Vec::with_capacity(capacity)))
    }

    fn extend(&mut self, data: &[u8]) {
        let needed = self.0.len() + data.len();
        if needed > self.0.capacity() {
            let mut grown = Vec::with_capacity(needed.max(2 * self.0.capacity()));
            grown.extend_from_slice(&self.0);
            self.0.zeroize();
            self.0 = Zeroizing::new(grown);
        }
        self.0.extend_from_slice(data);
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

    use super::*;

    #[test]
    fn gzip_and_both_kinds_of_deflate_are_decoded() {
        let text = b"{\"data\": {}}".repeat(100);
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        for writer in [&mut gzip as &mut dyn std::io::Write, &mut zlib, &mut bare] {
            writer.write_all(&text).expect("memory");
        }
        let encoded = [
            ("gzip", gzip.finish().expect("memory")),
            ("deflate", zlib.finish().expect("memory")),
            ("Deflate", bare.finish().expect("memory")),
            ("br", text.clone()),
        ];
        for (encoding, bytes) in encoded {
            let decoded = decode(Secret::new(bytes), Some(encoding), "h").expect(encoding);
            assert_eq!(decoded.expose(), text, "{encoding}");
        }
    }

    #[test]
    fn a_small_body_that_unfolds_past_the_limit_is_refused() {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
        for _ in 0..9 {
            gzip.write_all(&vec![0; 1 << 20]).expect("memory");
        }
        let bomb = Secret::new(gzip.finish().expect("memory"));
        let failure = decode(bomb, Some("gzip"), "h").expect_err("too large");
        assert_eq!(failure.kind(), FailureKind::TooLarge);
    }

    #[test]
    fn json_of_too_many_values_is_refused_before_it_is_parsed() {
        let json = |values: usize| Secret::from(format!("[{}0]", "[],".repeat(values - 2)));
        assert!(check_values(&json(MAX_VALUES), "h").is_ok());
        let failure = check_values(&json(MAX_VALUES + 1), "h").expect_err("too many");
        assert_eq!(failure.kind(), FailureKind::TooLarge);
        assert_eq!(
            failure.to_string(),
            "h answers with JSON of more than 200000 values"
        );
    }

    #[test]
    fn what_is_not_gzip_is_garbled() {
        let failure = decode(Secret::from("<html>"), Some("gzip"), "h").expect_err("garbled");
        assert_eq!(failure.kind(), FailureKind::Garbled);
    }
}
