//! Texts that Airflow takes for a connection, and that are hardly the one that was meant.
//!
//! They stay what Airflow makes of them: a doubt is a warning. It shows no part of the text but the scheme.

use crate::python::text;
use crate::value::Found;

/// The longest scheme that is shown, in characters. The longest connection type of a provider has 28.
const LONGEST_SCHEME: usize = 40;

/// Returns what is doubtful in a connection's text, for a warning that names the connection.
#[must_use]
pub(crate) fn of(conn_id: &str, found: &Found) -> Option<String> {
    let (Found::Text(value) | Found::Uri(value)) = found else {
        return None;
    };
    let uri = text::strip(value.expose_text()?);
    let name = conn_id.escape_debug();
    if is_quoted(uri) {
        return Some(format!(
            "the text of connection `{name}` stands in quotes, which Airflow takes for a part of it: leave them out"
        ));
    }
    of_scheme(uri).map(|hint| format!("connection `{name}` has no `conn_type` for Airflow: {hint}"))
}

/// Says what to write for a scheme that is none because of a `_`.
pub(super) fn of_scheme(uri: &str) -> Option<String> {
    let (scheme, _) = uri.split_once("://")?;
    let is_meant = scheme.contains('_')
        && scheme.len() <= LONGEST_SCHEME
        && scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'+' | b'-' | b'.'));
    is_meant.then(|| {
        format!(
            "the scheme of a URI has no `_`: write `{}://` for `{scheme}://`",
            scheme.replace('_', "-")
        )
    })
}

/// Whether quotes stand around what would be a connection without them.
fn is_quoted(text: &str) -> bool {
    ['"', '\''].into_iter().any(|quote| {
        let inner = text.strip_prefix(quote).and_then(|text| text.strip_suffix(quote));
        inner.is_some_and(|inner| inner.trim_start().starts_with('{') || inner.contains("://"))
    })
}

#[cfg(test)]
mod tests {
    use super::of;
    use crate::secret::Secret;
    use crate::value::Found;

    fn doubt(text: &str) -> Option<String> {
        of("c", &Found::Text(Secret::from(text)))
    }

    #[test]
    fn an_underscore_in_a_scheme_is_told_with_what_to_write() {
        let told = doubt(" google_cloud_platform://user:hunter2@h?key=hunter2").expect("it is doubtful");
        assert!(
            told.contains("`google-cloud-platform://` for `google_cloud_platform://`"),
            "{told}"
        );
        assert!(!told.contains("hunter2") && !told.contains("user"), "{told}");
        assert!(of("c", &Found::Uri(Secret::from("a_b://h"))).is_some());
    }

    #[test]
    fn quotes_are_told_without_what_stands_in_them() {
        for text in ["'postgres://hunter2'", "\"{\\\"password\\\": \\\"hunter2\\\"}\""] {
            let told = doubt(text).expect("it is doubtful");
            assert!(told.contains("quotes") && !told.contains("hunter2"), "{told}");
        }
    }

    #[test]
    fn what_airflow_reads_as_it_is_meant_is_not_doubted() {
        for text in [
            "google-cloud-platform://",
            "postgres://my_user:a_b@h_1/d_b?e_f=g_h",
            "http://h/?next=a_b://c",
            r#"{"conn_type": "google_cloud_platform", "host": "a_b://c"}"#,
            "/a_b://c",
            "'x'",
            "",
            &format!("{}://h", "a_".repeat(30)),
        ] {
            assert_eq!(doubt(text), None, "{text}");
        }
    }
}
