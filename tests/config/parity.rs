//! Compares options, looked up under generated configurations, with Airflow's answers.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use secretctl::cli::GlobalArgs;
use secretctl::env::Env;
use secretctl::error::{Error, ErrorKind};
use secretctl::resolver::Resolver;
use secretctl::secret::Secret;
use secretctl::settings::{NamedOption, Settings, option_names};
use serde_json::{Value, json};

use super::generate::{Case, IN_BACKEND, case};
use crate::support::{airflow_fresh, airflow_options, cases, listed, random, secretctl, temp_dir};

/// A question with its files in place.
struct Placed {
    case: Case,
    env: Vec<(String, String)>,
    _folder: tempfile::TempDir,
}

/// Airflow's homes; `HERE` is the case's folder.
const HOMES: &[&str] = &[
    "HERE", "HERE", "~/af", "$B/af", "/x%%y", "/x%y", "/end/", "/a{b}", "",
];

fn placed(case: Case, home: &str) -> Placed {
    let folder = temp_dir();
    let path = |name: &str| folder.path().join(name).display().to_string();
    if let Some(cfg) = &case.cfg {
        std::fs::write(path("airflow.cfg"), cfg).unwrap();
    }
    std::fs::write(path("configs.json"), IN_BACKEND).unwrap();
    let mut env = vec![
        ("PATH".to_owned(), std::env::var("PATH").unwrap()),
        ("HOME".to_owned(), path("home")),
        (
            "AIRFLOW_HOME".to_owned(),
            home.replace("HERE", &folder.path().display().to_string()),
        ),
        ("AIRFLOW_CONFIG".to_owned(), path("airflow.cfg")),
    ];
    if case.has_backend {
        env.extend([
            (
                "AIRFLOW__SECRETS__BACKEND".to_owned(),
                "airflow.secrets.local_filesystem.LocalFilesystemBackend".to_owned(),
            ),
            (
                "AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(),
                json!({"configs_file_path": path("configs.json")}).to_string(),
            ),
        ]);
    }
    env.extend(case.env.iter().cloned());
    Placed {
        case,
        env,
        _folder: folder,
    }
}

impl Placed {
    fn question(&self, op: &str) -> Value {
        let env: Vec<_> = self
            .env
            .iter()
            .map(|(name, value)| [STANDARD.encode(name), STANDARD.encode(value)])
            .collect();
        json!({"op": op, "env": env, "section": self.case.section, "key": self.case.key,
               "team": self.case.team, "seconds": 0.5})
    }

    /// Looks the option up in this process, and returns the value, and whether there are warnings of former names.
    fn ours(&self) -> Result<(Vec<u8>, bool, bool), Error> {
        let args = GlobalArgs {
            team: self.case.team.map(str::to_owned),
            ..GlobalArgs::default()
        };
        let env: Env = self
            .env
            .iter()
            .map(|(name, value)| (name.clone(), Secret::from(value.as_str())))
            .collect();
        let mut settings = Settings::resolve(&args, env)?;
        let resolver = Resolver::new(&mut settings, |_, _| Ok(indexmap::IndexMap::default()))?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let option = NamedOption::new(&self.case.section, &self.case.key, self.case.team)?;
        let report = runtime.block_on(resolver.option(&option, true));
        let value = report.outcome?.expect("everyone was asked");
        let says = |words: &str| report.warnings.iter().any(|warning| warning.contains(words));
        Ok((
            value.value.expose().to_vec(),
            // Airflow puts a value that it replaces into a variable of the present name.
            says("is the former name of") && !says("which Airflow replaces with"),
            says("please ask for it by that name"),
        ))
    }

    /// Runs the program, and returns its value or its status.
    fn of_program(&self) -> Result<Vec<u8>, i32> {
        let mut program = secretctl().envs(self.env.iter().cloned());
        if let Some(team) = self.case.team {
            program = program.args(["--team", team]);
        }
        let output = program
            .args(["get-config", "-n", &self.case.section, &self.case.key])
            .run();
        if output.status == 0 {
            Ok(output.stdout)
        } else {
            assert!(output.stdout.is_empty(), "{output:?}");
            Err(output.status)
        }
    }

    /// Returns the difference, if any.
    fn disagreement(&self, airflow: &Value) -> Option<String> {
        let ours = self.ours();
        let agree = match (&ours, airflow) {
            (ours, answer) if !answer["not_started"].is_null() => {
                listed("config-airflow-does-not-start");
                ours.as_ref()
                    .err()
                    .is_none_or(|error| matches!(error.kind(), ErrorKind::Usage | ErrorKind::NotFound))
            }
            (Err(error), answer) if error.message().contains("makes up a value in each process") => {
                listed("config-random-default");
                answer["value"].as_str().is_some_and(|value| value.len() > 20)
            }
            (Err(error), answer) if !answer["died"].is_null() || !answer["endless"].is_null() => {
                error.kind() == ErrorKind::Usage
            }
            (Err(error), answer) => error.kind() == ErrorKind::NotFound && answer["missing"] == true,
            (Ok((value, moved, asked)), answer) => {
                answer["value"].as_str().map(str::as_bytes) == Some(value.as_slice())
                    && (answer["moved"].is_null() || answer["asked_by_former_name"] == *asked)
                    // Asked by the former name, Airflow warns a second time if the value is interpolated.
                    && (*asked || answer["moved"].is_null() || answer["moved"] == *moved)
            }
        };
        (!agree).then(|| {
            format!(
                "airflow: {airflow}\nours: {:?}\n[{}] {} for {:?}\n{}\n{}",
                ours.map(|(value, ..)| String::from_utf8_lossy(&value).into_owned()),
                self.case.section,
                self.case.key,
                self.case.team,
                self.env.iter().fold(String::new(), |text, (name, value)| text
                    + name
                    + "="
                    + value
                    + "\n"),
                self.case.cfg.as_deref().unwrap_or("(no file)"),
            )
        })
    }
}

fn generated(domain: &str, count: usize) -> Vec<Placed> {
    let mut random = random(domain);
    let names: Vec<String> = option_names().collect();
    (0..count)
        .map(|_| {
            let case = case(&mut random, &names);
            let home = *random.pick(HOMES);
            placed(case, home)
        })
        .collect()
}

#[test]
fn generated_options_are_looked_up_as_airflow_looks_them_up() {
    let Some(judge) = airflow_options() else { return };
    let placed = generated("config", cases(1000, 20_000));
    let questions: Vec<_> = placed
        .iter()
        .map(|placed| placed.question("config.get"))
        .collect();
    let mut answers = judge.ask_many(&questions);
    let wrong: Vec<_> = placed
        .iter()
        .zip(&mut answers)
        .filter_map(|(placed, answer)| {
            // A question may take long, but still end.
            if !answer["endless"].is_null() && placed.ours().is_ok() {
                let mut question = placed.question("config.get");
                question["seconds"] = json!(10);
                *answer = judge.ask(question);
            }
            placed.disagreement(answer)
        })
        .collect();
    let count = |key: &str| answers.iter().filter(|answer| !answer[key].is_null()).count();
    let with = |key: &str| answers.iter().filter(|answer| answer[key] == true).count();
    eprintln!(
        "config: {} options: {} with a value, {} missing, {} not started, {} failed; {} by a former name, {} asked by one",
        placed.len(),
        count("value"),
        count("missing"),
        count("not_started"),
        count("died") + count("endless"),
        with("moved"),
        with("asked_by_former_name"),
    );
    assert!(
        wrong.is_empty(),
        "{} of {} differ; the first:\n{}",
        wrong.len(),
        placed.len(),
        wrong[..wrong.len().min(4)].join("\n")
    );
    assert!(
        count("value") * 2 > placed.len(),
        "most options must have a value"
    );
    assert!(
        count("not_started") * 5 < placed.len(),
        "Airflow must start with most"
    );
    for key in ["moved", "asked_by_former_name", "missing"] {
        assert!(with(key) > 10, "{key} must occur");
    }
}

/// The home folder is part of what Airflow's tests set, and a `%` in it is interpolated there.
#[test]
fn the_folders_of_airflows_tests_are_airflows_for_every_home() {
    let Some(judge) = airflow_options() else { return };
    for home in HOMES {
        for key in ["dags_folder", "plugins_folder"] {
            let case = Case {
                section: "core".to_owned(),
                key: key.to_owned(),
                team: None,
                env: vec![("AIRFLOW__CORE__UNIT_TEST_MODE".to_owned(), "True".to_owned())],
                cfg: None,
                has_backend: false,
            };
            let placed = placed(case, home);
            if let Some(wrong) = placed.disagreement(&judge.ask(placed.question("config.get"))) {
                panic!("{wrong}");
            }
        }
    }
}

#[test]
fn the_program_prints_what_a_process_of_airflows_own_has() {
    let placed = generated("config-fresh", cases(20, 200));
    for placed in &placed {
        let Some(judge) = airflow_fresh(Vec::<(String, String)>::new()) else {
            return;
        };
        let answer = judge.ask(placed.question("config.get_fresh"));
        if let Some(wrong) = placed.disagreement(&answer) {
            panic!("{wrong}");
        }
        let ours = placed.ours();
        let program = placed.of_program();
        match (ours, program) {
            (Ok((value, ..)), printed) => assert_eq!(printed, Ok(value)),
            (Err(error), printed) => assert_eq!(printed, Err(i32::from(error.kind().exit_status()))),
        }
    }
}

/// Runs `airflow config get-value`, whose `airflow.cfg` exists.
pub fn get_value(python: &str, home: &Path, env: &[(&str, &str)], section: &str, key: &str) -> String {
    let output = crate::support::Program::new(python)
        .args(["-m", "airflow", "config", "get-value", section, key])
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("HOME", home)
        .env("AIRFLOW_HOME", home)
        .envs(env.iter().copied())
        .limit(std::time::Duration::from_mins(5))
        .run();
    // Its log is on stdout too.
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_inclusive('\n')
        .filter(|line| !line.contains("Z [warning  ] "))
        .collect()
}

#[test]
fn the_program_prints_what_airflow_config_get_value_prints() {
    let Some(python) = crate::support::variable("AIRFLOW_PYTHON") else {
        crate::support::skip("airflow", "AIRFLOW_PYTHON is not set");
        return;
    };
    let home = temp_dir();
    std::fs::write(
        home.path().join("airflow.cfg"),
        "[webserver]\nweb_server_port = 81\n[core]\nname = %(base)s 100%%\nbase = <$HOME>\nfernet_key_cmd = printf key\n",
    )
    .unwrap();
    let env = [
        ("AIRFLOW__MY_SECTION__KEY", "~/x"),
        ("AIRFLOW__CORE__EXECUTOR", "SequentialExecutor"),
    ];
    let asked = [
        ("WebServer", "web_server_port"),
        ("core", "name"),
        ("core", "fernet_key"),
        ("my.section", "key"),
        ("core", "no_such_option"),
        ("api", "port"),
        ("core", "executor"),
        ("logging", "base_log_folder"),
    ];
    // Each takes Airflow some seconds.
    for (section, key) in asked.into_iter().take(cases(5, 8)) {
        let theirs = get_value(&python, home.path(), &env, section, key);
        let ours = secretctl()
            .env("HOME", home.path())
            .env("AIRFLOW_HOME", home.path())
            .env("PATH", std::env::var_os("PATH").unwrap())
            .envs(env)
            .args(["get-config", &format!("{section}.{key}")])
            .run();
        assert_eq!(
            String::from_utf8(ours.stdout).unwrap(),
            theirs,
            "{section}.{key}: {}",
            ours.stderr
        );
        assert_eq!(
            ours.status,
            if theirs.is_empty() { 3 } else { 0 },
            "{section}.{key}"
        );
    }
}
