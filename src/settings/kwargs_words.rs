//! The words for each mistake in backend kwargs: what is wrong, and what to do.
//!
//! Owns the words alone. The mistakes are found by `kwargs_text` and `nearly_json`.

use super::nearly_json::Mistake;

/// Where kwargs stand: what is to be done depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stand {
    /// An option of the command line, or a variable of the process: a shell has read them.
    Shell,
    /// A variable of an env file.
    EnvFile,
    /// An option of `airflow.cfg`.
    Config,
    /// A file of `@FILE`, or what a command prints.
    File,
}

/// Something around the object that does not belong there.
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

/// What is wrong and what to do where `layer` is the outermost.
pub(super) fn words(layer: Layer, below: &[Layer]) -> (&'static str, &'static str) {
    match layer {
        Layer::Quotes if below.first() == Some(&Layer::Backslashes) => (
            "the whole value stands in quotes, and is escaped once too often",
            "remove the quotes around it, and write `\"` for each `\\\"`",
        ),
        Layer::Quotes => (
            "the whole value stands in quotes, which are part of it",
            "remove the quotes around it",
        ),
        Layer::OneQuote => (
            "a quote stands at one end of it, with none at the other",
            "remove the quote",
        ),
        Layer::TextOfJson => (
            "it is quoted and escaped once too often: a JSON text that holds the object",
            "remove the quotes around it, and write `\"` for each `\\\"`",
        ),
        Layer::Backslashes => (
            "it is escaped once too often: it has `\\\"` for each `\"`",
            "write `\"` for each `\\\"`",
        ),
        Layer::DoubledQuotes => ("each double quote is doubled", "write `\"` for each `\"\"`"),
        Layer::DoubledBraces => ("its braces are doubled", "write `{` and `}` once"),
        Layer::NoBraces => ("the braces around it are missing", "put it between `{` and `}`"),
        Layer::List => ("the object stands in a list", "remove the `[` and `]` around it"),
        Layer::OptionName => (
            "the name of the option stands before it",
            "write the object alone, from `{` to `}`",
        ),
        Layer::PercentEncoding => ("it is percent-encoded, as in a URL", "decode it"),
        Layer::Base64 => ("it is encoded in Base64", "decode it"),
    }
}

/// What a mistake is, and what to do about it.
pub(super) fn mistake_words(mistake: Mistake, stand: Stand) -> (&'static str, &'static str) {
    let by_stand = |shell, env_file, config, file| match stand {
        Stand::Shell => shell,
        Stand::EnvFile => env_file,
        Stand::Config => config,
        Stand::File => file,
    };
    match mistake {
        Mistake::SingleQuotes => (
            "names and texts stand in single quotes, as in Python",
            "write double quotes around names and texts",
        ),
        Mistake::SmartQuotes => (
            "it has typographic quotes (`“`, `”`)",
            "write plain double quotes (`\"`)",
        ),
        Mistake::PythonWord("None", _) => ("it has Python's `None`", "write `null`"),
        Mistake::PythonWord("True", _) => ("it has Python's `True`", "write `true`"),
        Mistake::PythonWord(..) => ("it has Python's `False`", "write `false`"),
        Mistake::PythonSyntax => (
            "it has a Python literal (a tuple, or a text with a prefix)",
            "write texts as \"…\" and lists as […]",
        ),
        Mistake::NoQuotes => (
            "a name or a text has no quotes",
            by_stand(
                "put single quotes around the whole object, so that the shell keeps the double quotes in it",
                "put double quotes around it, and single quotes around the whole object",
                "put double quotes around it",
                "put double quotes around it",
            ),
        ),
        Mistake::Reference => (
            "a `$NAME` stands without quotes, and no such variable is set",
            "put double quotes around it, and set the variable",
        ),
        Mistake::Template => (
            "it has a template's `{{ … }}` that was not rendered",
            "render the template first",
        ),
        Mistake::TrailingComma => ("a comma stands before a closing bracket", "remove that comma"),
        Mistake::Comment => ("it has a comment, which JSON does not have", "remove the comment"),
        Mistake::Backslash => (
            "a text has a backslash that begins no escape, as in a path of Windows",
            "write each backslash twice (`\\\\`), or `/` in a path",
        ),
        Mistake::LineBreak => (
            "a text has a line break in it",
            "write `\\n` for it, and the text on one line",
        ),
        Mistake::ControlCharacter => (
            "a text has a tab or another control character in it",
            "write `\\t` for a tab, and `\\u0000` with its number for another",
        ),
        Mistake::QuoteInside => (
            "a text ends at a quote, and goes on after it",
            "write `\\\"` for a double quote within a text",
        ),
        Mistake::Misplaced => (
            "a comma, a colon or a bracket stands where a name or a value is expected",
            "write it as {\"name\": \"value\", …}, and close each bracket with its own kind",
        ),
        Mistake::NoComma => (
            "a comma between two entries is missing",
            "put a comma between them",
        ),
        Mistake::EqualsSign => ("a `=` stands where a `:` is expected", "write `:` after a name"),
        Mistake::OddBlank => (
            "it has a byte order mark or a blank that JSON does not know",
            "write plain blanks, and save the file as UTF-8 without BOM",
        ),
        Mistake::Unclosed => (
            "it ends before its last bracket or quote",
            by_stand(
                "put single quotes around the whole object, so that the shell keeps it together",
                "write it on one line, or put single quotes around the whole object",
                "begin every further line of the value with a blank",
                "add what is missing at its end",
            ),
        ),
        Mistake::LineBelow => (
            by_stand(
                "a further line stands after the end of the object",
                "a further line stands after the end of the object",
                "the line below it begins with a blank, so Airflow reads it as part of the value",
                "a further line stands after the end of the object",
            ),
            by_stand(
                "remove what is after the last `}`",
                "remove what is after the last `}`",
                "remove the blanks at the start of that line",
                "remove what is after the last `}`",
            ),
        ),
        Mistake::Surplus => (
            "something stands after the end of the object",
            "remove what is after the last `}`",
        ),
    }
}
