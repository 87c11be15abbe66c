//! Files in memory, which a command inherits and finds by a path: no disk, no name in a folder, nothing to delete.
//!
//! Owns how such a file is made, and what makes it impossible. Must not know what is in one. Linux only: other systems have no file that
//! a path reaches and no folder shows.
//! Sources: `memfd_create(2)`, `fcntl(2)` ("File sealing"), `proc_pid_fd(5)` of man-pages 6.9.

use crate::error::{Error, Result};
use crate::secret::Secret;

/// Checks that files in memory can be made and found here.
///
/// # Errors
/// A system without them, with status 2.
pub(crate) fn check() -> Result<()> {
    system::make(b"").map(drop).map_err(impossible)
}

/// Makes a file that holds `value`, and returns its path. It exists as long as this process, or the command that replaces it.
///
/// Its owner can read it, and nobody can write it. It is inherited by every process that is started from now on.
///
/// # Errors
/// A system without such files (status 2), or without descriptors or memory for it (status 1).
pub(crate) fn create(value: &Secret) -> Result<String> {
    let file = system::make(value.expose()).map_err(|problem| match problem {
        Problem::Failed(cause) => Error::internal("a file in memory cannot be made").with_source(cause),
        problem => impossible(problem),
    })?;
    system::leave_open(file)
        .map_err(|cause| Error::internal("a file in memory cannot be made").with_source(cause))
}

/// Why there is no file.
#[derive(Debug)]
#[cfg_attr(
    not(any(target_os = "linux", test)),
    expect(dead_code, reason = "elsewhere, only one of them occurs")
)]
enum Problem {
    /// The system has none.
    Unsupported,
    /// Its path does not lead to it: `/proc` is not mounted, or is that of other processes.
    NoPath(String),
    /// The system's own words.
    Failed(std::io::Error),
}

fn impossible(problem: Problem) -> Error {
    let error = Error::usage("`--set-file` cannot be used here: a file in memory is not possible");
    let error = match problem {
        Problem::Unsupported => error.with_detail("this system has no `memfd_create`, which Linux has"),
        Problem::NoPath(path) => {
            error.with_detail(format!("`{path}` does not lead to it: is `/proc` mounted?"))
        }
        Problem::Failed(cause) => error.with_source(cause),
    };
    error.with_hint("nothing is written to a disk instead; hand the value over in a variable with `--set`")
}

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io::{self, Seek as _, Write as _};
    use std::os::fd::{AsRawFd as _, IntoRawFd as _, OwnedFd};
    use std::os::unix::fs::MetadataExt as _;

    use rustix::fs::{MemfdFlags, Mode, SealFlags, fchmod, fcntl_add_seals, memfd_create};
    use rustix::io::{Errno, FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};

    use super::Problem;

    /// The lowest descriptors to use, in this order. Scripts redirect 3 to 9, and shells keep their own from 10 on; what a program
    /// opens itself gets the lowest that is free. A low limit of descriptors leaves no choice.
    const LOWEST: [i32; 3] = [100, 20, 3];

    /// A file, and its path once it is [left open](leave_open).
    pub(super) struct Made {
        file: OwnedFd,
        path: String,
    }

    /// Makes a sealed file that holds `value`.
    pub(super) fn make(value: &[u8]) -> Result<Made, Problem> {
        let file = anonymous().map_err(|error| match error {
            Errno::NOSYS => Problem::Unsupported,
            error => Problem::Failed(error.into()),
        })?;
        let filled = fill(file, value).map_err(Problem::Failed)?;
        let file = LOWEST
            .iter()
            .find_map(|&lowest| fcntl_dupfd_cloexec(&filled, lowest).ok())
            .unwrap_or(filled.into());
        let path = format!("/proc/{}/fd/{}", std::process::id(), file.as_raw_fd());
        let made = Made { file, path };
        if leads_to(&made.path, &made.file) {
            Ok(made)
        } else {
            Err(Problem::NoPath(made.path))
        }
    }

    /// Lets the commands that are started from now on inherit the file, and returns its path.
    pub(super) fn leave_open(made: Made) -> io::Result<String> {
        fcntl_setfd(&made.file, FdFlags::empty())?;
        let _ = made.file.into_raw_fd();
        Ok(made.path)
    }

    fn anonymous() -> Result<OwnedFd, Errno> {
        let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
        match memfd_create(c"secretctl", flags | MemfdFlags::NOEXEC_SEAL) {
            // Linux before 6.3.
            Err(Errno::INVAL) => memfd_create(c"secretctl", flags),
            made => made,
        }
    }

    /// Writes `value`, and forbids every change. Programs that read keys and passwords refuse a file that others can read.
    fn fill(file: OwnedFd, value: &[u8]) -> io::Result<File> {
        fchmod(&file, Mode::RUSR)?;
        let mut file = File::from(file);
        file.write_all(value)?;
        file.rewind()?;
        fcntl_add_seals(
            &file,
            SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL,
        )?;
        Ok(file)
    }

    /// Whether `path` can be opened, and is `file`.
    pub(super) fn leads_to(path: &str, file: &OwnedFd) -> bool {
        let identity = |file: &File| {
            let metadata = file.metadata().ok()?;
            Some((metadata.dev(), metadata.ino()))
        };
        let Ok(own) = file.try_clone() else { return false };
        File::open(path).is_ok_and(|opened| {
            let opened = identity(&opened);
            opened.is_some() && opened == identity(&own.into())
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::Problem;

    /// There is no such file.
    pub(super) enum Made {}

    pub(super) fn make(_: &[u8]) -> Result<Made, Problem> {
        Err(Problem::Unsupported)
    }

    pub(super) fn leave_open(made: Made) -> std::io::Result<String> {
        match made {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_without_such_files_is_named_and_no_disk_is_offered() {
        for (problem, words) in [
            (Problem::Unsupported, "memfd_create"),
            (Problem::NoPath("/proc/1/fd/100".to_owned()), "`/proc/1/fd/100`"),
            (Problem::Failed(std::io::Error::other("limit")), "--set-file"),
        ] {
            let error = impossible(problem);
            assert_eq!(error.kind(), crate::error::ErrorKind::Usage);
            assert!(format!("{error:?}").contains(words), "{error:?}");
            assert!(error.hint().is_some_and(|hint| hint.contains("`--set`")));
        }
        assert_eq!(check().is_ok(), cfg!(target_os = "linux"));
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_path_that_leads_elsewhere_is_noticed() {
        let file = || std::os::fd::OwnedFd::from(std::fs::File::open("/dev/null").expect("it is there"));
        assert!(system::leads_to("/dev/null", &file()));
        assert!(!system::leads_to("/dev/zero", &file()));
        assert!(!system::leads_to("/nonexistent/proc/1/fd/3", &file()));
    }
}
