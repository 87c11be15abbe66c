//! Python packages are installed only with the hashes that the project has.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::support::{Program, temp_dir};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Returns each `name==version` of a list of packages, and how many hashes it has.
fn pins(path: &Path) -> Vec<(String, usize)> {
    let text = std::fs::read_to_string(path).unwrap().replace("\\\n", " ");
    let mut pins = Vec::new();
    for line in text.lines() {
        let mut words = line.split('#').next().unwrap().split_whitespace();
        let Some(pin) = words.next().filter(|pin| !pin.starts_with("--")) else {
            continue;
        };
        let (name, version) = pin
            .split_once("==")
            .unwrap_or_else(|| panic!("{pin} is not pinned"));
        let name = name.to_lowercase().replace(['_', '.'], "-");
        let hashes = words.filter(|word| word.starts_with("--hash=sha256:") && word.len() == 78);
        pins.push((format!("{name}=={version}"), hashes.count()));
    }
    pins
}

fn lists() -> Vec<PathBuf> {
    let folder = std::fs::read_dir(root().join("scripts/requirements")).unwrap();
    let files = folder.map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect()
}

#[test]
fn every_python_package_has_its_hashes() {
    let mut all = 0;
    for list in lists() {
        let name = list.file_name().unwrap().to_str().unwrap().to_owned();
        let mut own = pins(&list);
        if name == "airflow.txt" {
            // What was asked for; the complete list is the one that is installed.
            let complete: BTreeSet<_> = pins(&list.with_file_name("airflow-constraints.txt"))
                .into_iter()
                .map(|(pin, _)| pin)
                .collect();
            assert!(own.iter().all(|(pin, _)| complete.contains(pin)), "{own:?}");
            continue;
        }
        if own.iter().all(|(_, hashes)| *hashes == 0) {
            let hashed = pins(&list.parent().unwrap().join("hashes").join(&name));
            let names = |pins: &[(String, usize)]| -> BTreeSet<String> {
                pins.iter().map(|(pin, _)| pin.clone()).collect()
            };
            assert_eq!(
                names(&own),
                names(&hashed),
                "{name}: run scripts/requirement-hashes"
            );
            own = hashed;
        }
        all += own.len();
        let without: Vec<_> = own.iter().filter(|(_, hashes)| *hashes == 0).collect();
        assert!(without.is_empty(), "{name}: {without:?}");
    }
    assert!(all > 300, "{all}");
}

/// Runs scripts/python-env with a stand-in for pip's environment, where the list is refused before anything is installed.
#[test]
fn a_list_without_its_hashes_is_not_installed() {
    let dir = temp_dir();
    let list = dir.path().join("list.txt");
    let run = || {
        Program::new("python3")
            .arg(root().join("scripts/python-env"))
            .arg(dir.path().join("cache"))
            .arg("name")
            .arg(&list)
            .env("PATH", std::env::var("PATH").unwrap())
            .run()
    };
    std::fs::write(&list, "six==1.17.0\n").unwrap();
    let missing = run();
    assert_eq!(missing.status, 1, "{}", missing.stderr);
    assert!(
        missing.stderr.contains("run scripts/requirement-hashes list.txt"),
        "{}",
        missing.stderr
    );
    // The hashes of another version do not count.
    std::fs::create_dir(dir.path().join("hashes")).unwrap();
    let other = format!("six==1.16.0 \\\n    --hash=sha256:{}\n", "0".repeat(64));
    std::fs::write(dir.path().join("hashes/list.txt"), other).unwrap();
    let stale = run();
    assert_eq!(stale.status, 1, "{}", stale.stderr);
    assert!(!dir.path().join("cache").join("complete").exists());
}
