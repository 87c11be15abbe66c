//! Python's exceptions for an `airflow.cfg` that does not parse, or a value that cannot be interpolated.
//!
//! Must not hold any part of the file.
//!
//! Source: CPython 3.11, `Lib/configparser.py`.

use std::fmt;

/// What is wrong with a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParseError {
    /// `MissingSectionHeaderError`
    MissingSectionHeader,
    /// `DuplicateSectionError`
    DuplicateSection,
    /// `DuplicateOptionError`, with the line of the first.
    DuplicateOption(usize),
    /// `ParsingError`
    NoOption,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingSectionHeader => f.write_str("an option comes before the first `[section]`"),
            Self::DuplicateSection => f.write_str("the section appears twice"),
            Self::DuplicateOption(first) => {
                write!(f, "the option is already on line {first} of this section")
            }
            Self::NoOption => f.write_str("the line is not `option = value`"),
        }
    }
}

impl std::error::Error for ParseError {}

/// Why a value cannot be interpolated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterpolationError {
    /// `InterpolationSyntaxError`: a `%` that is neither `%%` nor `%(name)s`.
    Syntax,
    /// `InterpolationMissingOptionError`: the name in `%(name)s` is not an option here.
    MissingOption,
    /// `InterpolationDepthError`: more than ten references deep.
    Depth,
    /// The value would be too long for memory. Not an exception of Python's.
    TooLong,
}

impl fmt::Display for InterpolationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Syntax => "a `%` must be written `%%`, or begin a reference `%(name)s`",
            Self::MissingOption => "a `%(name)s` is not an option of the section or of `[DEFAULT]`",
            Self::Depth => "`%(name)s` references are nested too deeply",
            Self::TooLong => "`%(name)s` references make the value too long",
        })
    }
}

impl std::error::Error for InterpolationError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_is_wrong() {
        assert_eq!(
            ParseError::NoOption.to_string(),
            "the line is not `option = value`"
        );
        assert_eq!(
            InterpolationError::Depth.to_string(),
            "`%(name)s` references are nested too deeply"
        );
    }
}
