//! Reading a file that configures, within bounds.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::secret::Secret;

/// The largest file, or input, that is read: far above any configuration, and below what a machine would suffer from.
const MAX_BYTES: u64 = 16 << 20;

/// Reads the file `path` whole; a pipe too.
pub(super) fn read(path: &Path) -> io::Result<Secret> {
    read_all(File::open(path)?)
}

/// Reads `input` to its end.
pub(super) fn read_all(input: impl Read) -> io::Result<Secret> {
    let mut bytes = Vec::new();
    let length = input.take(MAX_BYTES + 1).read_to_end(&mut bytes)?;
    let bytes = Secret::new(bytes);
    if length as u64 > MAX_BYTES {
        return Err(io::Error::other("larger than 16 MiB"));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_input_without_end_is_an_error() {
        let error = read_all(io::repeat(b'x')).unwrap_err();
        assert_eq!(error.to_string(), "larger than 16 MiB");
        assert_eq!(read_all(b"abc".as_slice()).unwrap().expose(), b"abc");
    }
}
