//! An env file: values survive the writer of `export --format dotenv`, and line numbers are those of the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use secretctl::render::dotenv;
use secretctl::secret::Secret;
use secretctl::settings::fuzzing::env_file;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    match env_file(bytes) {
        Err((line, _)) => assert!((1..=lines).contains(&line)),
        Ok(assignments) => {
            let mut before = 0;
            for (name, value, line) in assignments {
                assert!(
                    (1..=lines).contains(&line) && line > before,
                    "one assignment per line, in order"
                );
                before = line;
                assert!(!name.is_empty() && !name.contains(['=', '\n', '\0']));
                assert!(!value.expose().contains(&0));
                written_and_read(&value);
            }
        }
    }
    written_and_read(&Secret::new(bytes));
    secretctl_fuzz::airflow::env_file(bytes);
});

/// The reader returns what the writer wrote.
fn written_and_read(value: &Secret) {
    for line in [dotenv::line("NAME", value), dotenv::single_line("NAME", value)] {
        let Ok(line) = line else { continue };
        let text = [b"A=1\n", line.expose(), b"\nB=2\n"].concat();
        let read = env_file(&text).expect("the writer writes an env file");
        let names: Vec<&str> = read.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["A", "NAME", "B"]);
        assert!(read[1].1 == *value, "the value is the same");
    }
}
