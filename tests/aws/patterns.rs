//! Lookup patterns: `re.match` with IGNORECASE, against Python itself.

use secretctl::python::re::Pattern;
use serde_json::{Value, json};

use crate::support::{Random, airflow, cases, random};

const LETTERS: &[&str] = &[
    "a", "A", "b", "B", "s", "S", "k", "K", "ſ", "\u{212a}", "ß", "ẞ", "i", "I", "İ", "ı", "é", "É", "_",
    "-", ".", " ", "1", "9", "٣", "½", "\n", "Σ", "σ", "ς", "𐐀", "𐐨", "\u{345}", "ι", "\u{1c}", "Ⓐ", "ⓐ",
    "ǅ",
];

const ATOMS: &[&str] = &[
    r"\d",
    r"\D",
    r"\w",
    r"\W",
    r"\s",
    r"\S",
    ".",
    "[a-z]",
    "[^a-c]",
    "[A-Z0-9_]",
    r"[\w-]",
    "[]a]",
    "[^]a]",
    "[[a]",
    "[a-]",
    "[k-s]",
    "[^s]",
    "[𐐀-𐐧]",
    "[𐐀a]",
    "[ſß]",
    "[ -é]",
    r"\x41",
    r"\u00e9",
    r"\U00010400",
    r"\101",
    r"\0",
    r"[\b]",
    r"\.",
    r"\-",
    "{",
    "}",
    "]",
    r"\n",
];

const PLACES: &[&str] = &["^", "$", r"\A", r"\Z", r"\b", r"\B"];

const REPEATS: &[&str] = &[
    "*", "+", "?", "*?", "+?", "??", "*+", "++", "?+", "{2}", "{0,2}", "{,2}", "{1,}", "{2,3}?", "{1,2}+",
    "{0}", "{", "{a}", "{1", "{,}",
];

const GROUPS: &[&str] = &[
    "(", "(?:", "(?P<x>", "(?P<y>", "(?=", "(?!", "(?<=", "(?<!", "(?>", "(?i:", "(?-i:", "(?s:", "(?m:",
    "(?a:", "(?u:", "(?x:", "(?x-i:", "(?i-s:",
];

/// One of some texts.
fn one(random: &mut Random, choices: &[&'static str]) -> &'static str {
    choices[random.below(choices.len())]
}

/// A pattern that is mostly right.
fn pattern(random: &mut Random, depth: usize) -> String {
    let mut text = String::new();
    if depth == 0 && random.one_in(12) {
        text.push_str(one(
            random,
            &[
                "(?i)",
                "(?a)",
                "(?s)",
                "(?m)",
                "(?x)",
                "(?sm)",
                "(?u)",
                "(?x) # c\n",
            ],
        ));
    }
    for _ in 0..=random.below(4) {
        match random.below(12) {
            4..=5 => text.push_str(one(random, ATOMS)),
            6 => text.push_str(one(random, PLACES)),
            7 if depth < 4 => {
                text.push('|');
                text.push_str(&pattern(random, depth + 1));
            }
            8..=9 if depth < 4 => {
                text.push_str(one(random, GROUPS));
                text.push_str(&pattern(random, depth + 1));
                text.push(')');
            }
            10 => text.push_str(one(
                random,
                &[
                    r"\1",
                    r"\2",
                    "(?P=x)",
                    "(?(1)a|b)",
                    "(?(x)a)",
                    "(?(2)s|k)",
                    "(?#c)",
                    r"\12",
                    r"\g",
                ],
            )),
            _ => text.push_str(one(random, LETTERS)),
        }
        if random.one_in(3) {
            text.push_str(one(random, REPEATS));
        }
    }
    text
}

/// A pattern with something cut out, doubled or put in.
fn damaged(random: &mut Random, pattern: &str) -> String {
    let mut characters: Vec<char> = pattern.chars().collect();
    let at = random.below(characters.len() + 1);
    match random.below(3) {
        0 if at < characters.len() => drop(characters.remove(at)),
        1 if at < characters.len() => characters.insert(at, characters[at]),
        _ => characters.insert(
            at,
            *random.pick(&['(', ')', '[', ']', '\\', '|', '*', '?', '{', '^', '-', 'P', ':']),
        ),
    }
    characters.into_iter().collect()
}

fn id(random: &mut Random) -> String {
    (0..random.below(6)).map(|_| one(random, LETTERS)).collect()
}

/// What the library makes of a pattern and ids, in the judge's terms.
fn ours(pattern: &str, ids: &[Value]) -> Value {
    let Ok(pattern) = Pattern::ignoring_case(pattern) else {
        return json!("refused");
    };
    let matches: Result<Vec<bool>, _> = ids
        .iter()
        .map(|id| pattern.matches_start(id.as_str().unwrap()))
        .collect();
    matches.map_or_else(|_| json!("slow"), |matches| json!(matches))
}

#[test]
fn lookup_patterns_match_as_pythons() {
    let Some(judge) = airflow() else { return };
    let mut random = random("lookup patterns");
    let mut questions = Vec::new();
    for _ in 0..cases(6_000, 200_000) {
        let mut pattern = pattern(&mut random, 0);
        if random.one_in(4) {
            pattern = damaged(&mut random, &pattern);
        }
        let ids: Vec<String> = (0..8).map(|_| id(&mut random)).collect();
        questions.push(json!([pattern, ids]));
    }
    let mut counts = [0; 3];
    for some in questions.chunks(2_000) {
        let answers = judge.ask(json!({"op": "aws_stores.patterns", "patterns": some}));
        for (question, airflows) in some.iter().zip(answers.as_array().unwrap()) {
            let pattern = question[0].as_str().unwrap();
            let ours = ours(pattern, question[1].as_array().unwrap());
            if ours == "slow" || airflows == "slow" {
                counts[2] += 1;
                continue;
            }
            assert_eq!(&ours, airflows, "{question}");
            counts[usize::from(ours == "refused")] += 1;
        }
    }
    // A generator of broken patterns would prove nothing, and what takes long is rare.
    assert!(
        counts[0] > questions.len() / 3 && counts[2] < questions.len() / 100,
        "{counts:?}"
    );
}

/// Every letter that has cases, as a pattern against itself in each case.
#[test]
fn one_letter_is_the_same_in_the_same_cases_as_in_python() {
    let Some(judge) = airflow() else { return };
    let letters: Vec<char> = ('\u{0}'..=char::MAX)
        .filter(|c| c.to_lowercase().next() != Some(*c) || c.to_uppercase().next() != Some(*c))
        .collect();
    let questions: Vec<Value> = letters
        .iter()
        .flat_map(|c| {
            let mut others: Vec<String> = c
                .to_lowercase()
                .chain(c.to_uppercase())
                .map(String::from)
                .collect();
            others.extend(
                others
                    .clone()
                    .iter()
                    .flat_map(|other| [other.to_lowercase(), other.to_uppercase()]),
            );
            others.push(c.to_string());
            let code = u32::from(*c);
            [
                format!("{c}"),
                format!("[{c}_]"),
                format!("[^{c}_]"),
                format!(r"[\U{code:08x}-\U{code:08x}_]"),
            ]
            .map(|pattern| json!([pattern, others]))
        })
        .collect();
    for some in questions.chunks(4_000) {
        let answers = judge.ask(json!({"op": "aws_stores.patterns", "patterns": some}));
        for (question, airflows) in some.iter().zip(answers.as_array().unwrap()) {
            let ours = ours(question[0].as_str().unwrap(), question[1].as_array().unwrap());
            assert_eq!(&ours, airflows, "{question}");
        }
    }
}

/// `\w`, `\d` and `\s` of every character.
#[test]
fn categories_have_the_same_characters_as_in_python() {
    let Some(judge) = airflow() else { return };
    for pattern in [r"\w", r"\d", r"\s", r"(?a)\w", "."] {
        let theirs = judge.ask(json!({"op": "aws_stores.characters", "pattern": pattern}));
        let compiled = Pattern::ignoring_case(pattern).unwrap();
        let mut ours: Vec<[u32; 2]> = Vec::new();
        for c in '\u{0}'..=char::MAX {
            if !compiled.matches_start(c.encode_utf8(&mut [0; 4])).unwrap() {
                continue;
            }
            let code = u32::from(c);
            match ours.last_mut() {
                Some([_, last]) if *last + 1 == code => *last = code,
                _ => ours.push([code, code]),
            }
        }
        assert_eq!(json!(ours), theirs, "{pattern}");
    }
}
