//! The picture in `src/lib.rs` of which module may use which.
//!
//! A line is a chain: `a -> b`, `a, b -> { c, d }`, `a -> b -> c`. Names are modules of the crate, or modules within one
//! (`backend::registry`). The last line lists the leaves.

use std::collections::BTreeSet;

use super::crate_files::Module;

/// The picture.
#[derive(Debug, Default)]
pub struct Picture {
    /// The arrows.
    pub arrows: BTreeSet<(String, String)>,
    /// The modules that all may use. A leaf may use only other leaves.
    pub leaves: BTreeSet<String>,
}

impl Picture {
    /// Reads the picture from the docs at the top of a file.
    pub fn read(source: &str) -> Self {
        let docs: Vec<_> = source
            .lines()
            .map_while(|line| line.strip_prefix("//!"))
            .map(str::trim)
            .collect();
        let after = docs
            .iter()
            .position(|line| line.starts_with("Who may use whom"))
            .expect("the picture");
        let block = docs[after..]
            .iter()
            .skip_while(|line| **line != "```text")
            .skip(1)
            .take_while(|line| **line != "```");
        let mut picture = Self::default();
        for line in block {
            picture.add(line);
        }
        picture
    }

    fn add(&mut self, line: &str) {
        if let Some(leaves) = line.strip_prefix("leaves:") {
            self.leaves.extend(names(leaves));
            return;
        }
        let groups: Vec<Vec<String>> = line.split("->").map(names).collect();
        for pair in groups.windows(2) {
            for from in &pair[0] {
                let to = pair[1].iter().map(|to| (from.clone(), to.clone()));
                self.arrows.extend(to);
            }
        }
    }

    /// Returns every name in the picture.
    pub fn names(&self) -> BTreeSet<&str> {
        let arrows = self.arrows.iter().flat_map(|(from, to)| [from, to]);
        arrows.chain(&self.leaves).map(String::as_str).collect()
    }

    /// Returns the name of `module` in the picture: the longest that matches, or else its own first segment.
    pub fn name_of(&self, module: &Module) -> String {
        let names = self.names();
        (1..=module.len())
            .rev()
            .map(|length| module[..length].join("::"))
            .find(|name| names.contains(name.as_str()))
            .unwrap_or_else(|| module.first().cloned().unwrap_or_default())
    }

    /// Whether `from` may use `to`.
    pub fn allows(&self, from: &str, to: &str) -> bool {
        let is_below = self.leaves.contains(to);
        from == to || is_below || self.arrows.contains(&(from.to_owned(), to.to_owned()))
    }
}

fn names(group: &str) -> Vec<String> {
    let names = group.split([',', '{', '}']).map(str::trim);
    names.filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

#[test]
fn chains_groups_and_leaves_are_read() {
    let picture = Picture::read(
        "//! Who may use whom, and so on:\n//!\n//! ```text\n//! a, b -> { c, d::e } -> f\n//! leaves: g, h\n//! ```\n//! x -> y\n",
    );
    let arrows: Vec<_> = picture
        .arrows
        .iter()
        .map(|(from, to)| format!("{from}>{to}"))
        .collect();
    assert_eq!(arrows, ["a>c", "a>d::e", "b>c", "b>d::e", "c>f", "d::e>f"]);
    let module = |path: &str| path.split("::").map(str::to_owned).collect();
    assert_eq!(picture.name_of(&module("d::e::i")), "d::e");
    assert_eq!(picture.name_of(&module("d::i")), "d");
    assert!(picture.allows("a", "c") && picture.allows("a", "h") && picture.allows("g", "h"));
    assert!(!picture.allows("c", "a") && !picture.allows("a", "f") && !picture.allows("g", "a"));
}
