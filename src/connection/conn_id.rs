//! `sanitize_conn_id`: the ids that Airflow keeps on the connection object.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`sanitize_conn_id`, `RE_SANITIZE_CONN_ID`).

use crate::python::text;

/// Airflow's `CONN_ID_MAX_LEN`, in characters.
const MAX_LENGTH: usize = 250;

/// Returns the connection's id, or `None` where Airflow leaves it unset.
pub(super) fn sanitize(conn_id: &str) -> Option<&str> {
    if conn_id.chars().count() > MAX_LENGTH {
        return None;
    }
    // The pattern's `$` also matches before a final newline.
    let id = conn_id.strip_suffix('\n').unwrap_or(conn_id);
    (!id.is_empty() && id.chars().all(is_allowed)).then_some(id)
}

fn is_allowed(c: char) -> bool {
    matches!(c, '_' | '#' | '!' | '(' | ')' | '-' | '.' | ':' | '/' | '\\') || text::is_alphanumeric(c)
}

#[cfg(test)]
mod tests {
    use super::sanitize;

    #[test]
    fn ids_with_other_characters_or_too_long_are_unset() {
        assert_eq!(sanitize("my-db_1.é#!():/\\"), Some("my-db_1.é#!():/\\"));
        assert_eq!(sanitize("id\n"), Some("id"));
        assert_eq!(sanitize("id\n\n"), None);
        assert_eq!(sanitize("my db"), None);
        assert_eq!(sanitize(""), None);
        assert_eq!(sanitize(&"é".repeat(250)).map(str::len), Some(500));
        assert_eq!(sanitize(&"é".repeat(251)), None);
    }
}
