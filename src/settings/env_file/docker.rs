//! The dialect of `docker run --env-file`: everything after the `=` is the value, byte for byte.
//!
//! A line is `NAME=VALUE`. Blanks before the name and lines that begin with `#` are skipped. There are no quotes, escapes, comments after
//! a value, `export` or references. A name without a value is taken from the environment, so it sets nothing here.
//!
//! Source: docker/cli 29, `pkg/kvfile/kvfile.go`.

use super::characters::{is_go_space, trim_start};
use super::problem::{Open, Problem};
use super::scope::Scope;
use crate::secret::Secret;

/// The longest line, in bytes (Go's `bufio.MaxScanTokenSize`, its `\n` included).
const LONGEST_LINE: usize = 64 * 1024 - 1;

/// Reads a file into `scope`.
pub(super) fn read(text: &[u8], scope: &mut Scope<'_>) -> Result<(), Problem> {
    let mut open = Open::default();
    let mut rest = text;
    let mut number = 0;
    while !rest.is_empty() {
        number += 1;
        let end = rest.iter().position(|byte| *byte == b'\n');
        let mut line = &rest[..end.unwrap_or(rest.len())];
        rest = end.map_or(&[][..], |end| &rest[end + 1..]);
        if line.len() > LONGEST_LINE {
            return Err(Problem::new(
                number,
                "Docker does not read lines of 64 KiB or more",
            ));
        }
        line = line.strip_suffix(b"\r").unwrap_or(line);
        if std::str::from_utf8(line).is_err() {
            return Err(Problem::not_utf8(number, text));
        }
        if number == 1 {
            line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
        }
        let line = trim_start(line, is_go_space);
        if line.is_empty() || line[0] == b'#' {
            continue;
        }
        let sign = line.iter().position(|byte| *byte == b'=');
        let name = &line[..sign.unwrap_or(line.len())];
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b' ' | b'\t' | 0)) {
            return Err(open
                .or(|| Problem::not_an_assignment(number, line))
                .for_docker(name));
        }
        let Some(sign) = sign else {
            if Problem::is_odd_name(name) || open.is_json() {
                return Err(open
                    .or(|| Problem::not_an_assignment(number, line))
                    .for_docker(name));
            }
            continue;
        };
        let value = &line[sign + 1..];
        open = Open::after(value, number);
        if let Some(problem) = open.pem_in(rest) {
            return Err(problem.for_docker(name));
        }
        let name = String::from_utf8_lossy(name).into_owned();
        scope.assign(name, Ok(Some(Secret::new(value))), number)?;
    }
    Ok(())
}
