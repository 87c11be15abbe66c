//! The kinds of mistakes in text that is nearly JSON.
//!
//! Owns the vocabulary only: `nearly_json` finds the mistakes, `kwargs_words` has the words for them.

/// Something that JSON does not allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// `'text'`
    SingleQuotes,
    /// `“text”`
    SmartQuotes,
    /// `None`, `True`, `False`, and JSON's word for it.
    PythonWord(&'static str, &'static str),
    /// `r"text"`, `b'text'`, `(1, 2)`
    PythonSyntax,
    /// A name or a string without quotes.
    NoQuotes,
    /// `$NAME` without quotes.
    Reference,
    /// `{{ name }}`
    Template,
    /// A comma before `}` or `]`.
    TrailingComma,
    /// `# text`, `// text`, `/* text */`
    Comment,
    /// `"C:\Users"`
    Backslash,
    /// A line break within a string.
    LineBreak,
    /// A tab or another control character within a string.
    ControlCharacter,
    /// `"a"b"`
    QuoteInside,
    /// A comma, a colon or a bracket where a name or a value is expected, or a bracket that does not match the open one.
    Misplaced,
    /// No comma, or a semicolon, between two entries.
    NoComma,
    /// `"a" = 1`, `"a" => 1`
    EqualsSign,
    /// A byte order mark, or a blank that JSON does not allow.
    OddBlank,
    /// The text ends before the last `}`, `]` or quote.
    Unclosed,
    /// Text after the object, on its last line.
    Surplus,
    /// Text after the object, on a further line.
    LineBelow,
}

/// A mistake, and its offset in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) mistake: Mistake,
    pub(super) offset: usize,
}
