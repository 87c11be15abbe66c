//! Generates a question for an option, with an environment, an `airflow.cfg` and a file of the secrets backend around it.

use std::fmt::Write as _;

use crate::support::Random;

/// A generated question.
#[derive(Debug)]
pub struct Case {
    pub section: String,
    pub key: String,
    pub team: Option<&'static str>,
    pub env: Vec<(String, String)>,
    pub cfg: Option<String>,
    pub has_backend: bool,
}

/// What the file of the secrets backend has.
pub const IN_BACKEND: &str =
    r#"{"k": "from the backend", "dollar": "$HOME and ~", "empty": "", "a.b/c": "dotted"}"#;

/// Options that are asked for often: sensitive ones, renamed ones, and those with values that Airflow replaces or refuses.
const OFTEN: &[&str] = &[
    "core.fernet_key",
    "core.executor",
    "core.dags_folder",
    "core.asset_manager_kwargs",
    "core.dag_ignore_file_syntax",
    "core.sql_alchemy_conn",
    "core.max_num_rendered_ti_fields_per_task",
    "database.sql_alchemy_conn",
    "database.sql_alchemy_conn_async",
    "database.sql_alchemy_engine_args",
    "webserver.secret_key",
    "webserver.web_server_port",
    "webserver.page_size",
    "webserver.access_logfile",
    "api.secret_key",
    "api.port",
    "api.page_size",
    "api.fallback_page_limit",
    "api.access_logfile",
    "api.log_config",
    "api_auth.jwt_secret",
    "logging.log_filename_template",
    "logging.logging_level",
    "logging.base_log_folder",
    "logging.remote_task_handler_kwargs",
    "triggerer.default_capacity",
    "triggerer.capacity",
    "workers.missing_dag_retires",
    "metrics.otel_host",
    "elasticsearch.log_id_template",
    "opensearch.password",
    "celery.broker_url",
    "common.io.xcom_objectstorage_path",
    "core.airflow_home",
    "core.no_such_option",
    "my_section.my_key",
    "providers.odbc.allow_driver_in_extra",
    "dag_processor.dag_bundle_config_list",
];

const VALUES: &[&str] = &[
    "plain",
    "",
    "two words",
    "$HOME/x",
    "${B}/y",
    "~/z",
    "~",
    "a~",
    "$UNDEFINED and $$",
    "${C}",
    "x # no comment ; here",
    "{AIRFLOW_HOME}/x",
    "\"quoted\"",
    "'quoted'",
    "é ü \u{1f600}",
    "True",
    "None",
    "12",
    "SequentialExecutor",
    "my.SequentialExecutor,LocalExecutor",
    "postgres://u:p@h/db",
    "postgres+psycopg2://u:p@h/$B",
    "postgresql://u:p@h/db",
    "INFO",
    "regexp",
    "a=b:c",
    "back\\slash \\$B",
    "dag_id={{ ti.dag_id }}/run_id={{ ti.run_id }}/task_id={{ ti.task_id }}/{% if ti.map_index >= 0 %}map_index={{ ti.map_index }}/{% endif %}attempt={{ try_number }}.log",
];

/// Values that only a file has.
const FILE_VALUES: &[&str] = &[
    "100%% sure",
    "%(other)s/x",
    "%(in_default)s",
    "%(nested)s",
    "first\n  second\n # comment\n\n  third",
    "\n  indented",
    "  blanks  ",
    "%%(other)s",
];

/// Values that cannot be interpolated or expanded.
const BROKEN: &[&str] = &["50%", "%(missing)s", "%(other)d", "$LOOP", "%(self_reference)s"];

const COMMANDS: &[&str] = &[
    "echo printed",
    "printf 'printed $HOME'",
    "printf ''",
    r#"printf "%s" "a  b""#,
    "printf postgres://u:p@h/db",
];

const BROKEN_COMMANDS: &[&str] = &["false", "no-such-program-here", "echo 'unclosed"];

const KEYS: &[&str] = &["k", "dollar", "empty", "nothing", "a.b/c"];

/// Returns the next question. `names` are the options that Airflow knows.
pub fn case(random: &mut Random, names: &[String]) -> Case {
    let (section, key) = option(random, names);
    let team = random.one_in(6).then_some(*random.pick(&["red", "Team_1"]));
    let mut env = vec![
        ("B".to_owned(), "b's $C".to_owned()),
        ("C".to_owned(), "c".to_owned()),
        ("LOOP".to_owned(), "x$LOOP".to_owned()),
    ];
    if team.is_some() {
        env.push(("AIRFLOW__CORE__MULTI_TEAM".to_owned(), "True".to_owned()));
    }
    if random.one_in(20) {
        env.push(("AIRFLOW__CORE__UNIT_TEST_MODE".to_owned(), "True".to_owned()));
    }
    let others = related(&section, &key);
    for (section, key) in &others {
        for end in ["", "_CMD", "_SECRET"] {
            if random.one_in(if end.is_empty() { 7 } else { 9 }) {
                let section = section.replace('.', "_").to_uppercase();
                let mut scope = String::new();
                if let Some(team) = team.filter(|_| !random.one_in(3)) {
                    scope = format!("{}___", team.to_uppercase());
                }
                let mut name = format!("AIRFLOW__{scope}{section}__{}{end}", key.to_uppercase());
                if random.one_in(25) {
                    name = name.to_lowercase();
                }
                env.push((name, value(random, end, false).to_owned()));
            }
        }
    }
    env.sort();
    env.dedup_by(|(one, _), (other, _)| one == other);
    Case {
        section: in_some_case(random, &section),
        key: in_some_case(random, &key),
        cfg: (!random.one_in(5)).then(|| cfg(random, &others, team)),
        has_backend: !random.one_in(4),
        team,
        env,
    }
}

fn option(random: &mut Random, names: &[String]) -> (String, String) {
    loop {
        let name = if random.one_in(3) {
            random.pick(names).as_str()
        } else {
            random.pick::<&'static str>(OFTEN)
        };
        // These configure the lookup itself; `tests/settings` has them.
        let is_own = name.starts_with("secrets.")
            || name.starts_with("workers.secrets_backend")
            || ["core.multi_team", "core.unit_test_mode"].contains(&name);
        if !is_own {
            let (section, key) = name.rsplit_once('.').unwrap();
            return (section.to_owned(), key.to_owned());
        }
    }
}

/// Returns the option and others in whose place it has been, or that have been in its place.
fn related(section: &str, key: &str) -> Vec<(String, String)> {
    const RENAMED: &[&[&str]] = &[
        &["core.sql_alchemy_conn", "database.sql_alchemy_conn"],
        &["webserver.secret_key", "api.secret_key"],
        &["webserver.web_server_port", "api.port"],
        &["webserver.page_size", "api.page_size", "api.fallback_page_limit"],
        &["webserver.access_logfile", "api.access_logfile", "api.log_config"],
        &["triggerer.default_capacity", "triggerer.capacity"],
        &["workers.missing_dag_retires", "workers.missing_dag_retries"],
        &[
            "core.max_num_rendered_ti_fields_per_task",
            "core.num_dag_runs_to_retain_rendered_fields",
        ],
        &["webserver.base_url", "api.base_url"],
        &[
            "scheduler.dag_dir_list_interval",
            "dag_processor.refresh_interval",
        ],
        &[
            "workers.execution_api_server_url",
            "core.execution_api_server_url",
        ],
    ];
    let name = format!("{section}.{key}");
    let group = RENAMED.iter().find(|group| group.contains(&name.as_str()));
    let split = |name: &str| {
        let (section, key) = name.rsplit_once('.').unwrap();
        (section.to_owned(), key.to_owned())
    };
    match group {
        Some(group) => group.iter().map(|name| split(name)).collect(),
        None => vec![split(&name)],
    }
}

fn value(random: &mut Random, end: &str, in_file: bool) -> &'static str {
    match end.to_lowercase().as_str() {
        "_cmd" if random.one_in(6) => random.pick::<&'static str>(BROKEN_COMMANDS),
        "_cmd" => random.pick::<&'static str>(COMMANDS),
        "_secret" => random.pick::<&'static str>(KEYS),
        _ if in_file && random.one_in(12) => random.pick::<&'static str>(BROKEN),
        _ if in_file && random.one_in(2) => random.pick::<&'static str>(FILE_VALUES),
        _ if random.one_in(40) => "$LOOP",
        _ => random.pick::<&'static str>(VALUES),
    }
}

fn in_some_case(random: &mut Random, name: &str) -> String {
    match random.below(12) {
        0 => name.to_uppercase(),
        1 => {
            let mut name = name.to_owned();
            if let Some(first) = name.get_mut(..1) {
                first.make_ascii_uppercase();
            }
            name
        }
        _ => name.to_owned(),
    }
}

fn cfg(random: &mut Random, options: &[(String, String)], team: Option<&str>) -> String {
    let mut text = String::from("# a comment\n[DEFAULT]\nin_default = of all sections\n");
    if random.one_in(8) {
        let _ = writeln!(text, "{} = by default", options[0].1);
    }
    let mut sections: Vec<String> = options.iter().map(|(section, _)| section.clone()).collect();
    if let Some(team) = team {
        let scoped: Vec<_> = sections
            .iter()
            .map(|section| format!("{team}={section}"))
            .collect();
        sections.extend(scoped);
    }
    sections.sort();
    sections.dedup();
    for section in sections {
        if random.one_in(6) {
            continue;
        }
        let _ = writeln!(
            text,
            "[{}]\nother = another one\nnested = <%(other)s>\nself_reference = %(self_reference)s",
            if random.one_in(15) {
                section.to_uppercase()
            } else {
                section.clone()
            }
        );
        let base = section.rsplit('=').next().unwrap();
        for (_, key) in options.iter().filter(|(own, _)| own == base) {
            for end in ["", "_cmd", "_secret"] {
                if random.one_in(if end.is_empty() { 2 } else { 4 }) {
                    let value = value(random, end, true).to_owned();
                    // Most values with a `%` are meant to be read.
                    let value = if value.contains("{%") {
                        value.replace('%', "%%")
                    } else {
                        value
                    };
                    let sign = *random.pick(&[" = ", "=", ": ", " : "]);
                    let key = if random.one_in(25) {
                        key.to_uppercase()
                    } else {
                        key.clone()
                    };
                    let _ = writeln!(text, "{key}{end}{sign}{value}");
                }
                if random.one_in(8) {
                    text.push_str("; a comment\n  # another\n");
                }
            }
        }
    }
    text
}
