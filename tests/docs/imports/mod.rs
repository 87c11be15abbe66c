//! Compares the picture of modules in `src/lib.rs` with the imports of every file, and finds circles.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::Path;

mod crate_files;
mod paths;
mod picture;
mod tokens;

use crate_files::{Crate, Import, Module};
use picture::Picture;

fn sources() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/src"))
}

fn our_picture() -> Picture {
    Picture::read(&std::fs::read_to_string(sources().join("lib.rs")).unwrap())
}

/// Returns the imports that no arrow of `picture` allows, one per line. Every module may use the constants of the crate's root.
fn climbs(picture: &Picture, imports: &[Import]) -> String {
    let mut climbs = String::new();
    for import in imports.iter().filter(|import| !import.to.is_empty()) {
        let (from, to) = (picture.name_of(&import.from), picture.name_of(&import.to));
        // A module and its submodules count as one.
        let is_inner = to.starts_with(&format!("{from}::"));
        if !is_inner && !picture.allows(&from, &to) {
            writeln!(
                climbs,
                "{}: `{}`, and `{from}` may not use `{to}`",
                import.place, import.text
            )
            .unwrap();
        }
    }
    climbs
}

/// Returns the circles of imports among the modules of one folder, for every folder.
///
/// A module's submodules count as the module. A file and its parent module may use each other.
fn circles(picture: &Picture, imports: &[Import]) -> String {
    let mut folders: BTreeMap<Module, BTreeMap<(String, String), Vec<&Import>>> = BTreeMap::new();
    for import in imports {
        let common = import
            .from
            .iter()
            .zip(&import.to)
            .take_while(|(from, to)| from == to)
            .count();
        let (from, to) = if common == 0 {
            (picture.name_of(&import.from), picture.name_of(&import.to))
        } else {
            let part = |module: &Module| module.get(common).cloned().unwrap_or_default();
            (part(&import.from), part(&import.to))
        };
        if !from.is_empty() && !to.is_empty() && from != to {
            let folder = folders.entry(import.from[..common].to_vec()).or_default();
            folder.entry((from, to)).or_default().push(import);
        }
    }
    let mut circles = String::new();
    for (folder, edges) in folders {
        for ((from, to), imports) in &edges {
            if reaches(&edges, to, from) {
                for import in imports {
                    let folder = folder.join("::");
                    writeln!(
                        circles,
                        "{}: `{}` closes a circle of `{from}` and `{to}` in `{folder}`",
                        import.place, import.text
                    )
                    .unwrap();
                }
            }
        }
    }
    circles
}

fn reaches<T>(edges: &BTreeMap<(String, String), T>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::from([from]);
    let mut next = vec![from];
    while let Some(at) = next.pop() {
        for (_, target) in edges.keys().filter(|(source, _)| source == at) {
            if target == to {
                return true;
            }
            if seen.insert(target) {
                next.push(target);
            }
        }
    }
    false
}

#[test]
fn every_import_follows_an_arrow_of_the_picture() {
    let imports = Crate::read(sources()).imports();
    assert!(imports.len() > 500, "only {} imports were read", imports.len());
    let climbs = climbs(&our_picture(), &imports);
    assert!(
        climbs.is_empty(),
        "the picture in src/lib.rs has no arrow for these:\n{climbs}"
    );
}

#[test]
fn every_arrow_of_the_picture_is_used() {
    let picture = our_picture();
    let imports = Crate::read(sources()).imports();
    let used: BTreeSet<(String, String)> = imports
        .iter()
        .map(|import| (picture.name_of(&import.from), picture.name_of(&import.to)))
        .collect();
    let unused: Vec<_> = picture.arrows.difference(&used).collect();
    assert!(
        unused.is_empty(),
        "these arrows of src/lib.rs are not used: {unused:?}"
    );
}

#[test]
fn the_picture_has_every_module_and_no_other() {
    let picture = our_picture();
    let modules = Crate::read(sources()).modules();
    let missing: Vec<_> = modules
        .iter()
        .filter(|module| module.len() == 1 && !picture.names().contains(module[0].as_str()))
        .collect();
    assert!(missing.is_empty(), "src/lib.rs does not draw {missing:?}");
    let known: BTreeSet<String> = modules.iter().map(|module| module.join("::")).collect();
    let unknown: Vec<_> = picture
        .names()
        .into_iter()
        .filter(|name| !known.contains(*name))
        .collect();
    assert!(
        unknown.is_empty(),
        "src/lib.rs draws modules that do not exist: {unknown:?}"
    );
}

#[test]
fn no_imports_form_a_circle() {
    let mut found = circles(&our_picture(), &Crate::read(sources()).imports());
    // A bench is a separate crate, with its `main.rs` as root.
    for bench in ["cost", "growth", "side_by_side"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(bench);
        let imports = Crate::read(&folder).imports();
        assert!(!imports.is_empty(), "no imports of {bench} were read");
        found += &circles(&Picture::default(), &imports).replace("src/", &format!("benches/{bench}/"));
    }
    assert!(found.is_empty(), "{found}");
}

#[test]
fn a_climb_and_a_circle_are_reported_with_their_line() {
    let folder = crate::support::temp_dir();
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(file, text).unwrap();
    };
    write(
        "lib.rs",
        "//! Who may use whom:\n//!\n//! ```text\n//! top -> low\n//! leaves: leaf\n//! ```\nmod leaf;\nmod low;\nmod top;\n",
    );
    write(
        "top.rs",
        "use crate::leaf::Leaf;\nfn f() { crate::low::a::f() }\n",
    );
    write("leaf.rs", "\nuse crate::low;\n");
    write("low/mod.rs", "mod a;\nmod b;\npub use b::B;\n");
    write("low/a.rs", "use super::B;\n\nfn f() { super::super::top::f() }\n");
    write(
        "low/b.rs",
        "#[cfg(test)]\nmod tests { use crate::top::f; }\nuse super::a;\n",
    );
    let imports = Crate::read(folder.path()).imports();
    let picture = Picture::read(&std::fs::read_to_string(folder.path().join("lib.rs")).unwrap());
    assert_eq!(
        climbs(&picture, &imports),
        "src/leaf.rs:2: `crate::low`, and `leaf` may not use `low`\n\
         src/low/a.rs:3: `super::super::top::f`, and `low` may not use `top`\n"
    );
    let circles = circles(&picture, &imports);
    assert!(
        circles.contains("src/low/a.rs:1: `super::B` closes a circle of `a` and `b` in `low`"),
        "{circles}"
    );
    assert!(circles.contains("src/low/b.rs:3: `super::a`"), "{circles}");
}
