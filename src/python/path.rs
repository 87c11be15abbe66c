//! `pathlib.PurePath.suffix`.
//!
//! <https://docs.python.org/3.11/library/pathlib.html#pathlib.PurePath.suffix>

/// Returns what `pathlib.Path(path).suffix` returns: from the last dot of the last component on; empty when that dot is the
/// first or the last character of it.
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
    fn a_backslash_separates_on_windows_alone() {
        let expected = if cfg!(windows) { "" } else { ".env" };
        assert_eq!(suffix("a\\.env"), expected);
    }
}
