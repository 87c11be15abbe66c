//! What holds without Airflow, for any input.

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

    #[test]
    fn an_airflow_uri_of_a_uri_is_a_fixed_point(text in generated("text")) {
        // Where the second reading differs from the first, as with a login that is empty, the third must not.
        let again = |text: &Secret| parse(text.expose_text()?)?.get_uri().ok();
        if let Some(second) = parse(&text).and_then(|first| again(&first.get_uri().ok()?))
            && let Some(third) = again(&second)
            && let Some(fourth) = again(&third)
        {
            prop_assert!(fourth == third || third != second, "{}", text);
        }
    }

    #[test]
    fn json_that_is_written_is_read_back(text in generated("json")) {
        if let Ok(value) = json::loads(&text) {
            let written = json::dumps(&value);
            prop_assert!(written.is_ascii());
            prop_assert_eq!(&json::dumps(&json::loads(&written).unwrap()), &written);
            let compact = json::dumps_compact(&value);
            prop_assert_eq!(&json::dumps(&json::loads(&compact).unwrap()), &written);
        }
    }

    #[test]
    fn what_is_quoted_is_unquoted_again(text in any::<String>()) {
        prop_assert_eq!(quote::unquote(&quote::quote(&text)), text);
    }

    #[test]
    fn every_field_of_the_json_is_the_field_by_its_name(text in generated("text")) {
        let object = parse(&text).and_then(|connection| Some((connection.to_object().ok()?, connection)));
        if let Some((object, connection)) = object {
            for name in ["host", "login", "password", "schema"] {
                let field = connection.field(name).unwrap();
                prop_assert_eq!(field.as_ref().and_then(Secret::expose_text), object[name].as_str());
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
