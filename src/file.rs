//! Reading a file whole, within bounds of size and of time.
//!
//! A regular file is read where it is asked for. Anything else (a pipe, a device, standard input) may have no end, and a pipe
//! without a writer not even a beginning: it is read on a thread of its own, which the deadline leaves behind. Must not know
//! what a file is for, nor say which one it was.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use crate::secret::Secret;

/// The largest configuration, credential or list of certificates that is read: far above any, and below what a machine would
/// suffer from.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// Reads the file `path` whole; a pipe too.
///
/// # Errors
/// A file that cannot be read, is larger than 16 MiB, or has not come to its end at `deadline`.
pub(crate) fn read(path: &Path, deadline: Instant) -> io::Result<Secret> {
    read_unwiped(path, MAX_BYTES, deadline).map(Secret::new)
}

/// Reads the file `path` whole, as [`read`] does, of up to `limit_bytes`. Its bytes are not wiped when they are dropped: for what
/// is public, or is parsed into texts that are not wiped either.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_unwiped(path: &Path, limit_bytes: u64, deadline: Instant) -> io::Result<Vec<u8>> {
    let metadata = std::fs::metadata(path)?;
    // A folder is refused by the system's own words.
    if metadata.is_file() || metadata.is_dir() {
        return read_all(File::open(path)?, metadata.len(), limit_bytes);
    }
    let path = path.to_owned();
    within(deadline, move || read_all(File::open(path)?, 0, limit_bytes))
}

/// Reads standard input to its end.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_stdin(deadline: Instant) -> io::Result<Secret> {
    within(deadline, || read_all(io::stdin().lock(), 0, MAX_BYTES)).map(Secret::new)
}

/// The words for what did not end in time.
pub(crate) fn no_end() -> io::Error {
    io::Error::new(
        io::ErrorKind::TimedOut,
        "its end did not come within the time of `--timeout`",
    )
}

/// Reads `input` to its end. Memory for what is expected is taken at once, so that nothing is copied about.
fn read_all(input: impl Read, expected_bytes: u64, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("larger than {} MiB", limit_bytes >> 20));
    if expected_bytes > limit_bytes {
        return Err(too_large());
    }
    let mut bytes = Vec::with_capacity(usize::try_from(expected_bytes).unwrap_or_default() + 1);
    let length = input.take(limit_bytes + 1).read_to_end(&mut bytes)?;
    if length as u64 > limit_bytes {
        return Err(too_large());
    }
    Ok(bytes)
}

/// Runs `read` on a thread of its own, and waits for it until `deadline`.
fn within(
    deadline: Instant,
    read: impl FnOnce() -> io::Result<Vec<u8>> + Send + 'static,
) -> io::Result<Vec<u8>> {
    let (sender, receiver) = mpsc::sync_channel(1);
    std::thread::Builder::new()
        .name("read".to_owned())
        .spawn(move || {
            // Nobody waits any more when the deadline has passed.
            let _ = sender.send(read());
        })?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(read) => read,
        Err(_) => Err(no_end()),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn an_input_without_end_is_an_error() {
        let error = read_all(io::repeat(b'x'), 0, MAX_BYTES).unwrap_err();
        assert_eq!(error.to_string(), "larger than 16 MiB");
        assert_eq!(read_all(b"abc".as_slice(), 2, 3).unwrap(), b"abc");
        assert!(read_all(b"abcd".as_slice(), 0, 3).is_err());
        assert!(read_all(b"".as_slice(), 4, 3).is_err());
    }

    #[test]
    fn a_file_and_a_folder_are_told_by_the_system() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        std::fs::write(&path, "text").unwrap();
        assert_eq!(read(&path, soon()).unwrap().expose(), b"text");
        assert!(read(folder.path(), soon()).is_err());
        assert_eq!(
            read(&folder.path().join("none"), soon()).unwrap_err().kind(),
            io::ErrorKind::NotFound
        );
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_device_has_no_end_and_is_left_at_the_bound() {
        let error = read(Path::new("/dev/zero"), soon()).unwrap_err();
        assert_eq!(error.to_string(), "larger than 16 MiB");
        assert_eq!(read(Path::new("/dev/null"), soon()).unwrap().expose(), b"");
    }

    #[test]
    fn what_does_not_end_in_time_is_left_behind() {
        let (sender, receiver) = mpsc::channel::<()>();
        let started = Instant::now();
        let error = within(started + Duration::from_millis(20), move || {
            let _ = receiver.recv();
            Ok(Vec::new())
        })
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(sender);
        assert_eq!(within(soon(), || Ok(b"x".to_vec())).unwrap(), b"x");
    }
}
