//! The messages for each mistake in backend kwargs: what is wrong, and what to do.
//!
//! Owns only the words. `kwargs_text` and `nearly_json` find the mistakes.

use super::mistake::Mistake;

/// Where kwargs are written; the remedy depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrittenIn {
    /// A command-line option or a variable of the process: a shell has read them.
    Shell,
    /// A variable of an env file.
    EnvFile,
    /// An option of `airflow.cfg`.
    Config,
    /// A file of `@FILE`, or the output of a command.
    File,
}

/// Something around the object that should not be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layer {
    Quotes,
    OneQuote,
    TextOfJson,
    Backslashes,
    DoubledQuotes,
    DoubledBraces,
    NoBraces,
    List,
    OptionName,
    PercentEncoding,
    Base64,
}

/// Returns what is wrong and what to do if `layer` is the outermost.
pub(super) fn words(layer: Layer, below: &[Layer]) -> (&'static str, &'static str) {
    match layer {
        Layer::Quotes if below.first() == Some(&Layer::Backslashes) => (
            "the whole value is in quotes, and is escaped once too often",
            "remove the quotes around it, and write `\"` for each `\\\"`",
        ),
        Layer::Quotes => (
            "the whole value is in quotes, which are part of it",
            "remove the quotes around it",
        ),
        Layer::OneQuote => (
            "it has a quote at one end, but not at the other",
            "remove the quote",
        ),
        Layer::TextOfJson => (
            "it is quoted and escaped once too often: a JSON string that holds the object",
            "remove the quotes around it, and write `\"` for each `\\\"`",
        ),
        Layer::Backslashes => (
            "it is escaped once too often: it has `\\\"` for each `\"`",
            "write `\"` for each `\\\"`",
        ),
        Layer::DoubledQuotes => ("each double quote is doubled", "write `\"` for each `\"\"`"),
        Layer::DoubledBraces => ("its braces are doubled", "write `{` and `}` once"),
        Layer::NoBraces => ("the braces around it are missing", "put it between `{` and `}`"),
        Layer::List => ("the object is in a list", "remove the `[` and `]` around it"),
        Layer::OptionName => (
            "the name of the option is before it",
            "write only the object, from `{` to `}`",
        ),
        Layer::PercentEncoding => ("it is percent-encoded, as in a URL", "decode it"),
        Layer::Base64 => ("it is encoded in Base64", "decode it"),
    }
}

/// Returns what a mistake is, and what to do about it.
pub(super) fn mistake_words(mistake: Mistake, written_in: WrittenIn) -> (&'static str, &'static str) {
    let by_place = |shell, env_file, config, file| match written_in {
        WrittenIn::Shell => shell,
        WrittenIn::EnvFile => env_file,
        WrittenIn::Config => config,
        WrittenIn::File => file,
    };
    match mistake {
        Mistake::SingleQuotes => (
            "names and strings are in single quotes, as in Python",
            "write double quotes around names and strings",
        ),
        Mistake::SmartQuotes => (
            "it has typographic quotes (`“`, `”`)",
            "write plain double quotes (`\"`)",
        ),
        Mistake::PythonWord("None", _) => ("it has Python's `None`", "write `null`"),
        Mistake::PythonWord("True", _) => ("it has Python's `True`", "write `true`"),
        Mistake::PythonWord(..) => ("it has Python's `False`", "write `false`"),
        Mistake::PythonSyntax => (
            "it has a Python literal (a tuple, or a string with a prefix)",
            "write strings as \"…\" and lists as […]",
        ),
        Mistake::NoQuotes => (
            "a name or a string has no quotes",
            by_place(
                "put single quotes around the whole object, so that the shell keeps the double quotes in it",
                "put double quotes around it, and single quotes around the whole object",
                "put double quotes around it",
                "put double quotes around it",
            ),
        ),
        Mistake::Reference => (
            "a `$NAME` has no quotes around it, and the variable is not set",
            "put double quotes around it, and set the variable",
        ),
        Mistake::Template => (
            "it has a template's `{{ … }}` that was not rendered",
            "render the template first",
        ),
        Mistake::TrailingComma => ("there is a comma before a closing bracket", "remove that comma"),
        Mistake::Comment => ("it has a comment, which JSON does not have", "remove the comment"),
        Mistake::Backslash => (
            "a string has a backslash that does not begin an escape, as in a Windows path",
            "write each backslash twice (`\\\\`), or `/` in a path",
        ),
        Mistake::LineBreak => (
            "a string contains a line break",
            "write `\\n` for it, and the string on one line",
        ),
        Mistake::ControlCharacter => (
            "a string contains a tab or another control character",
            "write `\\t` for a tab, and `\\uXXXX` for another control character",
        ),
        Mistake::QuoteInside => (
            "a string continues after a double quote",
            "write `\\\"` for a double quote within a string",
        ),
        Mistake::Misplaced => (
            "there is a comma, a colon or a bracket where a name or a value is expected",
            "write it as {\"name\": \"value\", …}, and close each bracket with the matching one",
        ),
        Mistake::NoComma => (
            "a comma between two entries is missing",
            "put a comma between them",
        ),
        Mistake::EqualsSign => ("there is a `=` where a `:` is expected", "write `:` after a name"),
        Mistake::OddBlank => (
            "it has a byte order mark or a blank that JSON does not allow",
            "use plain spaces, and save the file as UTF-8 without BOM",
        ),
        Mistake::Unclosed => (
            "it ends before its last bracket or quote",
            by_place(
                "put single quotes around the whole object, so that the shell keeps it together",
                "write it on one line, or put single quotes around the whole object",
                "indent each further line of the value",
                "add what is missing at its end",
            ),
        ),
        Mistake::LineBelow => (
            by_place(
                "there is another line after the end of the object",
                "there is another line after the end of the object",
                "the line below it begins with a blank, so Airflow reads it as part of the value",
                "there is another line after the end of the object",
            ),
            by_place(
                "remove everything after the last `}`",
                "remove everything after the last `}`",
                "remove the blanks at the start of that line",
                "remove everything after the last `}`",
            ),
        ),
        Mistake::Surplus => (
            "there is text after the end of the object",
            "remove everything after the last `}`",
        ),
    }
}
