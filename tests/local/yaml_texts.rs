//! Random YAML texts: values in many styles, joined fragments, and a list of known traps.

use std::fmt::Write as _;

use super::yaml_corpus;
use crate::support::{self, Random};

/// Returns texts that once differed, or are known traps.
fn traps() -> Vec<String> {
    yaml_corpus::cases().into_iter().map(|(text, _)| text).collect()
}

/// Generates `count` texts, the known ones first.
pub fn texts(count: usize) -> Vec<String> {
    let mut random = support::random("yaml");
    let traps = traps();
    let mut texts = traps.clone();
    while texts.len() < count {
        texts.push(match random.below(4) {
            0 => fragments(&mut random),
            1 => changed(&mut random, &traps),
            _ => Writer {
                random: &mut random,
                text: String::new(),
                anchors: 0,
            }
            .document(),
        });
    }
    texts
}

const FRAGMENTS: &[&str] = &[
    "a",
    "b",
    "key",
    "a: ",
    "b:",
    ": ",
    "- ",
    "? ",
    "[",
    "]",
    "{",
    "}",
    ", ",
    ",",
    "'",
    "\"",
    "&a ",
    "&b ",
    "*a",
    "*b",
    "!!str ",
    "!!int ",
    "!!set ",
    "!!omap ",
    "!!pairs ",
    "!!binary ",
    "! ",
    "!foo ",
    "!!map ",
    "!!seq ",
    "|\n",
    "|-\n",
    "|+\n",
    ">\n",
    ">-\n",
    "|2\n",
    "\n",
    "\n",
    "\n",
    "\n  ",
    "\n  ",
    "\n    ",
    " ",
    " ",
    "\t",
    "#c",
    " #c\n",
    "---\n",
    "--- ",
    "...\n",
    "%YAML 1.1\n",
    "<<: ",
    "<<: *a",
    "=",
    "yes",
    "no",
    "010",
    "1:30",
    "2024-01-31",
    "2024-01-31 10:00:00",
    "~",
    "null",
    ".5",
    "0x1F",
    "1_000",
    "1e3",
    "1.5e+3",
    ".inf",
    ".nan",
    "\\n",
    "\\x41",
    "\\",
    "\\\n",
    "é",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{1f600}",
    "x y",
    "aGk=",
    "-",
    "?",
    ":",
    "\r\n",
    "\r",
];

fn fragments(random: &mut Random) -> String {
    let count = 1 + random.below(14);
    (0..count).map(|_| *random.pick(FRAGMENTS)).collect()
}

/// Generates a known text with a few characters removed, doubled or replaced.
fn changed(random: &mut Random, traps: &[String]) -> String {
    let mut text: Vec<char> = if random.below(2) == 0 {
        random.pick(traps).chars().collect()
    } else {
        Writer {
            random,
            text: String::new(),
            anchors: 0,
        }
        .document()
        .chars()
        .collect()
    };
    for _ in 0..=random.below(3) {
        if text.is_empty() {
            break;
        }
        let at = random.below(text.len());
        match random.below(4) {
            0 => {
                text.remove(at);
            }
            1 => text.insert(at, text[at]),
            2 => {
                for (offset, c) in random.pick(FRAGMENTS).chars().enumerate() {
                    text.insert(at + offset, c);
                }
            }
            _ => text.truncate(at),
        }
    }
    text.into_iter().collect()
}

/// Writes a random value, each part in its own style.
struct Writer<'a> {
    random: &'a mut Random,
    text: String,
    anchors: usize,
}

const PLAIN: &[&str] = &[
    "a",
    "hello world",
    "yes",
    "No",
    "on",
    "true",
    "~",
    "null",
    "0",
    "1",
    "-1",
    "010",
    "0o10",
    "0x1f",
    "0b101",
    "1_000",
    "1:30",
    "-1:30:15",
    "190:20:30.15",
    "1.5",
    "1.",
    ".5",
    "1.5e+3",
    "1e3",
    "-.inf",
    ".NaN",
    "2024-01-31",
    "2001-12-14t21:59:43.10-05:00",
    "2001-12-14 21:59:43.10 -5",
    "2024-1-3 1:02:03",
    "smtp://user:pass@host:587/x?y=z",
    "a#b",
    "a:b",
    "-x",
    "?x",
    ":x",
    "x-",
    "x:y:z",
    "é",
    "\u{1f600}",
    "99999999999999999999999",
    "08",
    "=",
    "<<",
    "0.1",
    "100000000000000000.0",
    "a 'b' c",
    "1970-01-01",
    "12e03",
    "+12",
    "+.5",
    "0_",
    "_0",
];

impl Writer<'_> {
    fn document(mut self) -> String {
        if self.random.below(8) == 0 {
            self.text
                .push_str(["---\n", "--- \n", "%YAML 1.1\n---\n", "# comment\n", "\n"][self.random.below(5)]);
        }
        self.block(0, 0);
        if self.random.below(8) == 0 {
            self.text
                .push_str(["...\n", "# end\n", "\n\n", "---\n"][self.random.below(4)]);
        }
        self.text
    }

    /// Writes a value that starts in column `indent`, and ends the line.
    fn block(&mut self, indent: usize, depth: usize) {
        match self.random.below(if depth > 3 { 2 } else { 6 }) {
            0 => self.line_scalar(indent),
            1 => {
                self.flow(depth);
                self.text.push('\n');
            }
            2 | 3 => {
                for index in 0..=self.random.below(4) {
                    if index > 0 {
                        self.indent(indent);
                    }
                    self.text.push_str("- ");
                    self.properties();
                    self.block(indent + 2, depth + 1);
                }
            }
            _ => {
                for index in 0..=self.random.below(4) {
                    if index > 0 {
                        self.indent(indent);
                    }
                    self.key();
                    self.text.push(':');
                    let deeper = indent + 1 + self.random.below(3);
                    if self.random.below(2) == 0 {
                        self.text.push(' ');
                        self.properties();
                        self.line_scalar(deeper);
                    } else {
                        self.text.push(' ');
                        self.properties();
                        self.text.push('\n');
                        self.indent(deeper);
                        self.block(deeper, depth + 1);
                    }
                }
            }
        }
    }

    fn indent(&mut self, columns: usize) {
        self.text.push_str(&" ".repeat(columns));
    }

    fn key(&mut self) {
        match self.random.below(12) {
            0 => self.text.push_str("<<"),
            1 => self.quoted(0),
            2 => self.text.push_str("? x\n"),
            _ => {
                let plain = *self.random.pick(PLAIN);
                self.text.push_str(plain);
            }
        }
    }

    /// Writes an anchor, a tag, or neither.
    fn properties(&mut self) {
        if self.random.below(10) == 0 {
            self.anchors += 1;
            let _ = write!(self.text, "&a{} ", self.anchors);
        }
        if self.random.below(12) == 0 {
            let tag = *self.random.pick(&[
                "!!str ",
                "!!int ",
                "!!float ",
                "!!seq ",
                "!!map ",
                "!!set ",
                "!!omap ",
                "!!pairs ",
                "!!binary ",
                "!!bool ",
                "!!null ",
                "! ",
                "!!timestamp ",
                "!x ",
            ]);
            self.text.push_str(tag);
        }
    }

    fn alias(&mut self) -> bool {
        if self.anchors == 0 || self.random.below(6) > 0 {
            return false;
        }
        let anchor = 1 + self.random.below(self.anchors);
        let _ = write!(self.text, "*a{anchor}");
        true
    }

    /// Writes a scalar and ends the line.
    fn line_scalar(&mut self, indent: usize) {
        match self.random.below(8) {
            0 => {
                let header = *self
                    .random
                    .pick(&["|", "|-", "|+", ">", ">-", ">+", "|2", "> # c"]);
                self.text.push_str(header);
                self.text.push('\n');
                for _ in 0..=self.random.below(3) {
                    let line = *self
                        .random
                        .pick(&["x", "x y", "  deeper", "", "# no comment", "- a", "\tx"]);
                    self.indent(indent + 2);
                    self.text.push_str(line);
                    self.text.push('\n');
                }
            }
            1 => {
                self.quoted(indent + 1);
                self.text.push('\n');
            }
            2 => {
                self.text.push_str("several\n");
                self.indent(indent + 1);
                self.text.push_str("lines\n");
            }
            _ => {
                if !self.alias() {
                    let plain = *self.random.pick(PLAIN);
                    self.text.push_str(plain);
                }
                let end = *self
                    .random
                    .pick(&["\n", "\n", "\n", " \n", " # c\n", "\n\n", "\r\n"]);
                self.text.push_str(end);
            }
        }
    }

    fn quoted(&mut self, indent: usize) {
        let inner = *self.random.pick(&[
            "", "a", "a b", " a ", "yes", "1", "a: b", "# c", "a\n\n  b", "a \n b", "é",
        ]);
        let inner = inner.replace('\n', &format!("\n{}", " ".repeat(indent)));
        if self.random.below(2) == 0 {
            let _ = write!(self.text, "'{}'", inner.replace('a', "it''s"));
        } else {
            let escape = *self.random.pick(&[
                "\\n", "\\x41", "\\u00e9", "\\\"", "\\\\", "\\/", "\\_", "\\e", "\\\n   ", "\\ud83d",
            ]);
            let _ = write!(self.text, "\"{inner}{escape}\"");
        }
    }

    fn flow(&mut self, depth: usize) {
        self.properties();
        match self.random.below(if depth > 4 { 3 } else { 7 }) {
            0..=2 => {
                if self.random.below(4) == 0 {
                    self.quoted(1);
                } else if !self.alias() {
                    let plain = *self.random.pick(PLAIN);
                    self.text.push_str(plain);
                }
            }
            3 | 4 => {
                self.text.push('[');
                for index in 0..self.random.below(4) {
                    if index > 0 {
                        self.text
                            .push_str([", ", ",", " , ", ",\n "][self.random.below(4)]);
                    }
                    self.flow(depth + 1);
                }
                self.text.push(']');
            }
            _ => {
                self.text.push('{');
                for index in 0..self.random.below(4) {
                    if index > 0 {
                        self.text.push_str(", ");
                    }
                    self.key();
                    self.text.push_str([": ", ": ", ":", " : "][self.random.below(4)]);
                    self.flow(depth + 1);
                }
                self.text.push('}');
            }
        }
    }
}
