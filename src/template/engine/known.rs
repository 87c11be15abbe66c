//! The filters that are known by name.
//!
//! Source: jinja2 3.1.6, `jinja2/filters.py`; airflow 3.3.2, `airflow/sdk/definitions/_internal/templater.py`.

/// The filters of this program, and of Jinja.
pub(super) const FILTERS: [&str; 52] = [
    "abs",
    "as",
    "attr",
    "b64decode",
    "b64encode",
    "batch",
    "capitalize",
    "center",
    "count",
    "d",
    "default",
    "dictsort",
    "e",
    "escape",
    "filesizeformat",
    "first",
    "float",
    "forceescape",
    "format",
    "groupby",
    "indent",
    "int",
    "items",
    "join",
    "last",
    "length",
    "list",
    "lower",
    "map",
    "max",
    "min",
    "reject",
    "rejectattr",
    "replace",
    "reverse",
    "round",
    "safe",
    "select",
    "selectattr",
    "slice",
    "sort",
    "string",
    "sum",
    "title",
    "tojson",
    "trim",
    "truncate",
    "unique",
    "upper",
    "urlencode",
    "wordcount",
    "xmlattr",
];

/// The filters that Airflow has and this program has not.
pub(super) const OTHERS: [&str; 10] = [
    "ds",
    "ds_nodash",
    "pprint",
    "random",
    "striptags",
    "ts",
    "ts_nodash",
    "ts_nodash_with_tz",
    "urlize",
    "wordwrap",
];

/// Whether a task of Airflow has the filter.
pub(super) fn exists(name: &str) -> bool {
    let own = matches!(name, "as" | "b64encode" | "b64decode");
    !own && (FILTERS.contains(&name) || OTHERS.contains(&name))
}
