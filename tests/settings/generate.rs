//! Generates environments and `airflow.cfg` files: ordinary ones, and every odd shape for which Airflow has a rule.

use std::fmt::Write as _;

use crate::support::Random;

/// The class of the judge's backend, which keeps its kwargs.
pub const RECORDER: &str = "judge_settings.Recorder";

/// One generated configuration.
#[derive(Clone, Debug)]
pub struct Case {
    /// The environment without the home folder.
    pub env: Vec<(String, Vec<u8>)>,
    /// The `airflow.cfg`.
    pub cfg: Option<Vec<u8>>,
    /// Whether a worker asks.
    pub worker: bool,
}

const CLASSES: &[&str] = &[
    RECORDER,
    RECORDER,
    RECORDER,
    RECORDER,
    RECORDER,
    "$CLASS",
    "${CLASS}",
    "${MODULE}.Recorder",
    "",
    " judge_settings.Recorder",
    "'judge_settings.Recorder'",
    "$UNKNOWN",
    "Recorder",
];

const KWARGS: &[&str] = &[
    r#"{"url": "http://127.0.0.1:8200", "auth_type": "approle", "role_id": "r", "secret_id": "s"}"#,
    r#"{"connections_path": ["a", "b"], "mount_point": null, "kv_engine_version": 2}"#,
    r#"{"token": "a$B-${C}$UNKNOWN$1$$"}"#,
    r#"{"token": "\$B \\$B"}"#,
    "$JSON",
    "${JSON}",
    r#"{"a": 1, "b": 2, "a": 3}"#,
    r#"{"a": NaN, "b": -Infinity, "c": 1e400, "d": 1E2, "e": 1.0, "f": -0.0, "g": 123456789012345678901234567890}"#,
    r#"{"a": "é\u00e9\ud83d\ude00", "ключ": "знач"}"#,
    r#"{"a": {"b": [1, {"c": null}]}}"#,
    " \t{\"a\" :\n\r1 } ",
    "{\"a\": \"tab\there\"}",
    r#"{"prefix": "~", "p": "50%"}"#,
    "{}",
    "[]",
    "[1]",
    "null",
    "true",
    "false",
    "0",
    "-0",
    "0.0",
    "1e-400",
    "1",
    r#""""#,
    r#""x""#,
    r#""{}""#,
    "",
    " ",
    "{",
    "{'a': 1}",
    r#"{"a": 1,}"#,
    r#"{"a": 01}"#,
    r#"{"a": 1} x"#,
    r#"'{"a": 1}'"#,
    r#""{\"a\": 1}""#,
    r#"{\"a\": 1}"#,
    r#"{"a": None}"#,
    r#"{"a": 1} # c"#,
    "{“a”: 1}",
    r#"{"a": "C:\Users"}"#,
    "{a: 1}",
    "\u{feff}{}",
    "NaN",
    "~",
    "~/x",
    "~root",
    "~nobody-of-this-name",
    "$B",
];

const PLAIN: &[&str] = &[
    "",
    "plain",
    "$B",
    "${C}x",
    "x${D}",
    "$A",
    "~",
    "~/y",
    "%",
    "50%%",
    "$",
    "${",
    "\\$B",
    "a b",
    "$CLASS",
    "{\"q\": \"$D\"}",
    "\"",
];

const WORDS: &[&str] = &[
    "True",
    "False",
    "t",
    "F",
    "1",
    "0",
    "yes",
    "no",
    "",
    "true # c",
    "$YES",
    "TRUE ",
    "2",
    "on",
    "#true",
    "%(yes)s",
    "tr\u{fc}e",
];

const COMMANDS: &[&str] = &[
    r#"echo '{"cmd": "1"}'"#,
    r#"printf '%s' "{\"cmd\": \"$B\"}""#,
    "echo",
    "printf ''",
    "false",
    "no-such-program-here",
    r#"printf '{\"a\": \"\377x\303\"}'"#,
    "echo 'unclosed",
    "",
    "printf null",
];

fn pick<'a>(random: &mut Random, choices: &[&'a str]) -> &'a str {
    choices[random.below(choices.len())]
}

/// Returns kwargs that are an object in two of three cases.
fn some_kwargs(random: &mut Random) -> &'static str {
    let usable = if random.one_in(3) { KWARGS.len() } else { 14 };
    pick(random, &KWARGS[..usable])
}

/// Returns a boolean, nearly always.
fn word(random: &mut Random) -> &'static str {
    let usable = if random.one_in(8) { WORDS.len() } else { 6 };
    pick(random, &WORDS[..usable])
}

/// Returns the next case.
pub fn case(random: &mut Random) -> Case {
    let env = environment(random);
    let cfg = (!random.one_in(4)).then(|| cfg(random));
    Case {
        env,
        cfg,
        worker: random.one_in(5),
    }
}

fn environment(random: &mut Random) -> Vec<(String, Vec<u8>)> {
    let mut env: Vec<(String, Vec<u8>)> = Vec::new();
    let mut set = |name: &str, value: &str| env.push((name.to_owned(), value.as_bytes().to_vec()));
    set("CLASS", RECORDER);
    set("MODULE", "judge_settings");
    set("YES", "true");
    set("JSON", some_kwargs(random));
    for name in ["A", "B", "C", "D"] {
        if !random.one_in(3) {
            set(name, pick(random, PLAIN));
        }
    }
    if random.one_in(40) {
        set("B", "x$B");
    }
    for (section, backend, kwargs) in [
        ("SECRETS", "BACKEND", "BACKEND_KWARGS"),
        ("WORKERS", "SECRETS_BACKEND", "SECRETS_BACKEND_KWARGS"),
    ] {
        if random.one_in(2) {
            set(&format!("AIRFLOW__{section}__{backend}"), pick(random, CLASSES));
        }
        if random.one_in(3) {
            set(&format!("AIRFLOW__{section}__{kwargs}"), some_kwargs(random));
        }
        if random.one_in(30) {
            set(
                &format!("AIRFLOW__{section}__{kwargs}_CMD"),
                pick(random, COMMANDS),
            );
        }
        if random.one_in(30) {
            set(&format!("AIRFLOW__{section}__{backend}_CMD"), "echo nothing");
        }
        for key in [
            "URL",
            "url",
            "Token",
            "",
            "_A",
            "A__B",
            "\u{c4}",
            "CONNECTIONS_PATH",
        ] {
            if random.one_in(12) {
                let prefix = kwargs.trim_end_matches('S');
                set(
                    &format!("AIRFLOW__{section}__{prefix}__{key}"),
                    pick(random, PLAIN),
                );
            }
        }
    }
    if random.one_in(4) {
        set("AIRFLOW__CORE__MULTI_TEAM", word(random));
    }
    if random.one_in(40) {
        set("AIRFLOW__CORE__UNIT_TEST_MODE", word(random));
    }
    if random.one_in(40) {
        let bytes = b"{\"a\": \"\xff\"}".to_vec();
        env.push(("AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(), bytes));
    }
    // If a name occurs twice, only the last one is kept: an environment has it once.
    let mut seen = std::collections::HashSet::new();
    env.reverse();
    env.retain(|(name, _)| seen.insert(name.clone()));
    env.reverse();
    env
}

/// Returns a file: a regular one with a few oddities, or random parts.
fn cfg(random: &mut Random) -> Vec<u8> {
    let mut text = String::new();
    let oddity = if random.one_in(5) { 6 } else { 120 };
    if random.one_in(60) {
        text.push('\u{feff}');
    }
    if random.one_in(oddity * 3) {
        text.push_str(pick(
            random,
            &[
                "before = 1\n",
                "\n",
                "# comment\n",
                "  \t\n",
                "; c\n",
                "\u{2028}\n",
            ],
        ));
    }
    let mut sections = vec!["core", "secrets", "workers", "DEFAULT", "other"];
    for _ in 0..random.below(5) {
        let (a, b) = (random.below(sections.len()), random.below(sections.len()));
        sections.swap(a, b);
    }
    for section in sections {
        if random.one_in(3) && section != "secrets" {
            continue;
        }
        section_text(&mut text, section, oddity, random);
        if random.one_in(oddity * 4) {
            section_text(&mut text, section, oddity, random);
        }
    }
    if random.one_in(oddity) {
        text = text.replace('\n', "\r\n");
    } else if random.one_in(oddity * 2) {
        text = text.replace('\n', "\r");
    }
    if random.one_in(oddity) {
        text.truncate(text.trim_end().len());
    }
    let mut bytes = text.into_bytes();
    if random.one_in(oddity * 3) && !bytes.is_empty() {
        let position = random.below(bytes.len());
        bytes.insert(
            position,
            *random.pick(&[
                0xff, 0, b'[', b'%', b'=', b' ', b'\n', b'\r', 0x0c, 0x1c, 0x85, b';',
            ]),
        );
    }
    bytes
}

fn section_text(text: &mut String, section: &str, oddity: usize, random: &mut Random) {
    let header = match random.below(oddity) {
        0 => format!("[{section}] trailing"),
        1 => format!(" [{section}]"),
        2 => format!("[{section}] ; ]"),
        3 => format!("[{}]", section.to_uppercase()),
        4 => format!("[{section} ]"),
        5 => "[]".to_owned(),
        _ => format!("[{section}]"),
    };
    text.push_str(&header);
    text.push('\n');
    let options: &[&str] = match section {
        "core" => &["multi_team", "unrelated", "yes"],
        "secrets" => &[
            "backend",
            "backend_kwargs",
            "ref",
            "backend_kwargs_cmd",
            "use_cache",
        ],
        "workers" => &[
            "secrets_backend",
            "secrets_backend_kwargs",
            "ref",
            "secrets_backend_kwargs_cmd",
        ],
        "DEFAULT" => &["ref", "yes", "backend_kwargs", "multi_team"],
        _ => &["backend", "x"],
    };
    for option in options {
        let rare = option.ends_with("_cmd") || section == "DEFAULT";
        if random.one_in(if rare { 1 } else { 4 }) && !(rare && random.one_in(4)) {
            continue;
        }
        option_text(text, option, oddity, random);
        if random.one_in(oddity * 6) {
            option_text(text, option, oddity, random);
        }
        if random.one_in(oddity) {
            let odd = [
                "# comment\n",
                "  ; indented comment\n",
                "\n",
                "no delimiter\n",
                "= no name\n",
                "}\n",
                "  continued $B\n",
                "\tcontinued = 1\n",
                " \n\n",
                "\u{a0}\u{a0}wide\n",
                "key\n",
                ": x\n",
                "a b = c\n",
            ];
            text.push_str(pick(random, &odd));
        }
    }
    if random.one_in(2) {
        text.push('\n');
    }
}

fn option_text(text: &mut String, option: &str, oddity: usize, random: &mut Random) {
    let value = match option {
        "backend" | "secrets_backend" => pick(random, CLASSES).to_owned(),
        "multi_team" | "yes" => word(random).to_owned(),
        _ if option.ends_with("_cmd") => pick(random, COMMANDS).to_owned(),
        "ref" => pick(random, &["R", "$B", "%(yes)s", "%%", "%(ref)s", "a b", ""]).to_owned(),
        _ => some_kwargs(random).to_owned(),
    };
    let value = percent(&value, oddity, random);
    let value = value.replace('\n', if random.one_in(oddity) { "\n" } else { "\n    " });
    let value = if random.one_in(4) {
        value.replace(", ", ",\n    ")
    } else {
        value
    };
    let option = match random.below(oddity * 2) {
        0 => option.to_uppercase(),
        1 => format!("  {option}"),
        2 => format!("{option}\u{a0}"),
        _ => option.to_owned(),
    };
    let delimiter = pick(random, &[" = ", "=", ": ", ":", " =", "= \t", " : "]);
    let tail = if random.one_in(oddity) {
        pick(random, &[" ; tail", " # tail", "  ", "\t", " \u{a0}", "\u{1c}"])
    } else {
        ""
    };
    writeln!(text, "{option}{delimiter}{value}{tail}").unwrap();
}

/// Returns `value` with its percent signs doubled, sometimes with a reference, sometimes unchanged.
fn percent(value: &str, oddity: usize, random: &mut Random) -> String {
    match random.below(oddity) {
        0 => value.to_owned(),
        1 => format!("{}%(ref)s", value.replace('%', "%%")),
        2 => format!(
            "%({})s",
            pick(random, &["ref", "REF", "none", "", "yes", "backend", "a b"])
        ),
        3 => value.replace('%', "%%").replace("127", "%(ref)s%%"),
        4 => format!("{value}%"),
        _ => value.replace('%', "%%"),
    }
}
