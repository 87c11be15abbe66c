//! What `packaging/` says about secretctl is what Cargo.toml says: one version, one address, one licence.
//!
//! `scripts/release` builds the packages and tries them; here is what needs no build.

use std::path::{Path, PathBuf};

use serde_json::Value;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Returns the package's facts, as cargo reads them.
fn package() -> Value {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let output = std::process::Command::new(cargo)
        .args([
            "metadata",
            "--no-deps",
            "--format-version",
            "1",
            "--locked",
            "--offline",
        ])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    metadata["packages"][0].clone()
}

/// Returns the files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else {
            all.push(path);
        }
    }
    all
}

/// The files of `packaging/` that are text of ours, with their paths.
fn pages() -> Vec<(String, String)> {
    let mut pages: Vec<_> = files(&root().join("packaging"))
        .into_iter()
        .filter(|path| path.extension().is_none_or(|end| end != "pyc"))
        .map(|path| {
            (
                path.strip_prefix(root()).unwrap().display().to_string(),
                std::fs::read_to_string(&path).unwrap(),
            )
        })
        .collect();
    pages.push(("scripts/release".to_owned(), read("scripts/release")));
    pages
}

#[test]
fn only_cargo_toml_knows_the_version_and_the_owner() {
    let package = package();
    let version = package["version"].as_str().unwrap();
    let repository = package["repository"].as_str().unwrap();
    assert_eq!(package["homepage"], package["repository"]);
    let owner = repository
        .strip_prefix("https://github.com/")
        .and_then(|rest| rest.strip_suffix("/secretctl"))
        .expect("the repository is a URL of GitHub that ends in secretctl");
    let pages = pages();
    assert!(pages.len() > 10, "{}", pages.len());
    for (path, text) in pages {
        assert!(!text.contains(version), "{path} has the version of its own");
        assert!(
            !text.contains(&format!("{owner}/")),
            "{path} has the owner of its own"
        );
    }
}

#[test]
fn the_addresses_in_the_readme_are_those_of_cargo_toml() {
    let package = package();
    let repository = package["repository"].as_str().unwrap();
    let readme = read("README.md");
    let mut found = 0;
    for (at, _) in readme.match_indices("https://github.com/") {
        let address = &readme[at..];
        let address = &address[..address
            .find(|end: char| end.is_whitespace() || ")`'\"|".contains(end))
            .unwrap_or(address.len())];
        if address.contains("/secretctl") {
            found += 1;
            assert!(address.starts_with(repository), "{address}");
        }
    }
    assert!(found > 0, "the README does not say where the installer is");
}

#[test]
fn every_package_has_the_same_licence() {
    let licence = package()["license"].as_str().unwrap().to_owned();
    for (path, line) in [
        ("packaging/nfpm.yaml", format!("license: {licence}\n")),
        (
            "packaging/homebrew/secretctl.rb",
            format!("license \"{licence}\"\n"),
        ),
        (
            "packaging/container/Dockerfile",
            format!("image.licenses=\"{licence}\""),
        ),
    ] {
        assert!(read(path).contains(&line), "{path} has no `{line}`");
    }
    // nixpkgs has its own names.
    assert_eq!(licence, "Apache-2.0");
    assert!(read("packaging/nix/flake.nix").contains("lib.licenses.asl20"));
}

#[test]
fn what_packages_are_made_with_is_pinned_by_a_hash() {
    let list = read("scripts/requirements/packaging.txt");
    assert!(list.lines().any(|line| line == "--require-hashes"));
    let mut pins = 0;
    for line in list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.starts_with("--"))
    {
        pins += 1;
        let (name, hashes) = line.split_once(' ').expect("a hash follows the version");
        assert!(name.contains("=="), "{name} has no version");
        for hash in hashes.split(' ') {
            let digest = hash.strip_prefix("--hash=sha256:").unwrap_or_default();
            assert!(
                digest.len() == 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "{line}"
            );
        }
    }
    assert!(pins > 5, "{pins}");
    let maturin = list
        .lines()
        .find_map(|line| line.strip_prefix("maturin=="))
        .and_then(|rest| rest.split(' ').next())
        .unwrap();
    assert!(read("packaging/wheel/pyproject.toml").contains(&format!("\"maturin=={maturin}\"")));
}

#[test]
fn the_archives_of_binstall_are_those_of_the_installers() {
    let package = package();
    let binstall = &package["metadata"]["binstall"];
    let filled = |text: &Value| {
        text.as_str()
            .unwrap()
            .replace("{ repo }", package["repository"].as_str().unwrap())
            .replace("{ name }", "secretctl")
            .replace("{ version }", package["version"].as_str().unwrap())
    };
    let download = format!(
        "{}/releases/download/v{}",
        package["repository"].as_str().unwrap(),
        package["version"].as_str().unwrap()
    );
    let formula = read("packaging/homebrew/secretctl.rb")
        .replace("@DOWNLOAD@", &download)
        .replace("@VERSION@", package["version"].as_str().unwrap());
    let installer = read("packaging/install/install.sh");
    for target in [
        "aarch64-apple-darwin",
        "x86_64-apple-darwin",
        "aarch64-unknown-linux-musl",
        "x86_64-unknown-linux-musl",
    ] {
        let address = filled(&binstall["pkg-url"]).replace("{ target }", target);
        assert!(
            formula.contains(&format!("url \"{address}\"")),
            "the formula has no {address}"
        );
        assert!(
            installer.contains(&format!("echo {target} ;;")),
            "the installer has no {target}"
        );
    }
    let windows = filled(&binstall["overrides"]["x86_64-pc-windows-msvc"]["pkg-url"]);
    assert!(windows.ends_with("-{ target }.zip"), "{windows}");
    assert!(read("packaging/install/install.ps1").contains("secretctl-@VERSION@-x86_64-pc-windows-msvc"));
}

/// The installers' shell must not stop at a syntax error that only another shell forgives.
#[cfg(unix)]
#[test]
fn the_shell_installer_parses_in_every_shell_that_is_here() {
    let mut parsed = 0;
    for shell in ["sh", "dash", "bash", "zsh"] {
        let Ok(output) = std::process::Command::new(shell)
            .arg("-n")
            .arg(root().join("packaging/install/install.sh"))
            .output()
        else {
            continue;
        };
        parsed += 1;
        assert!(
            output.status.success(),
            "{shell}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert!(parsed > 0, "there is no shell");
}
