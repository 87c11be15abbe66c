//! `pathlib.PurePath.suffix`.
//!
//! <https://docs.python.org/3.11/library/pathlib.html#pathlib.PurePath.suffix>

/// Returns `pathlib.Path(path).suffix`: the last component from its last dot, or empty when that dot is its first or last
/// character.
#[must_use]
pub fn suffix(path: &str) -> &str {
    let is_separator = |c: char| c == '/' || (cfg!(windows) && c == '\\');
    let mut components = path
        .split(is_separator)
        .filter(|part| !part.is_empty() && *part != ".");
    let name = components.next_back().unwrap_or_default();
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => &name[at..],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::suffix;

    #[test]
    fn suffixes_are_pathlibs() {
        for (path, expected) in [
            ("a.env", ".env"),
            (".env", ""),
            ("x/.env", ""),
            ("a.JSON", ".JSON"),
            ("a.tar.yaml", ".yaml"),
            ("a.", ""),
            ("a.env/", ".env"),
            ("a.env/.", ".env"),
            ("a.env/b", ""),
            ("..env", ".env"),
            ("", ""),
        ] {
            assert_eq!(suffix(path), expected, "{path}");
        }
    }

    #[test]
    fn a_backslash_separates_only_on_windows() {
        let expected = if cfg!(windows) { "" } else { ".env" };
        assert_eq!(suffix("a\\.env"), expected);
    }
}
