//! airflow.cfg: every option has a line in the file, and its value is found or rejected.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::python::configparser::ConfigParser;

fuzz_target!(|text: &str| {
    secretctl_fuzz::airflow::airflow_cfg(text);
    let lines = text.split('\n').count();
    match ConfigParser::parse(text) {
        Err((line, _)) => assert!((1..=lines).contains(&line)),
        Ok(parser) => {
            for (section, option) in [
                ("secrets", "backend"),
                ("secrets", "backend_kwargs"),
                ("core", "multi_team"),
            ] {
                if let Some(line) = parser.line_of(section, option) {
                    assert!((1..=lines).contains(&line));
                    assert!(!matches!(parser.get(section, option), Ok(None)));
                }
            }
        }
    }
});
