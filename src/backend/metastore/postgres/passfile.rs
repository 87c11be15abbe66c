//! The password file, `~/.pgpass`.
//!
//! Owns its format and the rule that only its owner may read it. Facts: PostgreSQL 18, `src/interfaces/libpq/fe-connect.c`
//! (`passwordFromFile`, `pwdfMatchesString`).

use std::path::Path;
use std::time::Instant;

use crate::file;
use crate::secret::Secret;
use crate::shown::shown;

/// What a line must match.
pub(super) struct Key<'a> {
    /// The host; `localhost` for the default folder of sockets.
    pub(super) host: &'a str,
    pub(super) port: u16,
    pub(super) database: &'a str,
    pub(super) user: &'a str,
}

/// What the file has.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) password: Option<Secret>,
    /// Why the file was ignored.
    pub(super) ignored: Option<String>,
}

/// Looks for a password in the file `path`. A file that is missing or cannot be read has none.
pub(super) fn look_up(path: &Path, key: &Key<'_>, deadline: Instant) -> Found {
    if let Some(why) = unusable(path) {
        return Found {
            password: None,
            ignored: Some(format!(
                "the password file `{}` is ignored: {why}",
                shown(&path.display().to_string())
            )),
        };
    }
    let text = file::read_up_to(path, file::MAX_SETTINGS_BYTES, deadline);
    let password = text.ok().and_then(|text| find(&text, key));
    Found {
        password,
        ignored: None,
    }
}

/// Returns why libpq ignores the file.
#[cfg(unix)]
fn unusable(path: &Path) -> Option<&'static str> {
    use std::os::unix::fs::PermissionsExt as _;
    let metadata = std::fs::metadata(path).ok()?;
    if !metadata.is_file() {
        return Some("it is not a plain file");
    }
    (metadata.permissions().mode() & 0o077 != 0)
        .then_some("others than its owner can read it (`chmod 0600` it)")
}

/// Returns why libpq ignores the file.
#[cfg(not(unix))]
fn unusable(path: &Path) -> Option<&'static str> {
    let metadata = std::fs::metadata(path).ok()?;
    (!metadata.is_file()).then_some("it is not a plain file")
}

fn find(text: &Secret, key: &Key<'_>) -> Option<Secret> {
    let port = key.port.to_string();
    text.expose().split(|byte| *byte == b'\n').find_map(|line| {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.first().is_none_or(|byte| *byte == b'#') {
            return None;
        }
        let rest = matched(line, key.host)?;
        let rest = matched(rest, &port)?;
        let rest = matched(rest, key.database)?;
        let rest = matched(rest, key.user)?;
        Some(without_escapes(rest))
    })
}

/// Returns what follows a field that is `token`, or `*`.
fn matched<'a>(line: &'a [u8], token: &str) -> Option<&'a [u8]> {
    if let Some(rest) = line.strip_prefix(b"*:") {
        return Some(rest);
    }
    let mut token = token.as_bytes();
    let mut line = line;
    loop {
        line = match line {
            [b':', rest @ ..] if token.is_empty() => return Some(rest),
            [b'\\', rest @ ..] => rest,
            other => other,
        };
        match (line, token) {
            ([own, rest @ ..], [wanted, more @ ..]) if own == wanted => (line, token) = (rest, more),
            _ => return None,
        }
    }
}

/// Removes the backslashes of a password.
fn without_escapes(text: &[u8]) -> Secret {
    let mut password = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        let (kept, after) = match after {
            [escaped, after @ ..] if *first == b'\\' => (escaped, after),
            after => (first, after),
        };
        password.push(*kept);
        rest = after;
    }
    Secret::new(password)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: Key<'_> = Key {
        host: "h:x",
        port: 5432,
        database: "d\\b",
        user: "u",
    };

    fn found(text: &str) -> Option<String> {
        let password = find(&Secret::from(text), &KEY)?;
        password.expose_text().map(str::to_owned)
    }

    #[test]
    fn the_first_line_that_matches_counts() {
        for (text, expected) in [
            ("*:*:*:*:p", Some("p")),
            ("h\\:x:5432:d\\\\b:u:p\\:q\\\\r:s\\", Some("p:q\\r:s\\")),
            ("h:x:5432:d\\\\b:u:p", Some("p")),
            (
                "# *:*:*:*:no\n\n*:*:*:v:no\r\n*:5432:*:u:yes\r\n*:*:*:*:late",
                Some("yes"),
            ),
            ("*:*:*:*:", Some("")),
            ("*:*:*:*", None),
            (" *:*:*:*:p", None),
            ("", None),
        ] {
            assert_eq!(found(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_file_that_others_can_read_is_ignored() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pgpass");
        std::fs::write(&path, "*:*:*:*:p").unwrap();
        let deadline = Instant::now() + std::time::Duration::from_mins(1);
        let look = |mode| {
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            look_up(&path, &KEY, deadline)
        };
        assert!(look(0o600).password.is_some());
        let open = look(0o640);
        assert!(open.password.is_none() && open.ignored.is_some());
        let missing = look_up(&folder.path().join("none"), &KEY, deadline);
        assert!(missing.password.is_none() && missing.ignored.is_none());
        assert!(look_up(folder.path(), &KEY, deadline).ignored.is_some());
    }
}
