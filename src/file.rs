//! Reads and replaces whole files within limits of size and time.
//!
//! Any read may hang: a pipe without a writer, a device, standard input, but also a regular file on a network mount that does not
//! answer, or one such as `/proc/kmsg`. So files are opened and read on a separate thread, which the deadline abandons. One thread
//! serves all reads as long as it answers. It is not needed for what cannot hang ([`answers_at_once`]), and then no thread is started.
//! A file is opened once; its metadata come from the open file, never from the path. Must not know what a file is for, nor name it in
//! an error.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::Instant;

use crate::secret::Secret;

/// The maximum size of a configuration, a credential or a list of certificates: far above any real one.
pub(crate) const MAX_BYTES: u64 = 16 << 20;

/// The maximum size of a file that is kept as many small values: an env file, or an AWS profile. Linux starts no program with more
/// than 6 MiB of environment.
pub(crate) const MAX_SETTINGS_BYTES: u64 = 2 << 20;

/// Reads the whole file `path`, which may be a pipe.
///
/// # Errors
/// A file that cannot be read, is larger than 16 MiB, or is not read completely at `deadline`.
pub(crate) fn read(path: &Path, deadline: Instant) -> io::Result<Secret> {
    read_up_to(path, MAX_BYTES, deadline)
}

/// Reads the whole file `path`, as [`read`] does, up to `limit_bytes`.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_up_to(path: &Path, limit_bytes: u64, deadline: Instant) -> io::Result<Secret> {
    read_unwiped(path, limit_bytes, deadline).map(Secret::new)
}

/// Reads the whole file `path`, as [`read`] does, up to `limit_bytes`.
///
/// Its bytes are not wiped when they are dropped: they are public, or are parsed into texts that are not wiped either.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_unwiped(path: &Path, limit_bytes: u64, deadline: Instant) -> io::Result<Vec<u8>> {
    on(path, deadline, move |path| read_here(path, limit_bytes))
}

/// Reads the whole file `path`, which may be a pipe, on this thread: for a caller that is within [`within`].
///
/// # Errors
/// As [`read`], but for the time.
pub(crate) fn read_here(path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open(path)?;
    let metadata = file.metadata()?;
    // Reading a folder fails with the system's words.
    let expected = if metadata.is_file() { metadata.len() } else { 0 };
    read_all(file, expected, limit_bytes)
}

/// Reads the whole file `path` if it is a regular one.
///
/// It is for files that nobody has named, such as those of a folder. Unlike [`read`], it does not wait for the writer of a pipe.
///
/// # Errors
/// As [`read`], and anything that is not a regular file.
pub(crate) fn read_regular(path: &Path, limit_bytes: u64, deadline: Instant) -> io::Result<Vec<u8>> {
    on(path, deadline, move |path| read_regular_here(path, limit_bytes))
}

/// Reads the whole file `path` as [`read_regular`] does, on this thread: for a caller that is within [`within`].
///
/// # Errors
/// As [`read_regular`], but for the time.
pub(crate) fn read_regular_here(path: &Path, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let file = open_at_once(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    read_all(file, metadata.len(), limit_bytes)
}

/// Returns the paths of the entries of the folder `path`.
///
/// # Errors
/// A folder that cannot be read, or is not read at `deadline`.
pub(crate) fn read_folder(path: &Path, deadline: Instant) -> io::Result<Vec<PathBuf>> {
    on(path, deadline, |path| {
        std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    })
}

/// Returns whether there is anything at `path`.
///
/// # Errors
/// No answer at `deadline`.
pub(crate) fn exists(path: &Path, deadline: Instant) -> io::Result<bool> {
    on(path, deadline, |path| Ok(path.exists()))
}

/// Returns whether there is a file, not a folder, at `path`.
///
/// # Errors
/// No answer at `deadline`.
pub(crate) fn is_file(path: &Path, deadline: Instant) -> io::Result<bool> {
    on(path, deadline, |path| Ok(path.is_file()))
}

/// Replaces the file `path`, which only its owner can read then: an error leaves the old one.
///
/// # Errors
/// A folder or file that cannot be written, or is not written at `deadline`.
pub(crate) fn replace(path: &Path, bytes: Secret, deadline: Instant) -> io::Result<()> {
    let path = path.to_owned();
    within(deadline, move || {
        let folder = path.parent().unwrap_or(Path::new("."));
        let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(folder)?;
        file.write_all(bytes.expose())?;
        file.as_file().sync_all()?;
        file.persist(&path)?;
        Ok(())
    })
}

/// Reads standard input to its end.
///
/// # Errors
/// As [`read`].
pub(crate) fn read_stdin(deadline: Instant) -> io::Result<Secret> {
    within(deadline, || read_all(io::stdin().lock(), 0, MAX_BYTES)).map(Secret::new)
}

/// Returns the error of a read that did not end in time.
pub(crate) fn timed_out() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "timed out (`--timeout`)")
}

/// Runs `read` on `path`: here if that cannot hang, else [`within`] the deadline.
fn on<T: Send + 'static>(
    path: &Path,
    deadline: Instant,
    read: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    if answers_at_once(path) {
        return read(path);
    }
    let path = path.to_owned();
    within(deadline, move || read(&path))
}

/// Whether the system knows, without asking any device or server, that `path` is absent or a regular file on a disk of this machine.
///
/// The thread costs a tenth of a short command's time. `false` is always right: the thread then finds out what the path is. Sources:
/// openat2(2), `RESOLVE_CACHED`; statx(2), `AT_STATX_DONT_SYNC`; devices with the major number 0 are not disks, but network, FUSE and
/// overlay file systems, `/proc` and the like.
#[cfg(target_os = "linux")]
fn answers_at_once(path: &Path) -> bool {
    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatxFlags, openat2, statx};
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let found = match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::CACHED) {
        Ok(found) => found,
        Err(why) => return why == rustix::io::Errno::NOENT,
    };
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    statx(&found, "", flags, StatxFlags::TYPE).is_ok_and(|facts| {
        FileType::from_raw_mode(facts.stx_mode.into()) == FileType::RegularFile && facts.stx_dev_major != 0
    })
}

/// Whether `path` cannot hang. This system does not tell.
#[cfg(not(target_os = "linux"))]
fn answers_at_once(_path: &Path) -> bool {
    false
}

/// Opens a file. On systems that cannot open folders, the error of a folder gets its own kind.
fn open(path: &Path) -> io::Result<File> {
    File::open(path).map_err(|cause| {
        if cfg!(not(unix)) && path.is_dir() {
            return io::Error::from(io::ErrorKind::IsADirectory);
        }
        cause
    })
}

/// Opens a file without waiting for the other end of a pipe.
#[cfg(unix)]
fn open_at_once(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let flags = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    File::options().read(true).custom_flags(flags).open(path)
}

/// Opens a file.
#[cfg(not(unix))]
fn open_at_once(path: &Path) -> io::Result<File> {
    open(path)
}

/// Reads `input` to its end. Memory for the expected size is allocated at once, which avoids copies.
fn read_all(input: impl Read, expected_bytes: u64, limit_bytes: u64) -> io::Result<Vec<u8>> {
    let too_large = || io::Error::other(format!("larger than {}", size(limit_bytes)));
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

/// Returns a size in words.
fn size(bytes: u64) -> String {
    match bytes {
        0..0x400 => format!("{bytes} bytes"),
        0x400..0x10_0000 => format!("{} KiB", bytes >> 10),
        _ => format!("{} MiB", bytes >> 20),
    }
}

/// A job of the reading thread.
type Job = Box<dyn FnOnce() + Send>;

/// The reading thread, when it is idle.
static IDLE: Mutex<Option<mpsc::Sender<Job>>> = Mutex::new(None);

/// Runs `read` on the reading thread, and waits for it until `deadline`.
///
/// A thread that does not answer in time is abandoned, and the next read gets another one.
pub(crate) fn within<T: Send + 'static>(
    deadline: Instant,
    read: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let idle = || IDLE.lock().unwrap_or_else(PoisonError::into_inner);
    let waiting = idle().take();
    // If the system cannot start a thread, the file is read here.
    let Some(reader) = waiting.or_else(|| start().ok()) else {
        return read();
    };
    let (sender, receiver) = mpsc::sync_channel(1);
    let job: Job = Box::new(move || {
        // Nobody waits any more after the deadline.
        let _ = sender.send(read());
    });
    reader
        .send(job)
        .map_err(|_| io::Error::other("the reading thread has ended"))?;
    match receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())) {
        Ok(read) => {
            *idle() = Some(reader);
            read
        }
        Err(_) => Err(timed_out()),
    }
}

/// Starts a reading thread. It ends when its sender is dropped.
fn start() -> io::Result<mpsc::Sender<Job>> {
    let (sender, receiver) = mpsc::channel::<Job>();
    std::thread::Builder::new()
        .name("read".to_owned())
        .spawn(move || receiver.into_iter().for_each(|job| job()))?;
    Ok(sender)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Instant {
        Instant::now() + Duration::from_mins(1)
    }

    #[test]
    fn an_endless_input_is_an_error() {
        let error = read_all(io::repeat(b'x'), 0, MAX_BYTES).unwrap_err();
        assert_eq!(error.to_string(), "larger than 16 MiB");
        assert_eq!(read_all(b"abc".as_slice(), 2, 3).unwrap(), b"abc");
        assert!(read_all(b"abcd".as_slice(), 0, 3).is_err());
        assert!(read_all(b"".as_slice(), 4, 3).is_err());
    }

    #[test]
    fn a_file_is_read_and_a_folder_is_an_error() {
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
    fn only_what_cannot_hang_is_read_without_the_thread() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        for may_hang in [
            pipe.as_path(),
            folder.path(),
            Path::new("/dev/zero"),
            Path::new("/proc/self/status"),
        ] {
            assert!(!answers_at_once(may_hang), "{}", may_hang.display());
        }
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        let on_a_disk =
            rustix::fs::major(std::os::unix::fs::MetadataExt::dev(&file.metadata().unwrap())) != 0;
        let cached = rustix::fs::ResolveFlags::CACHED;
        let flags = rustix::fs::OFlags::PATH;
        let knows =
            rustix::fs::openat2(rustix::fs::CWD, "/", flags, rustix::fs::Mode::empty(), cached).is_ok();
        assert_eq!(answers_at_once(&file), knows && on_a_disk);
        let none = folder.path().join("none");
        // Not every file system remembers what it does not have.
        assert!(!none.exists() && (knows || !answers_at_once(&none)));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_endless_device_is_read_up_to_the_limit() {
        let error = read(Path::new("/dev/zero"), soon()).unwrap_err();
        assert_eq!(error.to_string(), "larger than 16 MiB");
        assert_eq!(read(Path::new("/dev/null"), soon()).unwrap().expose(), b"");
    }

    #[test]
    #[cfg(unix)]
    fn a_pipe_in_a_folder_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let started = Instant::now();
        assert!(read_regular(&pipe, 10, soon()).is_err());
        assert!(read_regular(folder.path(), 10, soon()).is_err());
        assert!(started.elapsed() < Duration::from_secs(30));
        let file = folder.path().join("file");
        std::fs::write(&file, "0123456789").unwrap();
        assert_eq!(read_regular(&file, 10, soon()).unwrap(), b"0123456789");
        assert_eq!(
            read_regular(&file, 9, soon()).unwrap_err().to_string(),
            "larger than 9 bytes"
        );
        let mut there = read_folder(folder.path(), soon()).unwrap();
        there.sort();
        assert_eq!(there, [file.clone(), pipe.clone()]);
        assert!(read_folder(&file, soon()).is_err());
        assert!(exists(&pipe, soon()).unwrap() && !exists(&folder.path().join("none"), soon()).unwrap());
        assert!(is_file(&file, soon()).unwrap() && !is_file(folder.path(), soon()).unwrap());
    }

    /// The pipe is an example of a file that does not answer: even opening it waits for a writer.
    #[test]
    #[cfg(unix)]
    fn a_file_that_does_not_answer_costs_the_deadline_and_no_more() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        let started = Instant::now();
        let error = read(&pipe, started + Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(30));
        // The hanging thread is not used again.
        let file = folder.path().join("file");
        std::fs::write(&file, "x").unwrap();
        assert_eq!(read(&file, soon()).unwrap().expose(), b"x");
        assert_eq!(read(&file, soon()).unwrap().expose(), b"x");
    }

    #[test]
    fn a_read_that_does_not_end_in_time_is_abandoned() {
        let (sender, receiver) = mpsc::channel::<()>();
        let started = Instant::now();
        let error = within(started + Duration::from_millis(20), move || {
            let _ = receiver.recv();
            Ok(())
        })
        .unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        drop(sender);
        assert_eq!(within(soon(), || Ok(b"x".to_vec())).unwrap(), b"x");
    }
}
