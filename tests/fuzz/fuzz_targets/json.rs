//! JSON: a value that is read, written and read again stays the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::json::{dumps, dumps_compact, loads};
use secretctl::python::repr;

fuzz_target!(|text: &str| {
    secretctl_fuzz::airflow::connection("json", || text.into());
    let Ok(value) = loads(text) else { return };
    let written = dumps(&value);
    assert!(written.is_ascii());
    for again in [&written, &dumps_compact(&value)] {
        assert_eq!(dumps(&loads(again).expect("the writer writes JSON")), written);
    }
    let _ = repr::repr(&value);
});
