//! URLs, quoting and queries.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::{parse_qsl::parse_qsl, quote, urlencode::urlencode, urlsplit::urlsplit};

fuzz_target!(|text: &str| {
    for domain in ["urlsplit", "quote", "parse_qsl"] {
        secretctl_fuzz::airflow::connection(domain, || text.into());
    }
    if let Ok(parts) = urlsplit(text) {
        let _ = (parts.username(), parts.password(), parts.hostname(), parts.port());
    }
    assert_eq!(quote::unquote(&quote::quote(text)), text);
    let pairs: Vec<(String, String)> = parse_qsl(text).collect();
    let query = urlencode(pairs.iter().map(|(name, value)| (&**name, &**value)));
    assert!(parse_qsl(&query).eq(pairs));
});
