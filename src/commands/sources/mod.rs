//! The code that `check`, `exec --from` and `export --from` read: named files, and what named folders have.
//!
//! Owns which files of a folder are read, and in which order. Must not know what the code says. What Airflow ignores is decided by
//! [`airflowignore`].

use std::collections::HashSet;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::airflow_option::AirflowOption;
use crate::error::{Error, Result};
use crate::file;
use crate::inspect::code::{self, Source};
use crate::inspect::{CodeNames, Place, UnknownUse, Unreadable};
use crate::render::Terminal;
use crate::settings::{PlaceContent, Settings};
use crate::shown::shown;

mod airflowignore;

use airflowignore::{Rules, Syntax};

/// The largest file that is read. Code and templates are far smaller; a folder may also have data.
const MAX_FILE_BYTES: u64 = 4 << 20;

/// The deepest folder that is read, so that links which make a path longer and longer end.
const MAX_DEPTH: usize = 64;

/// The extensions of files that are read in a folder: Python, and what operators render as templates (their `template_ext`).
const EXTENSIONS: [&str; 24] = [
    "bash", "cfg", "cql", "cypher", "ddl", "dml", "graphql", "hql", "html", "j2", "jinja", "jinja2", "json",
    "ps1", "py", "q", "sh", "sql", "tmpl", "tpl", "txt", "xml", "yaml", "yml",
];

/// Folders that hold no code of one's own. Others begin with a dot.
const SKIPPED_FOLDERS: [&str; 3] = ["__pycache__", "node_modules", "site-packages"];

/// A file that says that its folder is a virtual environment.
const VIRTUAL_ENVIRONMENT: &str = "pyvenv.cfg";

/// The option that chooses the syntax of `.airflowignore`.
const IGNORE_SYNTAX: AirflowOption<'static> = AirflowOption::new("core", "dag_ignore_file_syntax");

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Code {
    /// The names in it. Its unreadable files include those that could not be opened.
    pub(super) names: CodeNames,
    /// How many files were read.
    pub(super) files: usize,
    /// Warnings for the user.
    pub(super) warnings: Vec<String>,
}

impl Code {
    /// Warns of uses whose names are not known, and of files that cannot be read.
    pub(super) fn warn(&self, terminal: Terminal) {
        for warning in &self.warnings {
            terminal.warning(warning);
        }
        warn_of_gaps(&self.names.unknown, &self.names.unreadable, terminal);
    }
}

/// Warns of uses whose names are not known, and of files that cannot be read.
pub(super) fn warn_of_gaps(unknown: &[UnknownUse], unreadable: &[Unreadable], terminal: Terminal) {
    for unknown in unknown {
        terminal.warning(&format!(
            "{}: the name of this {} is not known without running the code, and is left out: {}",
            at(&unknown.place),
            unknown.kind,
            shown(&unknown.what)
        ));
    }
    for unreadable in unreadable {
        terminal.warning(&format!(
            "{}: this file cannot be read: {}",
            at(&unreadable.place),
            shown(&unreadable.reason)
        ));
    }
}

/// Returns a place as compilers write it.
fn at(place: &Place) -> String {
    format!("{}:{}:{}", shown(&place.file), place.line, place.column)
}

/// Reads the files of `paths`, and finds the names in them.
///
/// # Errors
/// A path that is missing or cannot be read, or an unknown syntax of `.airflowignore`, with status 2.
pub(super) fn read(paths: &[PathBuf], settings: &Settings) -> Result<Code> {
    if paths.is_empty() {
        return Ok(Code::default());
    }
    let syntax = syntax(settings)?;
    let mut walk = Walk {
        syntax,
        ..Walk::default()
    };
    for path in paths {
        let named = path.clone();
        walk = file::within(settings.deadline, move || {
            walk.named(&named)?;
            Ok(walk)
        })
        .map_err(|cause| {
            Error::usage(format!("`{}` cannot be read", shown(&path.to_string_lossy()))).with_source(cause)
        })?;
    }
    let mut names = code::names(&walk.sources);
    names.unreadable.extend(walk.unreadable);
    names.unreadable.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(Code {
        names,
        files: walk.sources.len(),
        warnings: walk.warnings,
    })
}

/// Returns the syntax of `.airflowignore`: Airflow's `[core] dag_ignore_file_syntax`, by default globs.
fn syntax(settings: &Settings) -> Result<Syntax> {
    let Some(place) = settings.airflow.places(&IGNORE_SYNTAX)?.into_iter().next() else {
        return Ok(Syntax::Glob);
    };
    let place = place?;
    let text = match &place.content {
        PlaceContent::Value(value) => value.expose_text().unwrap_or_default(),
        PlaceContent::Command(_) | PlaceContent::KeyInBackend(_) => "",
    };
    match text {
        "" | "glob" => Ok(Syntax::Glob),
        "regexp" => Ok(Syntax::Regexp),
        _ => Err(Error::usage(format!(
            "`[core] dag_ignore_file_syntax` is neither `glob` nor `regexp`: {}",
            place.source
        ))),
    }
}

/// A walk over files and folders.
#[derive(Default)]
struct Walk {
    syntax: Syntax,
    sources: Vec<Source>,
    unreadable: Vec<Unreadable>,
    warnings: Vec<String>,
    /// The files that were read, by their real paths: one that is named twice is read once.
    files: HashSet<PathBuf>,
    /// The folders that were read, by their real paths: links may lead in a circle.
    folders: HashSet<PathBuf>,
}

impl Walk {
    /// Reads a path that the user named: a file of any kind, or a folder.
    fn named(&mut self, path: &Path) -> io::Result<()> {
        if path.metadata()?.is_dir() {
            // An error of the named folder itself ends the command.
            std::fs::read_dir(path)?;
            self.folder(path, &shown_path(path), "", &Rules::new(self.syntax), 0);
            return Ok(());
        }
        if !self.is_new_file(path) {
            return Ok(());
        }
        let text = file::read_here(path, MAX_FILE_BYTES)?;
        self.add(&shown_path(path), text);
        Ok(())
    }

    /// Reads a folder. `shown` is its path for people, `relative` its path below the named folder, both without a final `/`.
    fn folder(&mut self, path: &Path, shown: &str, relative: &str, inherited: &Rules, depth: usize) {
        if !path.canonicalize().is_ok_and(|real| self.folders.insert(real)) || depth > MAX_DEPTH {
            return;
        }
        let mut entries: Vec<(String, PathBuf)> = match std::fs::read_dir(path) {
            Ok(entries) => entries
                .filter_map(std::result::Result::ok)
                .map(|entry| (entry.file_name().to_string_lossy().into_owned(), entry.path()))
                .collect(),
            Err(cause) => return self.cannot_read(shown, &cause),
        };
        entries.sort();
        if depth > 0 && entries.iter().any(|(name, _)| name == VIRTUAL_ENVIRONMENT) {
            return;
        }
        let mut rules = inherited.clone();
        let ignore_file = path.join(airflowignore::FILE);
        if ignore_file.is_file() {
            let name = below(shown, airflowignore::FILE);
            match file::read_regular_here(&ignore_file, MAX_FILE_BYTES) {
                Ok(text) => rules.add(
                    &String::from_utf8_lossy(&text),
                    relative,
                    &name,
                    &mut self.warnings,
                ),
                Err(cause) => self.cannot_read(&name, &cause),
            }
        }
        for (name, path) in entries {
            let Ok(metadata) = path.metadata() else { continue };
            let within = below(relative, &name);
            if name == airflowignore::FILE || rules.ignore(&within, metadata.is_dir()) {
                continue;
            }
            let shown = below(shown, &name);
            if metadata.is_dir() {
                if !name.starts_with('.') && !SKIPPED_FOLDERS.contains(&&*name) {
                    self.folder(&path, &shown, &within, &rules, depth + 1);
                }
            } else if metadata.is_file() && is_code(&path) && self.is_new_file(&path) {
                match file::read_regular_here(&path, MAX_FILE_BYTES) {
                    Ok(text) => self.add(&shown, text),
                    Err(cause) => self.cannot_read(&shown, &cause),
                }
            }
        }
    }

    fn is_new_file(&mut self, path: &Path) -> bool {
        // What has no real path, such as a pipe of the shell, is read as often as it is named.
        path.canonicalize().map_or(true, |real| self.files.insert(real))
    }

    fn add(&mut self, shown: &str, text: Vec<u8>) {
        self.sources.push(Source {
            path: Arc::from(shown),
            text,
        });
    }

    fn cannot_read(&mut self, shown: &str, cause: &io::Error) {
        self.unreadable.push(Unreadable {
            place: Place {
                file: Arc::from(shown),
                line: 1,
                column: 1,
            },
            reason: cause.to_string(),
        });
    }
}

/// Returns the path of `name` in `folder`; an empty folder is the current one.
fn below(folder: &str, name: &str) -> String {
    match folder {
        "" => name.to_owned(),
        folder => format!("{folder}/{name}"),
    }
}

/// Returns a named path as it is shown: with `/`, without `./` at the start and `/` at the end. The current folder is empty.
pub(super) fn shown_path(path: &Path) -> String {
    let text = path.to_string_lossy();
    let mut text = if cfg!(windows) {
        text.replace('\\', "/")
    } else {
        text.into_owned()
    };
    while let Some(rest) = text.strip_prefix("./") {
        text = rest.trim_start_matches('/').to_owned();
    }
    let ended = text.trim_end_matches('/');
    match ended {
        "." => String::new(),
        "" if text.starts_with('/') => "/".to_owned(),
        ended => ended.to_owned(),
    }
}

fn is_code(path: &Path) -> bool {
    path.extension()
        .and_then(|extension| extension.to_str())
        .is_some_and(|extension| {
            EXTENSIONS
                .binary_search(&&*extension.to_ascii_lowercase())
                .is_ok()
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_sorted_for_the_search() {
        assert!(EXTENSIONS.is_sorted());
        assert!(
            is_code(Path::new("a/b.SQL")) && is_code(Path::new("b.py")) && is_code(Path::new("x.sql.j2"))
        );
        assert!(!is_code(Path::new("a.md")) && !is_code(Path::new("py")) && !is_code(Path::new(".py")));
    }

    #[test]
    fn a_named_path_is_shown_as_it_is_written_but_for_the_current_folder() {
        for (path, shown) in [
            ("dags/", "dags"),
            ("./dags/x.py", "dags/x.py"),
            (".", ""),
            ("./", ""),
            ("././/x", "x"),
            ("/srv/dags//", "/srv/dags"),
            ("/", "/"),
            ("../x", "../x"),
        ] {
            assert_eq!(shown_path(Path::new(path)), shown, "{path}");
        }
        assert_eq!(below("", "x"), "x");
        assert_eq!(below("a", "x"), "a/x");
    }
}
