//! Compares each dialect of env files with its real reader on generated files: python-dotenv, compose-go, docker/cli.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secretctl::cli::{EnvFileDialect, GlobalArgs};
use secretctl::error::Result;
use secretctl::secret::Secret;
use secretctl::settings::Settings;
use serde_json::{Value, json};

use super::{env, file};
use crate::support::{Random, Side, Sides, airflow, cases, differs, random, skip, temp_dir, variable};

/// The process's environment in all tests.
const PROCESS: &[(&str, &str)] = &[("HOME", "/nonexistent"), ("P", "p$A"), ("E", "")];

/// The values of a file's variables, or `None` if the file is refused.
type Values = Option<BTreeMap<String, Vec<u8>>>;

/// Reads files with these texts in `dialect`.
fn read(texts: &[&[u8]], dialect: Option<EnvFileDialect>) -> Result<Settings> {
    let dir = temp_dir();
    let env_file = texts
        .iter()
        .enumerate()
        .map(|(index, text)| file(&dir, &format!("{index}.env"), text))
        .collect();
    let args = GlobalArgs {
        env_file,
        env_file_dialect: dialect,
        ..GlobalArgs::default()
    };
    Settings::resolve(&args, env(PROCESS.iter().copied()))
}

fn ours(texts: &[&[u8]], dialect: Option<EnvFileDialect>) -> Values {
    let settings = read(texts, dialect).ok()?;
    Some(values(
        settings
            .env
            .iter()
            .map(|(name, variable)| (name, &variable.value)),
    ))
}

/// Returns the variables that do not come from the process.
fn values<'a>(variables: impl Iterator<Item = (&'a str, &'a Secret)>) -> BTreeMap<String, Vec<u8>> {
    variables
        .filter(|(name, _)| !is_of_process(name))
        .map(|(name, value)| (name.to_owned(), value.expose().to_vec()))
        .collect()
}

fn is_of_process(name: &str) -> bool {
    PROCESS.iter().any(|(of_process, _)| *of_process == name)
}

fn process() -> Value {
    PROCESS
        .iter()
        .map(|(name, value)| ((*name).to_owned(), json!(value)))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Runs the readers written in Go, or says why not.
fn ask_go(questions: &[Value]) -> Option<Vec<Value>> {
    let Some(program) = variable("ENV_FILE_READERS") else {
        skip(
            "compose-go",
            "ENV_FILE_READERS is not set; `scripts/test` builds it where Go is installed",
        );
        return None;
    };
    let mut child = Command::new(&program)
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("ENV_FILE_READERS {program}: {error}"));
    let mut stdin = child.stdin.take().unwrap();
    let lines: Vec<_> = questions.iter().map(Value::to_string).collect();
    let text = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || stdin.write_all(text.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let answers: Vec<_> = output
        .stdout
        .split_inclusive(|byte| *byte == b'\n')
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect();
    assert_eq!(answers.len(), questions.len());
    Some(answers)
}

fn go_question(reader: &str, texts: &[&[u8]]) -> Value {
    let texts: Vec<_> = texts.iter().map(|text| STANDARD.encode(text)).collect();
    json!({"reader": reader, "texts": texts, "env": process()})
}

/// Returns the result of a reader in Go. An empty name is not set by any program.
fn of_go(answer: &Value) -> Values {
    let values = answer.get("values").and_then(Value::as_object);
    if answer.get("error").is_some() {
        return None;
    }
    let values = values.into_iter().flatten();
    Some(
        values
            .filter(|(name, _)| !name.is_empty() && !is_of_process(name))
            .map(|(name, value)| (name.clone(), STANDARD.decode(value.as_str().unwrap()).unwrap()))
            .collect(),
    )
}

/// Returns the result of python-dotenv; `None` if it skips a line, or reads a piece of YAML or JSON as a name.
fn of_python(answer: &Value) -> Values {
    let values = answer["values"].as_object().unwrap();
    let odd = |name: &str, value: &Value| {
        name.contains(['\n', '=', ':', '"'])
            || value.is_null() && name.contains(|c: char| c.is_ascii_punctuation() && !"_.-".contains(c))
            || value.as_str().is_some_and(|value| value.contains('\0'))
    };
    if answer["wrong"] == true || values.iter().any(|(name, value)| odd(name, value)) {
        return None;
    }
    Some(
        values
            .iter()
            .filter(|(name, _)| !is_of_process(name))
            .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.as_bytes().to_vec())))
            .collect(),
    )
}

/// Pieces of values.
const PARTS: &[&str] = &[
    "a",
    "b c",
    "#",
    " #",
    "\t#",
    "\\",
    "\\n",
    "\\\"",
    "\\'",
    "'",
    "\"",
    "$A",
    "${B}",
    "${A:-x}",
    "${E:-y}",
    "${E-y}",
    "${N:-${A}}",
    "${N-$A}",
    "${A:+z}",
    "${N+z}",
    "${P}",
    "$P",
    "$$",
    "$${A}",
    "\\$A",
    "${N}",
    "$1",
    "=",
    ":",
    " ",
    "\t",
    "é",
    "\\\\",
    "x",
    "://u:p@h/",
    "\u{a0}",
    "\u{3000}",
    "\u{1f}",
    "\u{85}",
    "}",
    "\\0101",
    "\\0",
    "\\07",
    "\\c",
    "\\v",
    "\u{feff}",
];

/// Pieces that make most readers refuse a file.
const RARE: &[&str] = &[
    "${",
    "${}",
    "${A",
    "${N:?m}",
    "${A:?m}",
    "${a.b}",
    "${A:-{x}}",
    "${N:-a}b}",
    "{",
    "[",
    "${A:=x}",
    "$ſ",
];

/// Returns a file with lines that the readers treat differently.
fn generated(random: &mut Random) -> String {
    let mut text = String::new();
    if random.one_in(20) {
        text.push('\u{feff}');
    }
    for _ in 0..=random.below(5) {
        let quote = *random.pick(&["", "", "'", "\""]);
        let mut value = String::new();
        for _ in 0..random.below(6) {
            value.push_str(if random.one_in(30) {
                RARE[random.below(RARE.len())]
            } else {
                PARTS[random.below(PARTS.len())]
            });
            if !quote.is_empty() && random.one_in(8) {
                value.push('\n');
            }
        }
        let line = match random.below(16) {
            0 => format!("# {value}"),
            1 => (*random.pick(&[
                "",
                "  ",
                "\t",
                "KEY",
                "KEY # c",
                "export KEY",
                "\u{a0}",
                "A",
                "  # c",
            ]))
            .to_owned(),
            2 if random.one_in(3) => (*random.pick(&[
                "A B",
                "=x",
                "no assignment here",
                "'Q R'=1",
                "A: x",
                "A:x",
                "- A=1",
                "{}",
                "export A B=1",
            ]))
            .to_owned(),
            _ => {
                let export = random.pick(&["", "", "", "", "export ", "export\t", "  "]);
                let name = random.pick(&[
                    "A",
                    "B",
                    "A",
                    "B",
                    "AIRFLOW_VAR_X",
                    "a.b",
                    "é",
                    "P",
                    "A-B",
                    "E",
                    "N2",
                ]);
                let sign = random.pick(&["=", "=", "=", "=", "= ", "=\t", " ="]);
                let tail = random.pick(&["", "", "", "", " ", " # c", "#c", " x"]);
                format!("{export}{name}{sign}{quote}{value}{quote}{tail}")
            }
        };
        text.push_str(&line);
        let end: &&str = random.pick(&["\n", "\n", "\n", "\n", "\r\n", "\n\n", "\r"]);
        text.push_str(if random.one_in(12) { "" } else { end });
    }
    text
}

/// Whether a value without quotes may begin like JSON, so that a line after it may be reported as its continuation.
fn may_go_on(text: &str) -> bool {
    let blank = |c: char| c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c);
    text.split('=')
        .skip(1)
        .any(|value| value.trim_start_matches(blank).starts_with(['{', '[']))
}

fn texts(name: &str) -> Vec<String> {
    let mut random = random(name);
    (0..cases(1500, 50_000))
        .map(|_| generated(&mut random))
        .filter(|text| !may_go_on(text))
        .collect()
}

/// Compares the results of each text, and checks that most texts were accepted.
fn compare(texts: &[String], theirs: &[Values], dialect: EnvFileDialect) {
    let mut taken = 0;
    for (text, theirs) in texts.iter().zip(theirs) {
        let ours = ours(&[text.as_bytes()], Some(dialect));
        taken += usize::from(ours.is_some());
        let shown = |values: &Values| {
            values.as_ref().map(|values| {
                values
                    .iter()
                    .map(|(name, value)| format!("{name}={:?}", String::from_utf8_lossy(value)))
                    .collect::<Vec<_>>()
            })
        };
        assert_eq!(shown(&ours), shown(theirs), "{text:?}");
    }
    assert!(
        taken * 5 > texts.len(),
        "too few were right: {taken} of {}",
        texts.len()
    );
}

#[test]
fn the_dialect_dotenv_is_python_dotenv_s() {
    let Some(judge) = airflow() else { return };
    let texts = texts("dialect dotenv");
    let questions: Vec<_> = texts
        .iter()
        .map(|text| json!({"op": "settings.dotenv_values", "text": STANDARD.encode(text), "env": process()}))
        .collect();
    let theirs: Vec<_> = judge.ask_many(&questions).iter().map(of_python).collect();
    compare(&texts, &theirs, EnvFileDialect::Dotenv);
}

#[test]
fn the_dialect_compose_is_compose_go_s() {
    let texts = texts("dialect compose");
    let questions: Vec<_> = texts
        .iter()
        .map(|text| go_question("compose", &[text.as_bytes()]))
        .collect();
    let Some(answers) = ask_go(&questions) else { return };
    // An empty name is an error here. compose-go reads a name without a value at the end of a file as an empty name.
    let (texts, theirs): (Vec<_>, Vec<_>) = texts
        .into_iter()
        .zip(&answers)
        .filter(|(_, answer)| answer.get("values").is_none_or(|values| values.get("").is_none()))
        .map(|(text, answer)| (text, of_go(answer)))
        .unzip();
    compare(&texts, &theirs, EnvFileDialect::Compose);
}

#[test]
fn the_dialect_docker_is_docker_s() {
    let texts = texts("dialect docker");
    let questions: Vec<_> = texts
        .iter()
        .map(|text| go_question("docker", &[text.as_bytes()]))
        .collect();
    let Some(answers) = ask_go(&questions) else { return };
    // A line with only a piece of YAML or JSON is a name for Docker, and an error here. The byte order mark counts at the start only.
    let odd = |(index, line): (usize, &str)| {
        let line = if index == 0 {
            line.trim_start_matches('\u{feff}')
        } else {
            line
        };
        let line = line.trim_start();
        let alone = !line.is_empty() && !line.starts_with('#') && !line.contains('=');
        alone && line.contains(|c: char| c.is_ascii_punctuation() && !"_.-".contains(c))
    };
    let theirs: Vec<_> = answers
        .iter()
        .zip(&texts)
        .map(|(answer, text)| of_go(answer).filter(|_| !text.split('\n').enumerate().any(odd)))
        .collect();
    compare(&texts, &theirs, EnvFileDialect::Docker);
}

#[test]
fn several_files_are_read_as_compose_reads_them() {
    let mut random = random("several env files");
    let pairs: Vec<_> = (0..cases(1000, 20_000))
        .map(|_| [generated(&mut random), generated(&mut random)])
        .filter(|pair| !pair.iter().any(|text| may_go_on(text)))
        .collect();
    let questions: Vec<_> = pairs
        .iter()
        .map(|[one, two]| go_question("compose", &[one.as_bytes(), two.as_bytes()]))
        .collect();
    let Some(answers) = ask_go(&questions) else { return };
    for ([one, two], answer) in pairs.iter().zip(&answers) {
        let empty_name = answer
            .get("values")
            .is_some_and(|values| values.get("").is_some());
        if !empty_name {
            let ours = ours(&[one.as_bytes(), two.as_bytes()], Some(EnvFileDialect::Compose));
            assert_eq!(ours, of_go(answer), "{one:?} {two:?}");
        }
    }
}

/// Without the option, there is a warning exactly if python-dotenv and compose both accept the file and differ.
#[test]
fn a_warning_appears_exactly_where_the_readers_differ() {
    let Some(judge) = airflow() else { return };
    let texts = texts("readers differ");
    let questions: Vec<_> = texts
        .iter()
        .map(|text| go_question("compose", &[text.as_bytes()]))
        .collect();
    let Some(compose) = ask_go(&questions) else { return };
    let questions: Vec<_> = texts
        .iter()
        .map(|text| json!({"op": "settings.dotenv_values", "text": STANDARD.encode(text), "env": process()}))
        .collect();
    let python = judge.ask_many(&questions);
    let (mut same, mut different) = (0, 0);
    for ((text, python), compose) in texts.iter().zip(&python).zip(&compose) {
        let (Ok(settings), Some(python)) = (read(&[text.as_bytes()], None), of_python(python)) else {
            continue;
        };
        let empty_name = compose
            .get("values")
            .is_some_and(|values| values.get("").is_some());
        let Some(compose) = of_go(compose).filter(|_| !empty_name) else {
            continue;
        };
        let ours = values(
            settings
                .env
                .iter()
                .map(|(name, variable)| (name, &variable.value)),
        );
        let differs = ours.iter().any(|(name, value)| {
            [&python, &compose]
                .iter()
                .any(|theirs| theirs.get(name).is_some_and(|theirs| theirs != value))
        });
        // Without single quotes and a `#` after a blank, the default is exactly python-dotenv's.
        if !text.contains('\'') && !text.contains([' ', '\t', '\u{a0}', '\u{3000}', '\u{1f}', '\u{85}']) {
            assert_eq!(ours, python, "{text:?}");
        }
        let warned = settings
            .warnings
            .iter()
            .filter(|warning| warning.contains("--env-file-dialect"))
            .count();
        assert_eq!(warned, usize::from(differs), "{text:?} {:?}", settings.warnings);
        if differs {
            different += 1;
        } else {
            same += 1;
        }
    }
    assert!(same > 100 && different > 100, "{same} {different}");
}

#[test]
fn the_default_differs_from_python_dotenv_where_it_is_listed() {
    let Some(judge) = airflow() else { return };
    // The variables of the file, or how it is refused.
    let ours = |text: &str| match read(&[text.as_bytes()], None) {
        Ok(settings) => {
            let variables = settings.env.iter();
            let values = values(variables.map(|(name, variable)| (name, &variable.value)));
            let text = |value: Vec<u8>| json!(String::from_utf8(value).unwrap());
            Side::found(
                values
                    .into_iter()
                    .map(|(name, value)| (name, text(value)))
                    .collect::<serde_json::Map<_, _>>(),
            )
        }
        Err(error) => Side::failed(format!("status {}", error.kind().exit_status())),
    };
    let sides = |text: &str, airflow: Value, secretctl: Side| {
        let answer = judge
            .ask(json!({"op": "settings.dotenv_values", "text": STANDARD.encode(text), "env": process()}));
        Sides {
            airflow: (Side::found(answer["values"].clone()), Side::found(airflow)),
            secretctl: (ours(text), secretctl),
        }
    };
    let refused = || Side::failed("status 2");
    let literal = Side::found(json!({"A": "${B}", "B": "1"}));
    differs(
        "env-file-single-quotes",
        &sides("B=1\nA='${B}'\n", json!({"A": "1", "B": "1"}), literal),
    );
    let kept = Side::found(json!({"A": "#x"}));
    differs(
        "env-file-hash-after-blank",
        &sides("A= #x\n", json!({"A": ""}), kept),
    );
    let whole = Side::found(json!({"A": r#"{"b": "c #d"}"#}));
    differs(
        "env-file-json-with-a-hash",
        &sides("A={\"b\": \"c #d\"}\n", json!({"A": r#"{"b": "c"#}), whole),
    );
    for (text, theirs) in [
        ("A=1\nB: x\n", json!({"A": "1"})),
        ("A=1\nB:x\n", json!({"A": "1", "B:x": null})),
        ("A={\n}\n", json!({"A": "{", "}": null})),
    ] {
        differs("env-file-odd-lines", &sides(text, theirs, refused()));
    }
}
