//! The text of a connection: every output of one that parses, and its URI parsed again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::connection::{Connection, FIELDS};
use secretctl::secret::Secret;
use secretctl::value::Found;

fuzz_target!(|bytes: &[u8]| {
    for found in [Found::Text(Secret::new(bytes)), Found::Uri(Secret::new(bytes))] {
        let Ok(connection) = Connection::from_found("c", &found) else {
            continue;
        };
        for name in FIELDS {
            let _ = connection.field(name);
        }
        let _ = connection.field("extra.a.0.b");
        let json = connection.as_json().expect("a connection can be written as JSON");
        assert!(json.expose().is_ascii());
        if let Ok(uri) = connection.get_uri() {
            assert!(connection.to_object().is_ok());
            let _ = Connection::from_found("c", &Found::Text(uri));
        }
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        secretctl_fuzz::airflow::text(text);
    }
});
