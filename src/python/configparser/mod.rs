//! `configparser.ConfigParser` of `CPython` 3.11, as Airflow configures it: strict, `=` and `:`, whole-line comments with `#`
//! and `;`, empty lines within values, names in their own case, and basic interpolation.
//!
//! Must not know Airflow's sections. The parser makes one pass and keeps slices of the text. It builds a value on request.
//!
//! <https://docs.python.org/3.11/library/configparser.html>

use indexmap::IndexMap;
use indexmap::map::Entry;
use memchr::memchr;

use crate::python::text::is_space;

mod error;

pub use error::{InterpolationError, ParseError};

/// The section whose options every section has.
const DEFAULT_SECTION: &str = "DEFAULT";

/// Python's `MAX_INTERPOLATION_DEPTH`.
const MAX_DEPTH: usize = 10;

/// The most bytes, and the most references, of one interpolated value. Python has no such limit; memory is limited.
const MAX_WORK: usize = 16 << 20;

/// A parsed file.
#[derive(Debug, Default)]
pub struct ConfigParser<'t> {
    defaults: Section<'t>,
    sections: IndexMap<&'t str, Section<'t>>,
}

type Section<'t> = IndexMap<&'t str, RawValue<'t>>;

/// A value's lines, without surrounding blanks.
#[derive(Debug)]
struct RawValue<'t> {
    line: usize,
    first: &'t str,
    /// The further lines, each with its number.
    continued: Vec<(usize, &'t str)>,
}

impl<'t> ConfigParser<'t> {
    /// Parses `text`, whose lines end in `\n`: what Python reads in text mode.
    ///
    /// # Errors
    /// Python's exception and the line, counted from 1. Where Python lists every bad line, only the first.
    pub fn parse(text: &'t str) -> Result<Self, (usize, ParseError)> {
        let mut reader = Reader {
            parser: Self::default(),
            section: None,
            option: None,
            indent: 0,
            bad_line: None,
        };
        let mut start = 0;
        for number in 1.. {
            let end = memchr(b'\n', &text.as_bytes()[start..]).map_or(text.len(), |length| start + length);
            // Airflow's default file is almost entirely comments.
            if !matches!(text.as_bytes().get(start), Some(b'#' | b';')) {
                reader
                    .line(number, &text[start..end])
                    .map_err(|error| (number, error))?;
            }
            start = end + 1;
            if start >= text.len() {
                break;
            }
        }
        match reader.bad_line {
            Some(number) => Err((number, ParseError::NoOption)),
            None => Ok(reader.parser),
        }
    }

    /// Returns the line of `option`, when the file has `section` and it or `[DEFAULT]` has the option: `has_option`.
    #[must_use]
    pub fn line_of(&self, section: &str, option: &str) -> Option<usize> {
        let section = self.sections.get(section)?;
        self.raw(section, option).map(|value| value.line)
    }

    /// Returns the file's line for the `nth` line of a value, both counted from 1. Comments are not part of a value.
    #[must_use]
    pub fn line_within(&self, section: &str, option: &str, nth: usize) -> Option<usize> {
        let value = self.raw(self.sections.get(section)?, option)?;
        match nth.checked_sub(2) {
            None => Some(value.line),
            Some(index) => value.continued.get(index).map(|(number, _)| *number),
        }
    }

    /// Returns whether there is a section `name`: `has_section`.
    #[must_use]
    pub fn has_section(&self, name: &str) -> bool {
        self.sections.contains_key(name)
    }

    /// Iterates over the sections and their own options, with the line of each option.
    pub fn options(&self) -> impl Iterator<Item = (&'t str, impl Iterator<Item = (&'t str, usize)>)> {
        let sections = self.sections.iter().map(|(name, section)| (*name, section));
        sections
            .chain([(DEFAULT_SECTION, &self.defaults)])
            .map(|(name, section)| (name, section.iter().map(|(option, value)| (*option, value.line))))
    }

    /// Returns the interpolated value of `option`: `get`.
    ///
    /// # Errors
    /// A reference to a missing option, or a single `%`.
    pub fn get(&self, section: &str, option: &str) -> Result<Option<String>, InterpolationError> {
        let Some(section) = self.sections.get(section) else {
            return Ok(None);
        };
        let Some(value) = self.raw(section, option) else {
            return Ok(None);
        };
        let mut interpolation = Interpolation {
            parser: self,
            section,
            value: String::new(),
            work: 0,
        };
        interpolation.add(&value.joined(), 1)?;
        Ok(Some(interpolation.value))
    }

    /// Returns the value of `option` as it stands in the file: `get` of a `RawConfigParser`, or with `raw=True`.
    #[must_use]
    pub fn raw_value(&self, section: &str, option: &str) -> Option<String> {
        let value = match self.sections.get(section) {
            Some(section) => self.raw(section, option),
            None if section == DEFAULT_SECTION => self.defaults.get(option),
            None => None,
        };
        value.map(RawValue::joined)
    }

    fn raw<'s>(&'s self, section: &'s Section<'t>, option: &str) -> Option<&'s RawValue<'t>> {
        section.get(option).or_else(|| self.defaults.get(option))
    }
}

impl RawValue<'_> {
    /// Python's `'\n'.join(lines).rstrip()`.
    fn joined(&self) -> String {
        let mut joined = self.first.to_owned();
        for (_, line) in &self.continued {
            joined.push('\n');
            joined.push_str(line);
        }
        joined.truncate(joined.trim_end_matches(is_space).len());
        joined
    }
}

/// The reader's position in the sections.
#[derive(Clone, Copy)]
enum Place {
    Defaults,
    Section(usize),
}

struct Reader<'t> {
    parser: ConfigParser<'t>,
    section: Option<Place>,
    /// The option that a deeper line continues.
    option: Option<usize>,
    indent: usize,
    bad_line: Option<usize>,
}

impl<'t> Reader<'t> {
    fn line(&mut self, number: usize, line: &'t str) -> Result<(), ParseError> {
        let unindented = line.trim_start_matches(is_space);
        if unindented.starts_with(['#', ';']) {
            return Ok(());
        }
        let text = unindented.trim_end_matches(is_space);
        if text.is_empty() {
            if let Some(value) = self.current_value() {
                value.continued.push((number, ""));
            }
            return Ok(());
        }
        let indent = line[..line.len() - unindented.len()].chars().count();
        if indent > self.indent
            && let Some(value) = self.current_value()
        {
            value.continued.push((number, text));
            return Ok(());
        }
        self.indent = indent;
        if let Some(name) = section_name(text) {
            self.begin_section(name)
        } else if self.section.is_none() {
            Err(ParseError::MissingSectionHeader)
        } else {
            self.begin_option(number, text)
        }
    }

    fn begin_section(&mut self, name: &'t str) -> Result<(), ParseError> {
        self.option = None;
        self.section = Some(if name == DEFAULT_SECTION {
            Place::Defaults
        } else {
            match self.parser.sections.entry(name) {
                Entry::Occupied(_) => return Err(ParseError::DuplicateSection),
                Entry::Vacant(entry) => {
                    let index = entry.index();
                    entry.insert(Section::default());
                    Place::Section(index)
                }
            }
        });
        Ok(())
    }

    fn begin_option(&mut self, number: usize, text: &'t str) -> Result<(), ParseError> {
        let Some((name, value)) = text.split_once(['=', ':']) else {
            self.bad_line.get_or_insert(number);
            return Ok(());
        };
        let (name, value) = (
            name.trim_end_matches(is_space),
            value.trim_start_matches(is_space),
        );
        if name.is_empty() {
            self.bad_line.get_or_insert(number);
        }
        let Some(section) = self.current_section() else {
            return Ok(());
        };
        let entry = match section.entry(name) {
            Entry::Vacant(entry) => entry,
            Entry::Occupied(first) => return Err(ParseError::DuplicateOption(first.get().line)),
        };
        let index = entry.index();
        entry.insert(RawValue {
            line: number,
            first: value,
            continued: Vec::new(),
        });
        self.option = (!name.is_empty()).then_some(index);
        Ok(())
    }

    fn current_section(&mut self) -> Option<&mut Section<'t>> {
        match self.section? {
            Place::Defaults => Some(&mut self.parser.defaults),
            Place::Section(index) => self
                .parser
                .sections
                .get_index_mut(index)
                .map(|(_, section)| section),
        }
    }

    fn current_value(&mut self) -> Option<&mut RawValue<'t>> {
        let option = self.option?;
        self.current_section()?
            .get_index_mut(option)
            .map(|(_, value)| value)
    }
}

/// The name between the first `[` and the last `]` of a line that begins with `[`. What follows is ignored.
fn section_name(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('[')?.rsplit_once(']')?;
    (!name.is_empty()).then_some(name)
}

/// A value under interpolation: Python's `BasicInterpolation`.
struct Interpolation<'p, 't> {
    parser: &'p ConfigParser<'t>,
    section: &'p Section<'t>,
    value: String,
    work: usize,
}

impl Interpolation<'_, '_> {
    /// Adds `text` with its references replaced, at most `MAX_DEPTH` deep.
    fn add(&mut self, text: &str, depth: usize) -> Result<(), InterpolationError> {
        if depth > MAX_DEPTH {
            return Err(InterpolationError::Depth);
        }
        let mut rest = text;
        while let Some((plain, reference)) = rest.split_once('%') {
            self.push(plain)?;
            rest = match reference.bytes().next() {
                Some(b'%') => {
                    self.push("%")?;
                    &reference[1..]
                }
                Some(b'(') => {
                    let (name, rest) = reference[1..].split_once(')').ok_or(InterpolationError::Syntax)?;
                    let rest = rest.strip_prefix('s').filter(|_| !name.is_empty());
                    let rest = rest.ok_or(InterpolationError::Syntax)?;
                    let value = self
                        .parser
                        .raw(self.section, name)
                        .ok_or(InterpolationError::MissingOption)?;
                    let value = value.joined();
                    if value.contains('%') {
                        self.add(&value, depth + 1)?;
                    } else {
                        self.push(&value)?;
                    }
                    rest
                }
                _ => return Err(InterpolationError::Syntax),
            };
        }
        self.push(rest)
    }

    fn push(&mut self, text: &str) -> Result<(), InterpolationError> {
        self.work += text.len() + 1;
        if self.work > MAX_WORK {
            return Err(InterpolationError::TooLong);
        }
        self.value.push_str(text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(text: &str, option: &str) -> Option<String> {
        ConfigParser::parse(text).unwrap().get("s", option).unwrap()
    }

    fn problem(text: &str) -> (usize, ParseError) {
        ConfigParser::parse(text).unwrap_err()
    }

    #[test]
    fn values_are_stripped_and_keep_inline_comments() {
        assert_eq!(get("[s] x\na =  b ; c # d \n", "a").as_deref(), Some("b ; c # d"));
        assert_eq!(get("[s]\na: b = c\n", "a").as_deref(), Some("b = c"));
        assert_eq!(get("[s]\nA = b\n", "a"), None);
        assert_eq!(get("[s]\na =\n", "a").as_deref(), Some(""));
    }

    #[test]
    fn deeper_lines_continue_a_value_over_comments_and_empty_lines() {
        let text = "[s]\na = {\n  # comment\n\n\t\"k\": 1\n ; comment\n  }\n\nb = 2\n";
        assert_eq!(get(text, "a").as_deref(), Some("{\n\n\"k\": 1\n}"));
        assert_eq!(get(text, "b").as_deref(), Some("2"));
        assert_eq!(
            get(" [s]\n  a = 1\n   2\n  b = 3\n", "a").as_deref(),
            Some("1\n2")
        );
        assert_eq!(get("[s]\na =\n b = 1\n", "a").as_deref(), Some("\nb = 1"));
    }

    #[test]
    fn the_last_line_needs_no_end() {
        assert_eq!(get("[s]\na = 1\n 2\nb = 3", "a").as_deref(), Some("1\n2"));
        assert_eq!(get("[s]\na = 1\nb = 3", "b").as_deref(), Some("3"));
        assert!(ConfigParser::parse("").is_ok() && ConfigParser::parse("\n").is_ok());
    }

    #[test]
    fn strict_errors_name_their_line() {
        assert_eq!(problem("# c\na = 1\n"), (2, ParseError::MissingSectionHeader));
        assert_eq!(
            problem("\u{feff}[s]\na = 1\n"),
            (1, ParseError::MissingSectionHeader)
        );
        assert_eq!(
            problem("[s]\na = 1\n[t]\n[s]\n"),
            (4, ParseError::DuplicateSection)
        );
        assert_eq!(
            problem("[s]\na = 1\na : 2\n"),
            (3, ParseError::DuplicateOption(2))
        );
        assert_eq!(
            problem("[DEFAULT]\na = 1\n[DEFAULT]\na = 2\n"),
            (4, ParseError::DuplicateOption(2))
        );
        assert_eq!(problem("[s]\na = {\n}\n"), (3, ParseError::NoOption));
        assert_eq!(problem("[s]\n= 1\n"), (2, ParseError::NoOption));
    }

    #[test]
    fn lines_of_a_value_map_to_lines_of_the_file() {
        let parser = ConfigParser::parse("[s]\na = 1\n # c\n 2\n\n 3\n").unwrap();
        let lines = (1..6).map(|nth| parser.line_within("s", "a", nth));
        assert!(lines.eq([Some(2), Some(4), Some(5), Some(6), None]));
        assert_eq!(parser.get("s", "a").unwrap().as_deref(), Some("1\n2\n\n3"));
        let names: Vec<_> = parser
            .options()
            .map(|(name, options)| (name, options.collect()))
            .collect();
        assert_eq!(names, [("s", vec![("a", 2)]), ("DEFAULT", vec![])]);
    }

    #[test]
    fn the_default_section_serves_only_existing_sections() {
        let parser = ConfigParser::parse("[DEFAULT]\na = 1\n[s]\n").unwrap();
        assert_eq!(parser.line_of("s", "a"), Some(2));
        assert_eq!(parser.line_of("t", "a"), None);
        assert_eq!(parser.line_of("DEFAULT", "a"), None);
    }

    #[test]
    fn references_are_interpolated_from_the_section_and_from_default() {
        let text = "[DEFAULT]\nd = D\n[s]\na = 100%% %(d)s%(b)s\nb = <%(d)s>\nlone = 5%\nno = %(x)s\nloop = %(loop)s\n";
        assert_eq!(get(text, "a").as_deref(), Some("100% D<D>"));
        let parser = ConfigParser::parse(text).unwrap();
        assert_eq!(parser.get("s", "lone"), Err(InterpolationError::Syntax));
        assert_eq!(parser.get("s", "no"), Err(InterpolationError::MissingOption));
        assert_eq!(parser.get("s", "loop"), Err(InterpolationError::Depth));
    }

    #[test]
    fn references_nest_at_most_ten_deep() {
        let mut text = "[s]\na0 = %%\n".to_owned();
        for level in 1..11 {
            text.extend([format!("a{level} = %(a{})s\n", level - 1)]);
        }
        assert_eq!(get(&text, "a9").as_deref(), Some("%"));
        assert_eq!(
            ConfigParser::parse(&text).unwrap().get("s", "a10"),
            Err(InterpolationError::Depth)
        );
    }

    #[test]
    fn a_value_too_long_for_memory_is_an_error() {
        let long = |length: usize| format!("[s]\na = {}\nb = %(a)s%(a)s\n", "x".repeat(length));
        let text = long(MAX_WORK - 1);
        let parser = ConfigParser::parse(&text).unwrap();
        assert_eq!(
            parser.get("s", "a").unwrap().map(|value| value.len()),
            Some(MAX_WORK - 1)
        );
        assert_eq!(parser.get("s", "b"), Err(InterpolationError::TooLong));
    }

    #[test]
    fn references_that_multiply_end_in_an_error() {
        let mut text = "[s]\na0 = %%\n".to_owned();
        for level in 1..9 {
            let reference = format!("%(a{})s", level - 1);
            text.extend([format!("a{level} = "), reference.repeat(40), "\n".to_owned()]);
        }
        assert_eq!(
            ConfigParser::parse(&text).unwrap().get("s", "a8"),
            Err(InterpolationError::TooLong)
        );
    }
}
