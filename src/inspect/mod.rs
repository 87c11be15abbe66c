//! What can be said about code and connections without asking anyone: the names that DAG files use, and where.
//!
//! Pure: sources are handed in, nothing is read, run or asked. Must not know settings, backends or output formats.

pub mod code;
pub mod compare;
pub mod lints;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::value::SecretKind;

/// Where something stands in a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, as the user named it or as it stands below a named folder.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

/// How code comes to use a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A call such as `BaseHook.get_connection("x")` or `Variable.get("x")`.
    Call,
    /// A keyword argument, an entry of `default_args`, a parameter's default or an attribute: `postgres_conn_id="x"`.
    Argument(String),
    /// An expression in a template: `{{ var.value.x }}`.
    Template,
    /// A variable of the environment: `os.environ["AIRFLOW_CONN_X"]`.
    Environment,
    /// The default connection of a hook or operator that is used without one: the class.
    ClassDefault(String),
    /// A line of a file of names, and the variable that it names.
    NamesFile(Option<String>),
}

/// One use of a connection or variable whose name is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameUse {
    /// A connection or a variable.
    pub kind: SecretKind,
    /// The connection id or variable key.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// How it is used.
    pub origin: Origin,
    /// Whether the code has a default for the case that it is missing.
    pub has_default: bool,
    /// Whether the value must be JSON (`deserialize_json=True`, `var.json`).
    pub as_json: bool,
    /// The keys of the JSON value, or the fields of the connection, that are used: `["settings", "host"]` of `var.json.x.settings.host`.
    pub fields: Vec<Vec<String>>,
    /// Whether it is looked up when Airflow parses the file, and so at every parse.
    pub at_parse_time: bool,
}

/// A use whose name cannot be known without running the code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownUse {
    /// A connection or a variable.
    pub kind: SecretKind,
    /// Where it stands.
    pub place: Place,
    /// What is used there, without any of the code's values: `Variable.get(…)`, `postgres_conn_id=…`.
    pub what: String,
}

/// A file that could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// Where parsing ended.
    pub place: Place,
    /// What the parser says, without the code's text.
    pub reason: String,
}

/// What the sources use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeNames {
    /// The uses with known names, ordered by file and line.
    pub uses: Vec<NameUse>,
    /// The uses with unknown names, ordered by file and line.
    pub unknown: Vec<UnknownUse>,
    /// The files that could not be parsed.
    pub unreadable: Vec<Unreadable>,
}

impl CodeNames {
    /// Returns each name once, and whether every use of it has a default.
    #[must_use]
    pub fn names(&self) -> BTreeMap<(SecretKind, &str), bool> {
        let mut names = BTreeMap::new();
        for one in &self.uses {
            *names.entry((one.kind, one.name.as_str())).or_insert(true) &= one.has_default;
        }
        names
    }
}
