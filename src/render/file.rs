//! `--out`: a file that is written atomically and is readable only by its owner.
//!
//! Owns what is refused: a target or folder that lets another user read the file or choose its content.

use std::io::Write as _;
use std::path::Path;

use zeroize::Zeroizing;

use crate::error::{Error, Result};

/// Checks that `path` can be written, before any lookup.
///
/// # Errors
/// With status 2: a symbolic link, anything else that is not a file, a folder that is missing or that everybody can write.
pub fn check(path: &Path) -> Result<()> {
    let shown = crate::shown::shown(&path.display().to_string());
    match path.symlink_metadata() {
        Ok(target) if target.is_symlink() => {
            return Err(Error::usage(format!(
                "`{shown}` is a symbolic link, which `--out` does not follow"
            )));
        }
        Ok(target) if !target.is_file() => return Err(Error::usage(format!("`{shown}` is not a file"))),
        Ok(_) | Err(_) => {}
    }
    // A path that ends in `/` or `/.` has a file name too, but can only be a folder.
    let names_a_file = path.file_name().is_some_and(|name| {
        path.as_os_str()
            .as_encoded_bytes()
            .ends_with(name.as_encoded_bytes())
    });
    if !names_a_file {
        return Err(Error::usage(format!("`{shown}` is not the name of a file")));
    }
    let folder = folder(path);
    let metadata = folder.metadata().map_err(|cause| {
        Error::usage(format!(
            "folder `{}` cannot be used",
            crate::shown::shown(&folder.display().to_string())
        ))
        .with_source(cause)
    })?;
    if !metadata.is_dir() {
        return Err(Error::usage(format!(
            "`{}` is not a folder",
            crate::shown::shown(&folder.display().to_string())
        )));
    }
    if others_can_replace_files(&metadata) {
        return Err(Error::usage(format!(
            "everybody can replace files in folder `{}`",
            crate::shown::shown(&folder.display().to_string())
        ))
        .with_hint("write to a folder of your own"));
    }
    Ok(())
}

/// Writes `bytes` to a temporary file next to `path` that only its owner can read, and renames it to `path`.
///
/// # Errors
/// Those of [`check`]; a file that cannot be written, with status 1.
pub fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    replace(path, bytes, 0o600, |file| {
        // The umask may have removed these permissions.
        #[cfg(unix)]
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        #[cfg(not(unix))]
        let _ = file;
        Ok(())
    })
}

/// Writes `text` as [`write()`] does, with a newline after it if `newline` says so, as [`stdout`](super::stdout) prints it.
///
/// # Errors
/// As [`write()`].
pub fn write_text(path: &Path, text: &[u8], newline: bool) -> Result<()> {
    let mut bytes = Zeroizing::new(text.to_vec());
    if newline {
        bytes.push(b'\n');
    }
    write(path, &bytes)
}

/// Writes `bytes`, which hold no secret, as [`write()`] does. The file gets the permissions of the one that it replaces, or those of any
/// new file.
///
/// # Errors
/// As [`write()`].
pub fn write_public(path: &Path, bytes: &[u8]) -> Result<()> {
    let permissions = path.metadata().map(|metadata| metadata.permissions()).ok();
    replace(path, bytes, 0o666, |file| match permissions {
        Some(permissions) => file.set_permissions(permissions),
        None => Ok(()),
    })
}

/// Writes a temporary file next to `path`, and renames it to `path`. `mode` is its mode on Unix from the start, less the umask.
fn replace(
    path: &Path,
    bytes: &[u8],
    mode: u32,
    permit: impl FnOnce(&std::fs::File) -> std::io::Result<()>,
) -> Result<()> {
    check(path)?;
    // Only the kind of the failure: its text holds the path of the temporary file.
    let failed = |cause: std::io::Error| {
        Error::internal(format!(
            "`{}` cannot be written",
            crate::shown::shown(&path.display().to_string())
        ))
        .with_source(std::io::Error::from(cause.kind()))
    };
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(mode));
    #[cfg(not(unix))]
    let _ = mode;
    let mut file = builder
        .prefix(".secretctl-")
        .tempfile_in(folder(path))
        .map_err(failed)?;
    permit(file.as_file()).map_err(failed)?;
    file.write_all(bytes)
        .and_then(|()| file.as_file().sync_all())
        .map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Whether everybody can write the folder, without the sticky bit that protects the files of others.
#[cfg(unix)]
fn others_can_replace_files(folder: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    folder.mode() & 0o002 != 0 && folder.mode() & 0o1000 == 0
}

#[cfg(not(unix))]
fn others_can_replace_files(_: &std::fs::Metadata) -> bool {
    false
}
