//! The names of the methods and attributes of Python's types, whether rendering has them or not.
//!
//! A name is never taken for a key where Python takes it for a method.

use super::value::Value;

/// Python's methods, whether they are supported or not.
const METHODS: [&str; 47] = [
    "capitalize",
    "casefold",
    "center",
    "count",
    "encode",
    "endswith",
    "expandtabs",
    "find",
    "format",
    "format_map",
    "index",
    "isalnum",
    "isalpha",
    "isascii",
    "isdecimal",
    "isdigit",
    "isidentifier",
    "islower",
    "isnumeric",
    "isprintable",
    "isspace",
    "istitle",
    "isupper",
    "join",
    "ljust",
    "lower",
    "lstrip",
    "maketrans",
    "partition",
    "removeprefix",
    "removesuffix",
    "replace",
    "rfind",
    "rindex",
    "rjust",
    "rpartition",
    "rsplit",
    "rstrip",
    "split",
    "splitlines",
    "startswith",
    "strip",
    "swapcase",
    "title",
    "translate",
    "upper",
    "zfill",
];

const LIST: [&str; 11] = [
    "append", "clear", "copy", "count", "extend", "index", "insert", "pop", "remove", "reverse", "sort",
];
const DICT: [&str; 11] = [
    "clear",
    "copy",
    "fromkeys",
    "get",
    "items",
    "keys",
    "pop",
    "popitem",
    "setdefault",
    "update",
    "values",
];
const NUMBER: [&str; 13] = [
    "as_integer_ratio",
    "bit_count",
    "bit_length",
    "conjugate",
    "denominator",
    "from_bytes",
    "fromhex",
    "hex",
    "imag",
    "is_integer",
    "numerator",
    "real",
    "to_bytes",
];

/// Whether Python's type of `value` has a method or attribute `name`.
pub(super) fn exists(value: &Value, name: &str) -> bool {
    match value {
        Value::Text(_) => METHODS.contains(&name),
        Value::Markup(_) => METHODS.contains(&name) || matches!(name, "escape" | "striptags" | "unescape"),
        Value::List(_) => LIST.contains(&name),
        Value::Tuple(_) | Value::Group(_) => matches!(name, "count" | "index"),
        Value::Dict(_) | Value::Var => DICT.contains(&name),
        Value::Int(_) | Value::Bool(_) | Value::Float(_) => NUMBER.contains(&name),
        Value::Range(..) => matches!(name, "count" | "index" | "start" | "step" | "stop"),
        Value::View(..) => matches!(name, "isdisjoint" | "mapping"),
        Value::Generator(_) => matches!(name, "close" | "send" | "throw"),
        _ => false,
    }
}
