//! A connection's object, as in a local file or a Vault secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::connection::Connection;
use secretctl::python::json::{Value, loads};
use secretctl::value::Found;

fuzz_target!(|text: &str| {
    let Ok(Value::Object(object)) = loads(text) else {
        return;
    };
    for found in [Found::Arguments(object.clone()), Found::Fields(object)] {
        if let Ok(connection) = Connection::from_found("c", &found) {
            let _ = (connection.get_uri(), connection.as_json(), connection.to_object());
        }
    }
    secretctl_fuzz::airflow::object(text);
});
