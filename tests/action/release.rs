//! A release on a loopback server: archives with the built program, and their checksums.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::support::server::{Reply, Server};
use crate::support::temp_dir;

/// The version of the releases here.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Prints its arguments, one a line in `<>`, and reports the version, in place of the program.
pub const STAND_IN: &str = r#"#!/bin/sh
case $1 in
    --version) echo "secretctl 0" ;;
    *) printf '<%s>\n' "$@" >&2 ;;
esac
"#;

/// The target of the runner that the tests simulate.
pub fn target() -> String {
    format!("{}-unknown-linux-gnu", std::env::consts::ARCH)
}

/// Packs a folder of this name, with the program in it, and files beside it that must stay in the archive.
fn pack(name: &str, program: &Path, as_zip: bool) -> Vec<u8> {
    let dir = temp_dir();
    let folder = dir.path().join(name);
    std::fs::create_dir(&folder).unwrap();
    let own = folder.join(if as_zip { "secretctl.exe" } else { "secretctl" });
    std::fs::copy(program, own).unwrap();
    std::fs::write(folder.join("more"), "not taken out").unwrap();
    let script = if as_zip {
        "zip -1qr archive \"$1\""
    } else {
        "tar -cf - \"$1\" | gzip -1 >archive"
    };
    let made = Command::new("sh")
        .args(["-ec", script, "sh", name])
        .current_dir(dir.path())
        .status()
        .unwrap();
    assert!(made.success());
    let archive = dir.path().join(if as_zip { "archive.zip" } else { "archive" });
    std::fs::read(archive).unwrap()
}

/// Returns the archive of the built program.
pub fn built() -> Vec<u8> {
    let name = format!("secretctl-{VERSION}-{}", target());
    pack(&name, Path::new(env!("CARGO_BIN_EXE_secretctl")), false)
}

/// Returns an archive whose program starts the built one: 60 MB less to pack, to check and to unpack in every test.
pub fn starter() -> Vec<u8> {
    let starter = format!("#!/bin/sh\nexec '{}' \"$@\"\n", env!("CARGO_BIN_EXE_secretctl"));
    script(&target(), &starter)
}

/// Returns an archive of this script, in place of the program.
pub fn script(target: &str, script: &str) -> Vec<u8> {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = temp_dir();
    let program = dir.path().join("program");
    std::fs::write(&program, script).unwrap();
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
    pack(
        &format!("secretctl-{VERSION}-{target}"),
        &program,
        target.contains("-windows-"),
    )
}

/// Returns the SHA-256 of some bytes.
pub fn sha256(bytes: &[u8]) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, bytes);
    let mut text = String::new();
    for byte in digest.as_ref() {
        write!(text, "{byte:02x}").unwrap();
    }
    text
}

/// Serves the files of version `VERSION` below `/mirror`, and 404 for everything else.
pub fn serve(files: Vec<(String, Vec<u8>)>) -> Server {
    Server::start(move |request| {
        let found = files
            .iter()
            .find(|(name, _)| request.target == format!("/mirror/v{VERSION}/{name}"));
        match found {
            Some((_, bytes)) => Reply::status(200).body(bytes.clone()),
            None => Reply::status(404),
        }
    })
}

/// Serves an archive of this script with its checksum.
pub fn serve_script(target: &str, text: &str) -> Server {
    let archive = script(target, text);
    let suffix = if target.contains("-windows-") {
        "zip"
    } else {
        "tar.gz"
    };
    let name = format!("secretctl-{VERSION}-{target}.{suffix}");
    let sums = format!("{}  {name}\n", sha256(&archive));
    serve(vec![
        (name, archive),
        ("SHA256SUMS".to_owned(), sums.into_bytes()),
    ])
}

/// Serves this archive of the runner's target with this SHA256SUMS.
pub fn serve_with_sums(archive: Vec<u8>, sums: &str) -> Server {
    let name = format!("secretctl-{VERSION}-{}.tar.gz", target());
    serve(vec![
        (name, archive),
        ("SHA256SUMS".to_owned(), sums.as_bytes().to_vec()),
    ])
}

/// Serves this archive of the runner's target, and the right SHA256SUMS with other files in it.
pub fn serve_release(archive: Vec<u8>) -> Server {
    let name = format!("secretctl-{VERSION}-{}.tar.gz", target());
    let (sum, other) = (sha256(&archive), "0".repeat(64));
    serve_with_sums(
        archive,
        &format!("{other}  secretctl-{VERSION}.tar.gz\n{sum}  {name}\n{other}  {name}.sig\n"),
    )
}
