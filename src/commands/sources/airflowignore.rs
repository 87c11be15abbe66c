//! `.airflowignore`: which files and folders Airflow leaves out.
//!
//! Owns the two syntaxes. A glob is translated into a pattern of Python's `re`, as Airflow's library does, so that its corner cases are
//! the same. Airflow stops at a pattern that its library refuses; here it is left out with a warning.
//!
//! Source: airflow 3.3.2, `airflow/_shared/module_loading/file_discovery.py`; pathspec 1.1.1, `patterns/gitignore/spec.py`.

use std::sync::Arc;

use crate::python::re::Pattern;
use crate::python::text;
use crate::shown::shown;

/// The name of the file.
pub(super) const FILE: &str = ".airflowignore";

/// Airflow's `[core] dag_ignore_file_syntax`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Syntax {
    /// As in `.gitignore`.
    #[default]
    Glob,
    /// A pattern of Python's in each line.
    Regexp,
}

/// The rules for one folder: those of the folders above it, then its own.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules {
    syntax: Syntax,
    rules: Vec<Arc<Rule>>,
}

#[derive(Debug)]
struct Rule {
    pattern: Pattern,
    /// Whether a match is ignored; `!` says that it is not.
    ignores: bool,
    /// The folder that the pattern is relative to; `None` where it is for the name alone.
    relative_to: Option<String>,
    /// Whether it is for folders alone.
    folders_only: bool,
}

impl Rules {
    pub(super) fn new(syntax: Syntax) -> Self {
        Self {
            syntax,
            rules: Vec::new(),
        }
    }

    /// Adds the rules of a file in `folder`, which is relative to the named folder. `name` is the file for warnings.
    pub(super) fn add(&mut self, text: &str, folder: &str, name: &str, warnings: &mut Vec<String>) {
        for (index, line) in text.split(['\n', '\r']).enumerate() {
            let line = without_comment(line);
            if line.is_empty() {
                continue;
            }
            let rule = match self.syntax {
                Syntax::Glob => glob(line, folder),
                Syntax::Regexp => Pattern::new(line).ok().map(|pattern| {
                    Some(Rule {
                        pattern,
                        ignores: true,
                        relative_to: Some(String::new()),
                        folders_only: false,
                    })
                }),
            };
            match rule {
                Some(rule) => self.rules.extend(rule.map(Arc::new)),
                None => warnings.push(format!(
                    "line {} of `{}` is not a pattern for Airflow, and is left out",
                    index + 1,
                    shown(name)
                )),
            }
        }
    }

    /// Whether `path`, which is relative to the named folder, is ignored.
    pub(super) fn ignore(&self, path: &str, is_folder: bool) -> bool {
        let mut ignored = false;
        for rule in &self.rules {
            let is_match = || rule.matches(path, is_folder && self.syntax == Syntax::Glob);
            if (is_folder || !rule.folders_only) && is_match() {
                ignored = rule.ignores;
            }
        }
        ignored
    }
}

impl Rule {
    fn matches(&self, path: &str, with_slash: bool) -> bool {
        let subject = match self.relative_to.as_deref() {
            None => path.rsplit_once('/').map_or(path, |(_, name)| name),
            Some("") => path,
            Some(folder) => {
                let rest = path.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
                rest.unwrap_or(path)
            }
        };
        let found = if with_slash {
            self.pattern.is_in(&format!("{subject}/"))
        } else {
            self.pattern.is_in(subject)
        };
        // Python would search on, for minutes.
        found.unwrap_or(false)
    }
}

/// Returns the line without `#` and what follows, and without the blanks before it.
fn without_comment(line: &str) -> &str {
    match line.find('#') {
        Some(at) => line[..at].trim_end_matches(text::is_space),
        None => line,
    }
}

/// Reads a glob: `None` where the library refuses it, and `Some(None)` where it matches nothing.
#[expect(clippy::option_option, reason = "a refusal is not an absence")]
fn glob(line: &str, folder: &str) -> Option<Option<Rule>> {
    if text::strip(line) == "/" {
        return Some(None);
    }
    let is_relative = line.starts_with('/') || line.trim_end_matches('/').contains('/');
    let bare = line.trim_start_matches('!').trim_end_matches(text::is_space);
    let pattern = if line.ends_with("\\ ") {
        line
    } else {
        line.trim_end_matches(text::is_space)
    };
    if pattern.is_empty() || pattern == "/" {
        return Some(None);
    }
    let (pattern, ignores) = match pattern.strip_prefix('!') {
        Some(rest) => (rest, false),
        None => (pattern, true),
    };
    let expression = match expression(pattern) {
        Ok(expression) => expression,
        Err(Refusal::Range) => return Some(None),
        Err(Refusal::Invalid) => return None,
    };
    Some(Some(Rule {
        pattern: Pattern::new(&expression).ok()?,
        ignores,
        relative_to: is_relative.then(|| folder.to_owned()),
        folders_only: bare.ends_with('/'),
    }))
}

/// Why a glob is not used.
enum Refusal {
    /// A `[` without an end: the pattern matches nothing.
    Range,
    /// The library raises.
    Invalid,
}

/// Translates a glob, as `GitIgnoreSpecPattern.pattern_to_regex` does.
fn expression(glob: &str) -> Result<String, Refusal> {
    let mut segments: Vec<&str> = glob.split('/').collect();
    let for_folders = segments.last() == Some(&"");
    if segments[0].is_empty() {
        segments.remove(0);
    } else if (segments.len() == 1 || segments.len() == 2 && segments[1].is_empty()) && segments[0] != "**" {
        segments.insert(0, "**");
    }
    match segments.last_mut() {
        None => return Err(Refusal::Invalid),
        Some(last) if last.is_empty() => *last = "**",
        Some(_) => {}
    }
    segments.dedup_by(|one, other| *one == "**" && *other == "**");
    match segments[..] {
        ["**"] | ["**", "*", "**"] if for_folders => return Ok("/".to_owned()),
        ["**"] | ["**", "*"] => return Ok(".".to_owned()),
        ["**", "*", "**"] => return Ok("/".to_owned()),
        _ => {}
    }
    let mut out = String::new();
    let mut needs_slash = false;
    let last = segments.len() - 1;
    for (index, segment) in segments.iter().enumerate() {
        if *segment == "**" {
            match index {
                0 => out.push_str("^(?:.+/)?"),
                index if index < last => {
                    out.push_str("(?:/.+)?");
                    needs_slash = true;
                }
                _ => out.push('/'),
            }
            continue;
        }
        if index == 0 {
            out.push('^');
        }
        if needs_slash {
            out.push('/');
        }
        match *segment {
            "*" => out.push_str("[^/]+"),
            segment => self::segment(segment, &mut out)?,
        }
        if index == last {
            out.push_str("(?:/|$)");
        }
        needs_slash = true;
    }
    Ok(out)
}

/// Appends the pattern of one segment.
fn segment(glob: &str, out: &mut String) -> Result<(), Refusal> {
    let chars: Vec<char> = glob.chars().collect();
    let mut at = 0;
    while let Some(&c) = chars.get(at) {
        at += 1;
        match c {
            '\\' => {
                let escaped = chars.get(at).ok_or(Refusal::Invalid)?;
                push_literal(*escaped, out);
                at += 1;
            }
            '*' => out.push_str("[^/]*"),
            '?' => out.push_str("[^/]"),
            '[' => {
                let mut end = at;
                if matches!(chars.get(end), Some('!' | '^')) {
                    end += 1;
                }
                if chars.get(end) == Some(&']') {
                    end += 1;
                }
                end += chars
                    .get(end..)
                    .and_then(|rest| rest.iter().position(|c| *c == ']'))
                    .ok_or(Refusal::Range)?;
                out.push('[');
                if matches!(chars[at], '!' | '^') {
                    out.push('^');
                    at += 1;
                }
                for c in &chars[at..=end] {
                    out.push_str(if *c == '\\' { "\\\\" } else { "" });
                    if *c != '\\' {
                        out.push(*c);
                    }
                }
                at = end + 1;
            }
            c => push_literal(c, out),
        }
    }
    Ok(())
}

fn push_literal(c: char, out: &mut String) {
    if c.is_ascii() && !c.is_ascii_alphanumeric() && c != '_' {
        out.push('\\');
    }
    out.push(c);
}
