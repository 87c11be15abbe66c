//! A local secrets file, as JSON, YAML or `.env`: it is read or rejected, and a value that is read can be printed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::backend::local_filesystem::fuzzing::File;
use secretctl::connection::Connection;
use secretctl::python::text::splitlines;
use secretctl::value::{Answer, Found, SecretKind};

fuzz_target!(|bytes: &[u8]| {
    let lines = std::str::from_utf8(bytes).map_or(0, |text| splitlines(text).len());
    for path in ["f.json", "f.yaml", "f.env"] {
        for kind in [SecretKind::Connection, SecretKind::Variable, SecretKind::Config] {
            let check = |id: &str, found: &Found| Connection::from_found(id, found).map(drop);
            let file = match File::read(path, bytes, kind, check) {
                Err(error) => {
                    assert_eq!(error.kind().exit_status(), 2, "{error:?}");
                    continue;
                }
                Ok(file) => file,
            };
            let keys = file.keys();
            assert!(path != "f.env" || keys.len() <= lines);
            let absent = format!("{}?", keys.concat());
            assert!(matches!(file.get(&absent), Ok(Answer::Absent { .. })));
            for key in keys {
                match file.get(&key) {
                    Err(error) => assert_eq!(error.kind().exit_status(), 6, "{error:?}"),
                    Ok(Answer::Found(found)) if kind == SecretKind::Connection => {
                        assert!(
                            Connection::from_found(&key, &found).is_ok(),
                            "a file with another one is rejected as a whole"
                        );
                    }
                    Ok(Answer::Found(Found::Uri(_) | Found::Arguments(_) | Found::Fields(_))) => {
                        panic!("this is a connection's")
                    }
                    Ok(_) => {}
                }
            }
        }
    }
});
