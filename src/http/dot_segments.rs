//! The segments `.` and `..` of an absolute path, removed by the rule of RFC 3986 and by urllib3's.
//!
//! There are two because they differ where `..` at the root comes before an empty segment: `/..//b` is `//b` by the RFC, which
//! redirects follow here, and `/b` in urllib3, which hvac's URLs pass through.
//!
//! Sources: RFC 3986, section 5.2.4; urllib3 2.8.0, `util/url.py` (`_remove_path_dot_segments`).

/// Removes the dot segments of an absolute path as RFC 3986 does.
pub(super) fn removed_as_rfc_3986(path: &str) -> String {
    let mut out: Vec<&str> = Vec::new();
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." if last => out.push(""),
            "." => {}
            ".." => {
                out.pop();
                if last {
                    out.push("");
                }
            }
            other => out.push(other),
        }
    }
    format!("/{}", out.join("/"))
}

/// Removes the dot segments of an absolute path as urllib3 does.
pub(crate) fn removed_as_urllib3(path: &str) -> String {
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
    use super::*;

    /// Returns whether a `..` leaves the root and an empty segment comes next at the root.
    fn leaves_the_root_before_an_empty_segment(path: &str) -> bool {
        let mut depth = 0_usize;
        let mut above_root = false;
        for segment in path.split('/').skip(1) {
            match segment {
                "." => {}
                ".." if depth == 0 => above_root = true,
                ".." => depth -= 1,
                "" if depth == 0 && above_root => return true,
                _ => depth += 1,
            }
        }
        false
    }

    #[test]
    fn the_two_rules_differ_only_above_the_root_before_an_empty_segment() {
        let mut paths = vec![String::new()];
        let mut different = 0;
        for _ in 0..7 {
            let longer = |path: &String| ["", ".", "..", "a"].map(|segment| format!("{path}/{segment}"));
            paths = paths.iter().flat_map(longer).collect();
            for path in &paths {
                let differs = removed_as_rfc_3986(path) != removed_as_urllib3(path);
                assert!(
                    !differs || leaves_the_root_before_an_empty_segment(path),
                    "{path}"
                );
                different += usize::from(differs);
            }
        }
        assert!(different > 0);
    }

    #[test]
    fn each_rule_has_its_own_result_above_the_root() {
        for (path, rfc, urllib3) in [
            ("/a/./b/../c", "/a/c", "/a/c"),
            ("/a/..", "/", "/"),
            ("/a/b/.", "/a/b/", "/a/b/"),
            ("/../../a", "/a", "/a"),
            ("//a/../b", "//b", "//b"),
            ("/..//b", "//b", "/b"),
        ] {
            assert_eq!(removed_as_rfc_3986(path), rfc, "{path}");
            assert_eq!(removed_as_urllib3(path), urllib3, "{path}");
        }
    }
}
