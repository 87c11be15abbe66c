//! Warnings about texts that Airflow accepts as a connection, but that are probably a mistake.
//!
//! The value is still parsed as Airflow parses it. A warning shows no part of the text except the scheme.

use crate::python::text;
use crate::value::Found;

/// The longest scheme that is shown, in characters. The longest connection type of a provider has 28.
const LONGEST_SCHEME: usize = 40;

/// Returns a warning about a connection's text, if it looks like a mistake.
#[must_use]
pub(crate) fn of(conn_id: &str, found: &Found) -> Option<String> {
    let (Found::Text(value) | Found::Uri(value)) = found else {
        return None;
    };
    let uri = text::strip(value.expose_text()?);
    let name = conn_id.escape_debug();
    if is_quoted(uri) {
        return Some(format!(
            "the text of connection `{name}` is in quotes, which Airflow takes as part of it: remove them"
        ));
    }
    of_scheme(uri).map(|hint| format!("connection `{name}` has no `conn_type` for Airflow: {hint}"))
}

/// Returns a hint for a scheme that is invalid because it contains `_`.
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
            "the scheme of a URI cannot contain `_`: write `{}://` for `{scheme}://`",
            scheme.replace('_', "-")
        )
    })
}

/// Whether the text is a connection wrapped in quotes.
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
    fn an_underscore_in_a_scheme_gets_the_right_spelling() {
        let warning = doubt(" google_cloud_platform://user:hunter2@h?key=hunter2").expect("a warning");
        assert!(
            warning.contains("`google-cloud-platform://` for `google_cloud_platform://`"),
            "{warning}"
        );
        assert!(
            !warning.contains("hunter2") && !warning.contains("user"),
            "{warning}"
        );
        assert!(of("c", &Found::Uri(Secret::from("a_b://h"))).is_some());
    }

    #[test]
    fn quotes_are_reported_without_their_contents() {
        for text in ["'postgres://hunter2'", "\"{\\\"password\\\": \\\"hunter2\\\"}\""] {
            let warning = doubt(text).expect("a warning");
            assert!(
                warning.contains("quotes") && !warning.contains("hunter2"),
                "{warning}"
            );
        }
    }

    #[test]
    fn ordinary_texts_get_no_warning() {
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
