//! Properties that hold for any input, without Airflow.

use proptest::prelude::*;
use secretctl::connection::Connection;
use secretctl::python::{json, quote};
use secretctl::secret::Secret;
use secretctl::value::Found;

use super::generate;
use crate::support::Random;

fn parse(text: &str) -> Option<Connection> {
    Connection::from_found("c", &Found::Text(Secret::from(text))).ok()
}

fn generated(domain: &'static str) -> impl Strategy<Value = String> {
    any::<u64>().prop_map(move |seed| {
        let input = generate::input(domain, &mut Random::new(seed));
        input["value"].as_str().or(input.as_str()).unwrap().to_owned()
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>(), prefix in "(\\{|\\{\"extra\":|[a-z]{1,3}://)?") {
        let _ = parse(&format!("{prefix}{text}"));
        let _ = Connection::from_found("c", &Found::Uri(Secret::from(text)));
    }

    #[test]
    fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
        let _ = Connection::from_found("c", &Found::Text(Secret::new(bytes)));
    }

    /// As in Airflow, a host comes back in lower case, an empty login becomes absent, and the text values of an extra
    /// are parsed as JSON. Everything else survives.
    #[test]
    fn an_airflow_uri_parses_back_to_the_same_connection(
        conn_type in "[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,5})?",
        host in "[a-z0-9.-]{1,20}",
        parts in proptest::array::uniform3(".{1,20}"),
        port in proptest::option::of(1u16..),
        extra in proptest::option::of(any::<(String, String)>()),
    ) {
        prop_assume!(conn_type != "postgresql");
        let mut object = json::Object::new();
        let mut put = |name: &str, value| object.insert(name.to_owned(), value);
        put("conn_type", json::Value::from(conn_type));
        put("host", json::Value::from(host));
        for (name, part) in ["login", "password", "schema"].into_iter().zip(parts) {
            put(name, json::Value::from(part));
        }
        if let Some(port) = port {
            put("port", json::Value::Int(port.to_string()));
        }
        if let Some((name, text)) = extra {
            let list = json::Value::List(vec![json::Value::from(text), json::Value::Null]);
            put("extra", json::Value::Object([(name, list)].into_iter().collect()));
        }
        let connection = Connection::from_found("c", &Found::Fields(object)).unwrap();
        let again = Connection::from_found("c", &Found::Text(connection.get_uri().unwrap())).unwrap();
        let (once, twice) = (connection.as_json().unwrap(), again.as_json().unwrap());
        prop_assert_eq!(once.expose_text(), twice.expose_text());
    }

    #[test]
    fn written_json_is_read_back(text in generated("json")) {
        if let Ok(value) = json::loads(&text) {
            let written = json::dumps(&value);
            prop_assert!(written.is_ascii());
            prop_assert_eq!(&json::dumps(&json::loads(&written).unwrap()), &written);
            let compact = json::dumps_compact(&value);
            prop_assert_eq!(&json::dumps(&json::loads(&compact).unwrap()), &written);
        }
    }

    #[test]
    fn quoted_text_is_unquoted_again(text in any::<String>()) {
        prop_assert_eq!(quote::unquote(&quote::quote(&text)), text);
    }

    #[test]
    fn every_field_of_the_json_is_the_field_by_its_name(text in generated("text")) {
        let object = parse(&text).and_then(|connection| Some((connection.to_object().ok()?, connection)));
        if let Some((object, connection)) = object {
            for name in ["host", "login", "password", "schema"] {
                let field = connection.field(name).unwrap();
                let expected = match &object[name] {
                    json::Value::Null => None,
                    json::Value::String(text) => Some(text.clone()),
                    value => Some(json::dumps_compact(value)),
                };
                prop_assert_eq!(field.as_ref().and_then(Secret::expose_text), expected.as_deref());
            }
        }
    }
}

#[test]
fn a_megabyte_is_parsed_in_time() {
    let start = std::time::Instant::now();
    let long = "%41@:/é&=".repeat(100_000);
    for text in [
        format!("postgres://u:{}@h/s", quote::quote(&long)),
        format!("postgres://u:p@h/s?{long}"),
        format!("postgres://u:p@h/{}", "://".repeat(300_000)),
        format!("{{\"extra\": {{\"a\": \"{}\"}}}}", "\\n".repeat(500_000)),
        format!("{{\"extra\": {}", "[".repeat(1_000_000)),
        format!("{{\"extra\": {}", "{\"a\":".repeat(200_000)),
        format!("{{\"port\": {}}}", "1".repeat(1_000_000)),
    ] {
        if let Some(connection) = parse(&text) {
            connection.get_uri().unwrap();
            connection.as_json().unwrap();
        }
    }
    assert!(
        start.elapsed() < std::time::Duration::from_secs(20),
        "{:?}",
        start.elapsed()
    );
}
