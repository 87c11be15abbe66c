//! The segments `.` and `..` of an absolute path, removed as urllib3 removes them.
//!
//! Requests passes every URL through urllib3, the targets of redirects too. The rule differs from RFC 3986 where `..` at the root
//! comes before an empty segment: `/..//b` is `/b` here, and `//b` by the RFC.
//!
//! Source: urllib3 2.8.0, `util/url.py` (`_remove_path_dot_segments`).

/// Removes the dot segments of an absolute path.
pub(crate) fn without_dots(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "." => {}
            ".." => drop(out.pop()),
            other => out.push(other),
        }
    }
    if out.first().is_none_or(|first| !first.is_empty()) {
        out.insert(0, "");
    }
    if path.ends_with("/.") || path.ends_with("/..") {
        out.push("");
    }
    let joined = out.join("/");
    if joined.is_empty() { "/".to_owned() } else { joined }
}

#[cfg(test)]
mod tests {
    use super::without_dots;

    #[test]
    fn dot_segments_are_removed_as_urllib3_removes_them() {
        for (path, expected) in [
            ("/a/./b/../c", "/a/c"),
            ("/a/..", "/"),
            ("/a/b/.", "/a/b/"),
            ("/../../a", "/a"),
            ("//a/../b", "//b"),
            ("/..//b", "/b"),
            ("/", "/"),
        ] {
            assert_eq!(without_dots(path), expected, "{path}");
        }
    }
}
