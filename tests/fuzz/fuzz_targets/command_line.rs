//! The words of a `_CMD`, and the expansion of `$NAME` and `~` in a value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::expandvars::{expanduser, expandvars};
use secretctl::python::shlex;

fuzz_target!(|line: &[u8]| {
    secretctl_fuzz::airflow::words(line);
    if let Ok(words) = shlex::split(line) {
        assert!(words.iter().map(Vec::len).sum::<usize>() <= line.len());
    }
    let nothing = expandvars(line, |_| None);
    assert_eq!(nothing.as_ref(), line, "an unknown name stays");
    let emptied = expandvars(line, |_| Some(b"".as_slice()));
    assert!(emptied.len() <= line.len());
    let home = expanduser(line, |_| Some(b"/home".to_vec()));
    assert!(home.starts_with(b"/home") || home.as_ref() == line);
});
