//! Compares generated settings of the database with Airflow's `conf.get("database", "sql_alchemy_conn")`.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Home, LOCAL};
use crate::support::{Output, Random, airflow, cases, random};

/// The databases that exist. `%` is an escape in the URL, and in airflow.cfg.
const FILES: &[&str] = &["a.db", "b.db", "c d.db", "e%f.db"];

/// A generated configuration.
struct Case {
    home: Home,
    env: Vec<(String, String)>,
    cfg: String,
}

/// A URL as people write it, and now and then one that cannot be used.
fn url(random: &mut Random, home: &str) -> String {
    let choices = [
        format!("sqlite:///{home}/a.db"),
        format!("sqlite:///{home}/b.db"),
        format!("sqlite:///{home}/c%20d.db"),
        format!("sqlite:///{home}/e%25f.db"),
        "sqlite:///$FOLDER/a.db".to_owned(),
        "sqlite:///${FOLDER}/b.db".to_owned(),
        "sqlite:///$HOME/a.db".to_owned(),
        "$WHOLE".to_owned(),
        "$TILDE".to_owned(),
        "${UNKNOWN}".to_owned(),
        "~/a.db".to_owned(),
        format!("sqlite:///{home}/airflow.db"),
        format!("sqlite:///{home}/missing.db"),
        format!("sqlite:///{home}/b.db?timeout=30"),
        "sqlite:///a.db".to_owned(),
        "sqlite://".to_owned(),
        String::new(),
        format!(" sqlite:///{home}/a.db "),
        format!("\"sqlite:///{home}/a.db\""),
        "oracle://h/d".to_owned(),
    ];
    let usable = if random.one_in(4) { choices.len() } else { 8 };
    choices[random.below(usable)].clone()
}

fn command(random: &mut Random, home: &str) -> String {
    match random.below(6) {
        0 => format!("printf sqlite:///{home}/a.db"),
        1 => "true".to_owned(),
        // A newline at the end counts, in Airflow too: no such file exists.
        2 => format!("echo sqlite:///{home}/b.db"),
        _ => "sh -c 'printf sqlite:///$FOLDER/b.db'".to_owned(),
    }
}

fn case(random: &mut Random) -> Case {
    let home = Home::new();
    let path = home.path().to_owned();
    for name in FILES {
        home.database(name);
    }
    if random.one_in(2) {
        home.database("airflow.db");
    }
    let configs = json!({"one": url(random, &path), "two": url(random, &path)});
    let kwargs = json!({"configs_file_path": home.file("configs.json", &configs.to_string())});
    let mut env: Vec<(String, String)> = [
        ("AIRFLOW_HOME", path.as_str()),
        ("HOME", &path),
        ("PATH", "/usr/bin:/bin"),
        ("FOLDER", &path),
        ("WHOLE", &format!("sqlite:///{path}/a.db")),
        ("TILDE", "~/b.db"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    if !random.one_in(4) {
        env.push(("AIRFLOW__SECRETS__BACKEND".to_owned(), LOCAL.to_owned()));
        env.push(("AIRFLOW__SECRETS__BACKEND_KWARGS".to_owned(), kwargs.to_string()));
    }
    let keys = ["one", "two", "none"];
    let mut cfg = String::new();
    for section in ["database", "core"] {
        writeln!(cfg, "[{section}]").unwrap();
        let variable = format!("AIRFLOW__{}__SQL_ALCHEMY_CONN", section.to_uppercase());
        if random.one_in(3) {
            env.push((variable.clone(), url(random, &path)));
        }
        if random.one_in(6) {
            env.push((format!("{variable}_CMD"), command(random, &path)));
        }
        if random.one_in(5) {
            env.push((format!("{variable}_SECRET"), (*random.pick(&keys)).to_owned()));
        }
        if random.one_in(3) {
            let value = url(random, &path).replace('%', "%%");
            let delimiter = *random.pick(&[" = ", "=", ": "]);
            let name = *random.pick(&["sql_alchemy_conn", "sql_alchemy_conn", "SQL_ALCHEMY_CONN"]);
            writeln!(cfg, "{name}{delimiter}{value}").unwrap();
        }
        if random.one_in(6) {
            writeln!(cfg, "sql_alchemy_conn_cmd = {}", command(random, &path)).unwrap();
        }
        if random.one_in(6) {
            writeln!(cfg, "sql_alchemy_conn_secret = {}", random.pick(&keys)).unwrap();
        }
    }
    home.file("airflow.cfg", &cfg);
    Case { home, env, cfg }
}

impl Case {
    fn question(&self, op: &str) -> Value {
        let env: Vec<_> = self
            .env
            .iter()
            .map(|(name, value)| [STANDARD.encode(name), STANDARD.encode(value)])
            .collect();
        json!({"op": op, "env": env, "seconds": 10})
    }

    /// Returns what the program must do if Airflow's option is `url`: the database that answers, or the status.
    fn expected(&self, url: &Value) -> Result<String, &'static [i32]> {
        let home = self.home.path();
        let default = format!("sqlite:///{home}/airflow.db");
        let Some(url) = url.as_str() else {
            return Err(&[2]);
        };
        // The default has the home that the judge started with.
        let is_default = url == default || url.contains("/secretctl-judge-");
        let url = if is_default { default.as_str() } else { url };
        let file = url
            .strip_prefix(&format!("sqlite:///{home}/"))
            .unwrap_or_default();
        let file = file.split('?').next().unwrap_or_default();
        let file = file.replace("%20", " ").replace("%25", "%");
        if !file.is_empty() && self.home.has(&file) {
            return Ok(file);
        }
        // Chosen by nobody, it is skipped; `choice` tells the two apart.
        Err(if is_default { &[2, 3] } else { &[2] })
    }

    fn disagreement(&self, airflow: &Value) -> Option<String> {
        let output: Output = crate::support::secretctl()
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .args(["get-var", "which", "-n"])
            .run();
        let agree = match self.expected(&airflow["value"]) {
            Ok(file) => output.status == 0 && output.text() == file,
            Err(statuses) => statuses.contains(&output.status),
        };
        (!agree).then(|| {
            let (env, cfg) = (&self.env, &self.cfg);
            format!(
                "airflow: {airflow}\nours: {:?} {}\n{env:?}\n{cfg}",
                output.text(),
                output.stderr
            )
        })
    }
}

#[test]
fn generated_settings_name_the_database_that_airflow_uses() {
    let Some(judge) = airflow() else { return };
    let mut random = random("settings of the metastore");
    let all: Vec<_> = (0..cases(300, 5_000)).map(|_| case(&mut random)).collect();
    let questions: Vec<_> = all
        .iter()
        .map(|case| case.question("settings.database"))
        .collect();
    let answers = judge.ask_many(&questions);
    let usable = all
        .iter()
        .zip(&answers)
        .filter(|(case, answer)| case.expected(&answer["value"]).is_ok());
    let usable = usable.count();
    assert!(usable * 2 > all.len(), "most databases must exist: {usable}");
    let wrong: Vec<_> = all
        .iter()
        .zip(&answers)
        .filter_map(|(case, answer)| case.disagreement(answer))
        .collect();
    assert!(
        wrong.is_empty(),
        "{} of {} differ:\n{}",
        wrong.len(),
        all.len(),
        wrong.join("\n=====\n")
    );
}
