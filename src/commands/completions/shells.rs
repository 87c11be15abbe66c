//! The shells: the script for each, how it asks, and how candidates are quoted for it.
//!
//! An id comes from a file and may contain anything: `$(…)`, quotes, blanks. The text that a shell inserts must reach the command as
//! exactly that id. bash and PowerShell insert a candidate unchanged, so it is quoted here; zsh, fish and Elvish quote it themselves.
//! Must not know where candidates come from. Facts: the manual of bash 5.2, "Programmable Completion"; zshcompsys(1),
//! `_describe`; fish's `complete`; Elvish's `edit:completion:arg-completer`; `about_Quoting_Rules` of PowerShell.

use super::CompletionShell;
use super::words::{self, Quote, Rules, Word};

/// A possible completion.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    /// The whole word.
    pub(super) text: String,
    /// One line about it.
    pub(super) help: Option<String>,
}

impl Candidate {
    /// Whether the word continues without a blank: a folder, `--option=`.
    fn goes_on(&self) -> bool {
        self.text.ends_with(['/', '=', ':'])
    }
}

/// The line as the shell sent it: the words up to the cursor, the last one unfinished.
pub(super) struct Question {
    /// The words as a command would get them.
    pub(super) words: Vec<String>,
    shell: CompletionShell,
    /// The part of the word that is not replaced. bash replaces only the end of the word at the cursor, fish the whole word.
    before: Word,
}

/// Returns the script that a shell evaluates to get completions.
pub(super) fn script(shell: CompletionShell) -> &'static str {
    match shell {
        CompletionShell::Bash => include_str!("secretctl.bash"),
        CompletionShell::Zsh => include_str!("secretctl.zsh"),
        CompletionShell::Fish => include_str!("secretctl.fish"),
        CompletionShell::Powershell => include_str!("secretctl.ps1"),
        CompletionShell::Elvish => include_str!("secretctl.elv"),
    }
}

/// Parses what the script of `shell` sent; `None` if nothing can be completed safely.
pub(super) fn question(shell: CompletionShell, sent: &[String]) -> Option<Question> {
    let mut before = Word::default();
    let words = match shell {
        CompletionShell::Bash => {
            let [line, replaced] = sent else {
                return None;
            };
            let words = words::line(line);
            let (current, earlier) = words.split_last()?;
            let kept = current.raw.strip_suffix(replaced.as_str())?;
            before = words::word(kept, Rules::Posix);
            // An active part that stays would run or be expanded. After a `;` or `>`, the words belong to something else.
            let unfit = |word: &Word| {
                word.open == Quote::None && word.raw.contains([';', '|', '&', '<', '>', '(', ')'])
            };
            if before.active || earlier.iter().any(|word| word.active && unfit(word)) {
                return None;
            }
            words.into_iter().map(|word| word.text).collect()
        }
        CompletionShell::Zsh => sent
            .iter()
            .map(|raw| words::word(raw, Rules::Posix).text)
            .collect(),
        // fish removes the quotes from all words but the last.
        CompletionShell::Fish => {
            let (current, earlier) = sent.split_last()?;
            before = words::word(current, Rules::Fish);
            earlier.iter().cloned().chain([before.text.clone()]).collect()
        }
        CompletionShell::Powershell | CompletionShell::Elvish => sent.to_vec(),
    };
    Some(Question { words, shell, before })
}

/// Returns the candidates as the shell's script reads them, one per line.
///
/// A candidate with a control character is left out: it could end the line, and a terminal would obey it.
pub(super) fn answer(question: &Question, candidates: &[Candidate]) -> String {
    let candidates: Vec<&Candidate> = candidates
        .iter()
        .filter(|candidate| !candidate.text.is_empty() && !candidate.text.contains(char::is_control))
        .collect();
    let mut lines: Vec<String> = match question.shell {
        CompletionShell::Bash => bash(&candidates, &question.before),
        CompletionShell::Zsh => candidates.into_iter().map(zsh).collect(),
        // If nothing was typed, fish does not quote a tilde at the start, and expands it later.
        CompletionShell::Fish => candidates
            .into_iter()
            .filter(|candidate| !(question.before.raw.is_empty() && candidate.text.starts_with('~')))
            .map(described)
            .collect(),
        CompletionShell::Powershell => candidates.into_iter().map(powershell).collect(),
        CompletionShell::Elvish => candidates
            .into_iter()
            .map(|candidate| candidate.text.clone())
            .collect(),
    };
    for line in &mut lines {
        line.push('\n');
    }
    lines.concat()
}

/// Quotes the candidates for bash, which inserts them unchanged.
///
/// With several candidates, bash inserts their common prefix. All are quoted the same way, so the prefix is complete text or an open
/// single quote, never half an escape.
fn bash(candidates: &[&Candidate], before: &Word) -> Vec<String> {
    let rest = |candidate: &&Candidate| candidate.text.strip_prefix(&before.text).map(str::to_owned);
    let rests: Vec<(&Candidate, String)> = candidates
        .iter()
        .filter_map(|candidate| Some((*candidate, rest(candidate)?)))
        .collect();
    let plain = |text: &str| text.chars().all(is_plain);
    let first = |(_, rest): &(&Candidate, String)| rest.chars().next();
    let alike = rests.windows(2).all(|pair| first(&pair[0]) == first(&pair[1]));
    let all_plain = rests.iter().all(|(_, rest)| plain(rest));
    rests
        .iter()
        .map(|(candidate, rest)| {
            let quote = !(all_plain || (!alike && plain(rest)));
            let mut text = posix(rest, before.open, quote);
            // readline treats a quote at the start as the one that is already open.
            if let Some(open @ ('\'' | '"')) = before.raw.chars().last()
                && before.open != Quote::None
                && text.starts_with(open)
            {
                text.insert(0, open);
            }
            // readline would treat a blank as part of the quoted text.
            if before.open == Quote::None && !candidate.goes_on() {
                text.push(' ');
            }
            text
        })
        .collect()
}

/// Quotes `text` for a POSIX shell after an open quote, and closes the quote.
///
/// Within double quotes bash expands `!` even after a backslash, so special characters there get single quotes.
fn posix(text: &str, open: Quote, quote: bool) -> String {
    match open {
        Quote::None if !quote => text.to_owned(),
        Quote::None => format!("'{}'", text.replace('\'', r"'\''")),
        Quote::Single => format!("{}'", text.replace('\'', r"'\''")),
        Quote::Double => {
            let mut quoted = String::with_capacity(text.len() + 1);
            for c in text.chars() {
                match c {
                    '$' | '`' | '"' | '\\' | '!' => {
                        quoted.push_str("\"'");
                        quoted.push(c);
                        quoted.push_str("'\"");
                    }
                    c => quoted.push(c),
                }
            }
            quoted + "\""
        }
    }
}

/// Whether `c` is not special in any shell, anywhere in a word.
fn is_plain(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '/' | ':' | '=' | '+' | ',')
}

/// Returns `value:help` for `_describe`. The first character says whether a blank follows.
fn zsh(candidate: &Candidate) -> String {
    let mark = if candidate.goes_on() { '+' } else { ' ' };
    let value = candidate.text.replace('\\', r"\\").replace(':', r"\:");
    match &candidate.help {
        Some(help) => format!("{mark}{value}:{}", help.replace('\\', r"\\")),
        None => format!("{mark}{value}"),
    }
}

fn described(candidate: &Candidate) -> String {
    match &candidate.help {
        Some(help) => format!("{}\t{help}", candidate.text),
        None => candidate.text.clone(),
    }
}

/// Returns the text to insert, the text to list, and the help. PowerShell treats four characters as a single quote.
fn powershell(candidate: &Candidate) -> String {
    let text = &candidate.text;
    let mut quoted = String::with_capacity(text.len() + 2);
    // A comma makes an array.
    if text.chars().all(|c| is_plain(c) && c != ',') {
        quoted.push_str(text);
    } else {
        quoted.push('\'');
        for c in text.chars() {
            if matches!(c, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
                quoted.push(c);
            }
            quoted.push(c);
        }
        quoted.push('\'');
    }
    let help = candidate.help.as_deref().unwrap_or(text);
    format!("{quoted}\t{text}\t{help}")
}

#[cfg(test)]
mod tests {
    use super::*;

    const NASTY: &[&str] = &[
        "x$(touch marker)",
        "x`touch marker`",
        "x;touch marker",
        "it's",
        "say \"hi\"",
        "a b",
        "wow!",
        "!!",
        "a*",
        "~root",
        r"a\b",
        "#x",
        "a&b|c<d>e",
        "名前 ü",
        "{a,b}",
        "-x",
    ];

    fn candidate(text: &str) -> Candidate {
        Candidate {
            text: text.to_owned(),
            help: None,
        }
    }

    fn ask(shell: CompletionShell, sent: &[&str], texts: &[&str]) -> String {
        let sent: Vec<String> = sent.iter().map(|text| (*text).to_owned()).collect();
        let question = question(shell, &sent).expect("a question");
        let candidates: Vec<Candidate> = texts.iter().map(|text| candidate(text)).collect();
        answer(&question, &candidates)
    }

    #[test]
    fn what_bash_inserts_is_read_back_as_the_id() {
        for id in NASTY {
            let prefix: String = id.chars().take(1).collect();
            for (typed, replaced) in [
                (String::new(), String::new()),
                ("'".to_owned(), String::new()),
                ("\"".to_owned(), String::new()),
                (format!("'{prefix}"), prefix.clone()),
                (format!("'{prefix}'"), String::new()),
            ] {
                let line = format!("secretctl get-conn {typed}");
                let inserted = ask(CompletionShell::Bash, &[&line, &replaced], &[id]);
                let mut kept = line.strip_suffix(&replaced).expect("the end of the line");
                // As readline does: one quote at the start is the one that is open.
                if (typed == "'" || typed == "\"") || typed == format!("'{prefix}") {
                    let open = &typed[..1];
                    if inserted.starts_with(open) {
                        kept = kept.strip_suffix(open).expect("the open quote");
                    }
                }
                let read = words::line(&format!("{kept}{}", inserted.trim_end()));
                let read = read.last().expect("a word");
                assert_eq!(
                    (read.text.as_str(), read.open, read.active),
                    (*id, Quote::None, false),
                    "{kept}{inserted}"
                );
            }
        }
    }

    #[test]
    fn several_candidates_are_quoted_alike_so_their_common_prefix_is_complete() {
        let asked = |texts: &[&str]| ask(CompletionShell::Bash, &["secretctl get-conn a", "a"], texts);
        assert_eq!(asked(&["ab", "a;b"]), "'ab' \n'a;b' \n");
        assert_eq!(asked(&["ab", "ac"]), "ab \nac \n");
        let all = ask(
            CompletionShell::Bash,
            &["secretctl get-conn ", ""],
            &["a;b", "--field"],
        );
        assert_eq!(all, "'a;b' \n--field \n");
    }

    #[test]
    fn nothing_is_completed_after_text_that_would_run() {
        for (line, replaced) in [
            ("secretctl get-conn x$(", ""),
            ("secretctl get-conn \"$x'y", "y"),
            ("secretctl get-conn x; y", "y"),
            ("secretctl get-conn x > y", "y"),
        ] {
            let sent = [line.to_owned(), replaced.to_owned()];
            assert!(question(CompletionShell::Bash, &sent).is_none(), "{line}");
        }
    }

    #[test]
    fn a_word_that_bash_breaks_at_a_colon_is_completed_from_there() {
        let line = "secretctl get-conn team:wa";
        assert_eq!(
            ask(CompletionShell::Bash, &[line, "wa"], &["team:ware house"]),
            "'ware house' \n"
        );
    }

    #[test]
    fn an_id_with_a_control_character_is_left_out_for_every_shell() {
        for shell in [
            CompletionShell::Bash,
            CompletionShell::Zsh,
            CompletionShell::Fish,
            CompletionShell::Powershell,
            CompletionShell::Elvish,
        ] {
            let sent: &[&str] = if shell == CompletionShell::Bash {
                &["secretctl get-conn ", ""]
            } else {
                &["secretctl", "get-conn", ""]
            };
            for id in ["a\nb", "a\tb", "a\u{1b}[31m", "a\u{9b}b", "a\r"] {
                assert_eq!(ask(shell, sent, &[id]), "", "{shell:?}");
            }
        }
    }

    #[test]
    fn powershell_doubles_every_kind_of_single_quote() {
        let asked = |id: &str| {
            let line = ask(CompletionShell::Powershell, &["secretctl", "get-conn", ""], &[id]);
            line.split('\t').next().expect("a field").to_owned()
        };
        assert_eq!(asked("it's"), "'it''s'");
        assert_eq!(asked("a\u{2019}; rm b"), "'a\u{2019}\u{2019}; rm b'");
        assert_eq!(asked("x$(y)`z"), "'x$(y)`z'");
        assert_eq!(asked("a,b"), "'a,b'");
        assert_eq!(asked("ware-house_1"), "ware-house_1");
    }

    #[test]
    fn a_colon_in_a_value_is_escaped_for_zsh() {
        let question =
            question(CompletionShell::Zsh, &["secretctl".to_owned(), String::new()]).expect("a question");
        let one = Candidate {
            text: r"a:b\".to_owned(),
            help: Some("What: it is".to_owned()),
        };
        assert_eq!(answer(&question, &[one]), " a\\:b\\\\:What: it is\n");
    }
}
