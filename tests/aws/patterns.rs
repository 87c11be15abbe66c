//! Lookup patterns: `re.match` with IGNORECASE, against Python itself.

use std::collections::HashSet;
use std::path::Path;

use secretctl::python::re::Pattern;
use serde_json::{Value, json};

use crate::support::{Random, airflow, cases, random, variable};

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

/// What `tests/fuzz` asserts of every pattern, for patterns that are mostly right.
#[test]
fn a_pattern_within_an_assertion_or_a_group_matches_the_same() {
    let mut random = random("patterns within others");
    let mut compared = 0;
    let count = cases(4_000, 200_000);
    for _ in 0..count {
        let (pattern, id) = (pattern(&mut random, 0), id(&mut random));
        let matches = |pattern: &str| Pattern::ignoring_case(pattern).ok()?.matches_start(&id).ok();
        let Some(alone) = matches(&pattern) else {
            continue;
        };
        for (around, expected) in [
            (format!("(?={pattern})"), alone),
            (format!("(?!{pattern})"), !alone),
            (format!("(?:{pattern})"), alone),
            (format!("(?:{pattern}){{1}}"), alone),
        ] {
            // One with flags of its own cannot be put into another.
            if let Some(within) = matches(&around) {
                assert_eq!(within, expected, "{around:?} {id:?}");
                compared += 1;
            }
        }
    }
    assert!(compared > count, "{compared} of {count}");
}

/// The named cases: `{"name", "from", "pattern", "ids", "expect"}` a line. With `SECRETCTL_TEST_BLESS=1` and Airflow's Python, `expect`
/// is written anew.
fn named() -> Vec<Value> {
    let text = std::fs::read_to_string(corpus()).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn corpus() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/corpus/patterns.jsonl")
}

#[test]
fn every_named_pattern_matches_as_in_python() {
    let (cases, mut names) = (named(), HashSet::new());
    for case in &cases {
        let ours = ours(case["pattern"].as_str().unwrap(), case["ids"].as_array().unwrap());
        assert_eq!(ours, case["expect"], "{case}");
        assert!(
            case["from"].as_str().is_some_and(|from| !from.is_empty()),
            "{case}"
        );
        assert!(
            names.insert(case["name"].as_str().unwrap()),
            "{case} appears twice"
        );
    }
    assert!(
        cases.len() > 100,
        "the corpus has lost its cases: {}",
        cases.len()
    );
}

#[test]
fn the_named_patterns_have_pythons_answers() {
    let Some(judge) = airflow() else { return };
    let mut cases = named();
    let questions: Vec<Value> = cases
        .iter()
        .map(|case| json!([case["pattern"], case["ids"]]))
        .collect();
    let answers = judge.ask(json!({"op": "aws_stores.patterns", "patterns": questions}));
    for (case, answer) in cases.iter_mut().zip(answers.as_array().unwrap()) {
        if variable("SECRETCTL_TEST_BLESS").is_some() {
            case["expect"] = answer.clone();
        } else {
            assert_eq!(&case["expect"], answer, "{case}");
        }
    }
    if variable("SECRETCTL_TEST_BLESS").is_some() {
        let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
        std::fs::write(corpus(), lines.join("\n") + "\n").unwrap();
    }
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
