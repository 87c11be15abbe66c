//! `int()` of text, and the repr of every float.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::{float, int, text};

fuzz_target!(|input: (u64, &str)| {
    let (bits, string) = input;
    for domain in ["int", "str"] {
        secretctl_fuzz::airflow::connection(domain, || string.into());
    }
    let value = f64::from_bits(bits);
    if value.is_finite() {
        assert_eq!(float::repr(value).parse(), Ok(value));
        assert!(int::from_float(value).is_some());
        secretctl_fuzz::airflow::connection("float", || format!("{bits:016x}").into());
    }
    if let Some(digits) = int::parse(string) {
        assert_eq!(int::parse(&digits), Some(digits));
    }
    let _ = (
        text::strip(string),
        text::lower(string),
        text::upper(string),
        text::splitlines(string),
    );
});
