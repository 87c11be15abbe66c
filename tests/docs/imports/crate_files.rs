//! The files of `src/` as modules, and their imports.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::paths::{Named, paths};

/// A module's path within the crate, without `crate`. The root's is empty.
pub type Module = Vec<String>;

/// An import of one module from another.
#[derive(Clone, Debug)]
pub struct Import {
    pub from: Module,
    pub to: Module,
    /// `src/a/b.rs:12`
    pub place: String,
    /// The path as written.
    pub text: String,
}

/// Every file of a crate.
pub struct Crate {
    files: BTreeMap<Module, (PathBuf, Vec<Named>)>,
}

impl Crate {
    /// Reads the files of `src`, except those that only a test compiles.
    pub fn read(src: &Path) -> Self {
        let mut files = BTreeMap::new();
        let mut folders = vec![src.to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let relative = path.strip_prefix(src).unwrap().with_extension("");
                let mut module: Module = relative
                    .iter()
                    .map(|part| part.to_str().unwrap().to_owned())
                    .collect();
                match module.last().map(String::as_str) {
                    Some("tests") => continue,
                    Some("mod" | "lib") => drop(module.pop()),
                    _ => {}
                }
                let named = paths(&std::fs::read_to_string(&path).unwrap());
                files.insert(module, (relative.with_extension("rs"), named));
            }
        }
        Self { files }
    }

    /// Returns every module except the root.
    pub fn modules(&self) -> Vec<Module> {
        self.files
            .keys()
            .filter(|module| !module.is_empty())
            .cloned()
            .collect()
    }

    /// Returns the imports of all files.
    pub fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (from, (file, named)) in &self.files {
            for one in named {
                let Some(to) = self.resolve(from, &one.segments, 0) else {
                    continue;
                };
                if to != *from {
                    imports.push(Import {
                        from: from.clone(),
                        to,
                        place: format!("src/{}:{}", file.display(), one.line),
                        text: one.segments.join("::"),
                    });
                }
            }
        }
        imports
    }

    /// Returns the module that defines what `segments` name in the file of `from`, or `None` for another crate.
    ///
    /// Follows re-exports (`use`) to the definition.
    fn resolve(&self, from: &Module, segments: &[String], depth: usize) -> Option<Module> {
        let mut module = from.clone();
        let mut rest = segments;
        match segments.first()?.as_str() {
            "crate" | "secretctl" => {
                module.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            // A path of `use` begins with a module of the file, or with another crate.
            first => {
                self.files.get(&child(from, first))?;
            }
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            module.pop();
            rest = &rest[1..];
        }
        while let Some(segment) = rest.first() {
            let inner = child(&module, segment);
            if !self.files.contains_key(&inner) {
                break;
            }
            module = inner;
            rest = &rest[1..];
        }
        let (_, named) = self.files.get(&module)?;
        let passed_on = rest
            .first()
            .and_then(|name| named.iter().find(|one| one.alias.as_ref() == Some(name)));
        match passed_on {
            Some(one) if depth < 8 && module != *from => {
                self.resolve(&module, &one.segments, depth + 1).or(Some(module))
            }
            _ => Some(module),
        }
    }
}

fn child(module: &Module, name: &str) -> Module {
    let mut child = module.clone();
    child.push(name.to_owned());
    child
}
