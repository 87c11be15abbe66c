//! Directives, anchors and tags.

use super::Error;
use super::characters::is_blank;
use super::scan::{Scanner, TokenKind};

/// The most digits of a version number; another digit is an error.
const VERSION_DIGITS: usize = 9;

impl Scanner<'_> {
    fn skip_blanks(&mut self) {
        while is_blank(self.byte(0)) {
            self.skip_characters(1);
        }
    }

    /// Reads letters, digits, `_` and `-`.
    fn read_word(&mut self, into: &mut String) {
        while matches!(self.byte(0), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-') {
            self.read(into);
        }
    }

    /// Scans `%YAML` or `%TAG` up to the end of its line.
    pub(super) fn scan_directive(&mut self) -> Result<TokenKind, Error> {
        let line = self.mark.line;
        self.skip_characters(1);
        let mut name = String::new();
        self.read_word(&mut name);
        let directive = match name.as_str() {
            "YAML" => {
                self.skip_blanks();
                let major = self.scan_version()?;
                if self.byte(0) != b'.' {
                    return Err(Error::at(line, "a %YAML directive without a version"));
                }
                self.skip_characters(1);
                TokenKind::VersionDirective(major, self.scan_version()?)
            }
            "TAG" if self.is_blank_or_end(0) => self.scan_tag_directive()?,
            _ => return Err(Error::at(line, "an unknown directive")),
        };
        self.skip_blanks();
        self.skip_comment();
        if !self.is_break_or_end(0) {
            return Err(Error::at(
                line,
                "something other than a comment after a directive",
            ));
        }
        if self.is_break(0) {
            self.skip_break();
        }
        Ok(directive)
    }

    fn scan_version(&mut self) -> Result<u32, Error> {
        let digits = self.rest().bytes().take(VERSION_DIGITS);
        let count = digits.take_while(u8::is_ascii_digit).count();
        let number = self.rest()[..count].parse().ok();
        self.skip_characters(count);
        number.ok_or(Error::at(self.mark.line, "a %YAML directive without a version"))
    }

    fn scan_tag_directive(&mut self) -> Result<TokenKind, Error> {
        self.skip_blanks();
        let handle = self.scan_tag_handle(true)?;
        if !is_blank(self.byte(0)) {
            return Err(Error::at(self.mark.line, "a %TAG directive without a prefix"));
        }
        self.skip_blanks();
        let prefix = self.scan_tag_uri(true, "")?;
        if !self.is_blank_or_end(0) {
            return Err(Error::at(
                self.mark.line,
                "a %TAG directive with a prefix that is not a URI",
            ));
        }
        Ok(TokenKind::TagDirective { handle, prefix })
    }

    /// Scans the name of an anchor or an alias, after its `&` or `*`.
    pub(super) fn scan_anchor(&mut self) -> Result<String, Error> {
        self.skip_characters(1);
        let mut name = String::new();
        self.read_word(&mut name);
        let may_follow = self.is_blank_or_end(0)
            || matches!(
                self.byte(0),
                b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`'
            );
        if name.is_empty() || !may_follow {
            return Err(Error::at(
                self.mark.line,
                "an anchor or an alias without a valid name",
            ));
        }
        Ok(name)
    }

    /// Scans `!<uri>`, `!handle!suffix`, `!suffix` or `!`.
    pub(super) fn scan_tag(&mut self) -> Result<TokenKind, Error> {
        let tag = if self.byte(1) == b'<' {
            self.skip_characters(2);
            let suffix = self.scan_tag_uri(true, "")?;
            if self.byte(0) != b'>' {
                return Err(Error::at(self.mark.line, "a tag without its `>`"));
            }
            self.skip_characters(1);
            TokenKind::Tag {
                handle: String::new(),
                suffix,
            }
        } else {
            let handle = self.scan_tag_handle(false)?;
            if handle.len() > 1 && handle.ends_with('!') {
                let suffix = self.scan_tag_uri(false, "")?;
                TokenKind::Tag { handle, suffix }
            } else {
                // The handle was the beginning of the suffix.
                let suffix = self.scan_tag_uri(false, &handle)?;
                let is_bare = suffix.is_empty();
                let (handle, suffix) = if is_bare {
                    (String::new(), "!".to_owned())
                } else {
                    ("!".to_owned(), suffix)
                };
                TokenKind::Tag { handle, suffix }
            }
        };
        if self.is_blank_or_end(0) || (self.flow_level > 0 && self.byte(0) == b',') {
            Ok(tag)
        } else {
            Err(Error::at(self.mark.line, "a tag without a blank after it"))
        }
    }

    /// Scans `!`, `!word!`, or `!word` where that is allowed.
    fn scan_tag_handle(&mut self, in_directive: bool) -> Result<String, Error> {
        if self.byte(0) != b'!' {
            return Err(Error::at(self.mark.line, "a tag without its `!`"));
        }
        let mut handle = String::new();
        self.read(&mut handle);
        self.read_word(&mut handle);
        if self.byte(0) == b'!' {
            self.read(&mut handle);
        } else if in_directive && handle != "!" {
            return Err(Error::at(
                self.mark.line,
                "a %TAG directive without the second `!`",
            ));
        }
        Ok(handle)
    }

    /// Scans the rest of a URI after `head`, whose first character is not part of it. Only a whole URI may hold the characters
    /// of flow collections.
    fn scan_tag_uri(&mut self, is_whole: bool, head: &str) -> Result<String, Error> {
        let problem = Error::at(self.mark.line, "a tag that is not a URI");
        let mut uri = head.get(1..).unwrap_or_default().to_owned().into_bytes();
        let mut is_empty = head.is_empty();
        loop {
            match self.byte(0) {
                b'%' => {
                    let octet = self
                        .rest()
                        .get(1..3)
                        .filter(|octet| octet.bytes().all(|b| b.is_ascii_hexdigit()));
                    match octet.and_then(|octet| u8::from_str_radix(octet, 16).ok()) {
                        Some(octet) => uri.push(octet),
                        None => return Err(problem),
                    }
                    self.skip_characters(3);
                }
                byte @ (b'0'..=b'9'
                | b'A'..=b'Z'
                | b'a'..=b'z'
                | b'_'
                | b'-'
                | b';'
                | b'/'
                | b'?'
                | b':'
                | b'@'
                | b'&'
                | b'='
                | b'+'
                | b'$'
                | b'.'
                | b'!'
                | b'~'
                | b'*'
                | b'\''
                | b'('
                | b')') => {
                    uri.push(byte);
                    self.skip_characters(1);
                }
                byte @ (b',' | b'[' | b']') if is_whole => {
                    uri.push(byte);
                    self.skip_characters(1);
                }
                _ => break,
            }
            is_empty = false;
        }
        match String::from_utf8(uri) {
            Ok(mut uri) if !is_empty => {
                // libyaml stores a C string, which ends at its first NUL.
                uri.truncate(uri.find('\0').unwrap_or(uri.len()));
                Ok(uri)
            }
            _ => Err(problem),
        }
    }
}
