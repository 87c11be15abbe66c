//! Compares generated configurations with Airflow's answer to each.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secretctl::cli::GlobalArgs;
use secretctl::settings::Settings;
use serde_json::{Value, json};

use super::generate::{Case, RECORDER, case};
use super::{backend, env, file, resolve};
use crate::support::{airflow, airflow_fresh, cases, listed, random, temp_dir};

/// A case with its file written: the environment, `AIRFLOW_HOME` included.
pub struct Placed {
    case: Case,
    env: Vec<(String, Vec<u8>)>,
    _home: tempfile::TempDir,
}

pub fn placed(case: Case) -> Placed {
    let home = temp_dir();
    if let Some(cfg) = &case.cfg {
        file(&home, "airflow.cfg", cfg);
    }
    let path = home.path().to_str().unwrap().as_bytes().to_vec();
    let mut env = vec![("PATH".to_owned(), std::env::var("PATH").unwrap().into_bytes())];
    env.extend([
        ("HOME".to_owned(), path.clone()),
        ("AIRFLOW_HOME".to_owned(), path),
    ]);
    env.extend(case.env.iter().cloned());
    Placed {
        case,
        env,
        _home: home,
    }
}

impl Placed {
    /// The question for the judge.
    pub fn question(&self, op: &str) -> Value {
        let env: Vec<_> = self
            .env
            .iter()
            .map(|(name, value)| [STANDARD.encode(name), STANDARD.encode(value)])
            .collect();
        json!({"op": op, "env": env, "worker": self.case.worker, "seconds": 0.3})
    }

    /// Returns secretctl's result in the form of the judge's answer, or the message of its error.
    pub fn ours(&self) -> Result<Value, String> {
        let args = GlobalArgs {
            worker: self.case.worker,
            ..GlobalArgs::default()
        };
        let settings = Settings::resolve(&args, env(self.env.clone())).map_err(|error| {
            assert_eq!(error.kind().exit_status(), 2, "{error:?}");
            format!("{error:?}")
        })?;
        let (class, kwargs) = backend(&settings);
        Ok(match class.as_str() {
            RECORDER => json!({"class": class, "kwargs": kwargs, "multi_team": settings.multi_team}),
            _ => json!({"class": class, "multi_team": settings.multi_team}),
        })
    }

    /// Returns the difference, if any.
    fn disagreement(&self, airflow: &Value) -> Option<String> {
        let ours = self.ours();
        let stopped = !airflow["died"].is_null()
            || !airflow["endless"].is_null()
            || airflow["warned"] == true
            || airflow["multi_team"].is_string();
        let agree = match &ours {
            Err(_) if has_no_text(airflow) => {
                listed("settings-not-utf-8");
                true
            }
            Err(_) => stopped || airflow["class"] != json!(RECORDER) && airflow["class"] != json!(""),
            Ok(_) if stopped => false,
            Ok(ours) => ["class", "kwargs", "multi_team"]
                .iter()
                .all(|key| ours[key] == airflow[key]),
        };
        (!agree).then(|| {
            let show = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let env: Vec<_> = self
                .case
                .env
                .iter()
                .map(|(name, value)| format!("{name}={:?}", show(value)))
                .collect();
            format!(
                "airflow: {airflow}\nours: {ours:?}\nworker: {}\n{}\ncfg: {:?}\n{}",
                self.case.worker,
                env.join("\n"),
                self.case.cfg.as_deref().map(show),
                self.case.cfg.as_deref().map(show).unwrap_or_default()
            )
        })
    }
}

/// Whether a kwarg is not Unicode text: Python represents each byte that is not UTF-8 as half of a surrogate pair.
fn has_no_text(airflow: &Value) -> bool {
    airflow["kwargs"]
        .as_str()
        .is_some_and(|kwargs| kwargs.contains("\\udc"))
}

#[test]
fn generated_configurations_are_read_as_airflow_reads_them() {
    let Some(judge) = airflow() else { return };
    let mut random = random("settings");
    let placed: Vec<_> = (0..cases(1000, 20_000))
        .map(|_| placed(case(&mut random)))
        .collect();
    let questions: Vec<_> = placed
        .iter()
        .map(|placed| placed.question("settings.resolve"))
        .collect();
    let answers = judge.ask_many(&questions);
    let wrong: Vec<_> = placed
        .iter()
        .zip(&answers)
        .filter_map(|(placed, answer)| {
            // A question may take long, but still end.
            let late = !answer["endless"].is_null() && placed.ours().is_ok();
            let again = late.then(|| {
                let mut question = placed.question("settings.resolve");
                question["seconds"] = json!(10);
                judge.ask(question)
            });
            placed.disagreement(again.as_ref().unwrap_or(answer))
        })
        .collect();
    let stopped = answers.iter().filter(|answer| answer["kwargs"].is_null()).count();
    eprintln!(
        "settings: {} configurations, Airflow has a backend in {}",
        placed.len(),
        placed.len() - stopped
    );
    assert!(
        stopped * 10 < placed.len() * 9,
        "most generated configurations must be usable ones"
    );
    assert!(
        wrong.is_empty(),
        "{} of {} differ; the first:\n{}",
        wrong.len(),
        placed.len(),
        wrong.join("\n=====\n")
    );
}

#[test]
fn one_process_answers_as_one_that_has_just_imported_airflow() {
    let Some(judge) = airflow() else { return };
    let mut random = random("settings, fresh");
    let mut passed_over = 0;
    for _ in 0..cases(30, 300) {
        let placed = placed(Case {
            worker: false,
            ..case(&mut random)
        });
        let nothing: [(&str, &str); 0] = [];
        let Some(fresh) = airflow_fresh(nothing) else {
            return;
        };
        let fresh = fresh.ask(placed.question("settings.resolve_fresh"));
        let again = judge.ask(placed.question("settings.resolve"));
        // The import expands every sensitive option for its masks, and runs its command. An option that is not used can
        // therefore delay or stop it.
        if fresh["endless"] == true || (!fresh["died"].is_null() && again["died"].is_null()) {
            passed_over += 1;
            continue;
        }
        // A class that cannot be imported ends the new process before it can answer.
        if again["class"] == json!(RECORDER) || again["class"] == json!("") || again["class"].is_null() {
            for key in ["class", "kwargs", "warned", "multi_team"] {
                let unsettled = again["warned"] == true || key == "warned";
                assert!(
                    unsettled || fresh[key] == again[key],
                    "{key}: {fresh} {again} {:?}",
                    placed.case
                );
            }
        }
    }
    assert!(
        passed_over * 2 < cases(30, 300),
        "{passed_over} imports of Airflow came to nothing"
    );
}

#[test]
fn the_search_paths_are_airflow_s() {
    let Some(judge) = airflow() else { return };
    let paths = [false, true].map(|worker| {
        let args = GlobalArgs {
            worker,
            ..GlobalArgs::default()
        };
        let settings = resolve(&args, &[]).unwrap();
        settings
            .search_path
            .into_iter()
            .map(|spec| spec.class_path)
            .collect::<Vec<_>>()
    });
    assert_eq!(judge.ask(json!({"op": "settings.search_paths"})), json!(paths));
}

#[test]
fn generated_command_lines_are_split_as_shlex_does() {
    let Some(judge) = airflow() else { return };
    let mut random = random("shlex");
    let parts = [
        "a", " ", "  ", "\t", "\n", "'", "\"", "\\", "$A", "#", "é", "\r", ";", "\u{a0}", "\u{b}",
    ];
    let lines: Vec<String> = (0..cases(1000, 20_000))
        .map(|_| (0..random.below(12)).map(|_| *random.pick(&parts)).collect())
        .collect();
    let questions: Vec<_> = lines
        .iter()
        .map(|line| json!({"op": "settings.shlex", "line": line}))
        .collect();
    for (line, answer) in lines.iter().zip(judge.ask_many(&questions)) {
        let ours = match secretctl::python::shlex::split(line.as_bytes()) {
            Ok(words) => json!(
                words
                    .into_iter()
                    .map(|word| String::from_utf8(word).unwrap())
                    .collect::<Vec<_>>()
            ),
            Err(error) => json!({"error": error.to_string()}),
        };
        let theirs = answer["error"]
            .as_str()
            .map_or(answer.clone(), |error| json!({"error": error.to_lowercase()}));
        assert_eq!(ours, theirs, "{line:?}");
    }
}
