//! Home folders, as Python's `expanduser` finds them.
//!
//! Owns the reading of `/etc/passwd`. Other sources of users, such as LDAP, are not read; Python asks the C library.

use crate::env::Env;

/// Returns the home folder of `user`; for `None`, that of the current user: `HOME`, even if empty, or the system's entry.
pub(crate) fn home_folder(user: Option<&[u8]>, env: &Env) -> Option<Vec<u8>> {
    match user {
        Some(user) => system::home_of(user),
        None => env
            .get("HOME")
            .map(|home| home.expose().to_vec())
            .or_else(system::own_home),
    }
}

#[cfg(unix)]
mod system {
    use std::fs;
    use std::os::unix::fs::MetadataExt as _;

    /// The fields of a line: name, password, uid, gid, comment, home, shell.
    const NAME: usize = 0;
    const UID: usize = 2;
    const HOME: usize = 5;

    pub(super) fn home_of(user: &[u8]) -> Option<Vec<u8>> {
        home_where(NAME, user)
    }

    /// Returns the home folder of the user who runs the process.
    pub(super) fn own_home() -> Option<Vec<u8>> {
        // The owner of this folder is the user. Without the folder, the user is unknown.
        let uid = fs::metadata("/proc/self").ok()?.uid();
        home_where(UID, uid.to_string().as_bytes())
    }

    fn home_where(field: usize, value: &[u8]) -> Option<Vec<u8>> {
        let users = fs::read("/etc/passwd").ok()?;
        let mut users = users
            .split(|byte| *byte == b'\n')
            .map(|line| line.split(|byte| *byte == b':'));
        let mut user = users.find(|fields| fields.clone().nth(field) == Some(value))?;
        user.nth(HOME).map(<[u8]>::to_vec)
    }
}

#[cfg(not(unix))]
mod system {
    /// Returns `None`: there is no list of users on this system.
    pub(super) fn home_of(_: &[u8]) -> Option<Vec<u8>> {
        None
    }

    /// Returns the folder of the user's profile.
    pub(super) fn own_home() -> Option<Vec<u8>> {
        std::env::home_dir().map(|home| home.into_os_string().into_encoded_bytes())
    }
}
