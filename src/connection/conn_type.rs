//! A connection's type, as Airflow writes it.
//!
//! Source: airflow 3.3.2, `airflow/models/connection.py` (`_normalize_conn_type`).

/// Follows `_normalize_conn_type`.
pub(super) fn normalize_conn_type(conn_type: String) -> String {
    if conn_type == "postgresql" {
        "postgres".to_owned()
    } else if conn_type.contains('-') {
        conn_type.replace('-', "_")
    } else {
        conn_type
    }
}
