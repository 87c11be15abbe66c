//! Commands of Airflow, Vault and Azure that people type here by habit, and names that are nearly right.
//!
//! Owns the words, and the secretctl command for each. They are not commands of secretctl, so help and completions leave them out.
//! Shows a name only if the caller says that it is not a secret.

use std::borrow::Cow;

use clap::Command;

/// What the user wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Get(&'static str),
    /// A connection or a variable; the words do not say which.
    GetEither,
    List(&'static str),
    Export(&'static str),
    Test,
    Write,
    Explain,
    Run,
    Print,
    Version,
}

const CONNECTION: &str = "get-conn";
const VARIABLE: &str = "get-var";
const OPTION: &str = "get-config";

/// Words, in lower case and with `-` for `_`, and what they ask for.
///
/// The first row that matches the start of the command line wins, so longer rows come first.
const HABITS: &[(&[&str], Wish)] = &[
    (&["connections", "get"], Wish::Get(CONNECTION)),
    (&["connections", "list"], Wish::List("conn")),
    (&["connections", "export"], Wish::Export("conn")),
    (&["connections", "test"], Wish::Test),
    (&["connections", "add"], Wish::Write),
    (&["connections", "create-default-connections"], Wish::Write),
    (&["connections", "delete"], Wish::Write),
    (&["connections", "import"], Wish::Write),
    (&["connections", "set"], Wish::Write),
    (&["connections"], Wish::Get(CONNECTION)),
    (&["connection", "get"], Wish::Get(CONNECTION)),
    (&["connection", "list"], Wish::List("conn")),
    (&["variables", "get"], Wish::Get(VARIABLE)),
    (&["variables", "list"], Wish::List("var")),
    (&["variables", "export"], Wish::Export("var")),
    (&["variables", "set"], Wish::Write),
    (&["variables", "delete"], Wish::Write),
    (&["variables", "import"], Wish::Write),
    (&["variables"], Wish::Get(VARIABLE)),
    (&["variable", "get"], Wish::Get(VARIABLE)),
    (&["variable", "list"], Wish::List("var")),
    (&["config", "get-value"], Wish::Get(OPTION)),
    (&["config", "get"], Wish::Get(OPTION)),
    (&["config", "list"], Wish::List("config")),
    (&["config"], Wish::Get(OPTION)),
    (&["kv", "get"], Wish::GetEither),
    (&["kv", "list"], Wish::List("var")),
    (&["kv", "put"], Wish::Write),
    (&["kv", "patch"], Wish::Write),
    (&["kv", "delete"], Wish::Write),
    (&["secrets", "list"], Wish::List("var")),
    (&["keyvault", "secret", "show"], Wish::GetEither),
    (&["keyvault", "secret", "list"], Wish::List("var")),
    (&["keyvault", "secret", "set"], Wish::Write),
    (&["secretsmanager", "get-secret-value"], Wish::GetEither),
    (&["get-secret-value"], Wish::GetEither),
    (&["secrets", "get"], Wish::GetEither),
    (&["secret", "get"], Wish::GetEither),
    (&["secret", "show"], Wish::GetEither),
    (&["secrets"], Wish::GetEither),
    (&["secret"], Wish::GetEither),
    (&["get", "connection"], Wish::Get(CONNECTION)),
    (&["get", "variable"], Wish::Get(VARIABLE)),
    (&["get", "config"], Wish::Get(OPTION)),
    (&["get"], Wish::GetEither),
    (&["read"], Wish::GetEither),
    (&["show"], Wish::GetEither),
    (&["print"], Wish::GetEither),
    (&["get-connection"], Wish::Get(CONNECTION)),
    (&["get-connections"], Wish::Get(CONNECTION)),
    (&["getconnection"], Wish::Get(CONNECTION)),
    (&["getconn"], Wish::Get(CONNECTION)),
    (&["get-uri"], Wish::Get(CONNECTION)),
    (&["connection"], Wish::Get(CONNECTION)),
    (&["get-conn"], Wish::Get(CONNECTION)),
    (&["get-variable"], Wish::Get(VARIABLE)),
    (&["get-variables"], Wish::Get(VARIABLE)),
    (&["get-vars"], Wish::Get(VARIABLE)),
    (&["getvariable"], Wish::Get(VARIABLE)),
    (&["getvar"], Wish::Get(VARIABLE)),
    (&["variable"], Wish::Get(VARIABLE)),
    (&["get-var"], Wish::Get(VARIABLE)),
    (&["get-option"], Wish::Get(OPTION)),
    (&["get-configuration"], Wish::Get(OPTION)),
    (&["getconfig"], Wish::Get(OPTION)),
    (&["get-config"], Wish::Get(OPTION)),
    (&["get-value"], Wish::Get(OPTION)),
    (&["configuration"], Wish::Get(OPTION)),
    (&["list"], Wish::List("conn")),
    (&["ls"], Wish::List("conn")),
    (&["set"], Wish::Write),
    (&["put"], Wish::Write),
    (&["write"], Wish::Write),
    (&["add"], Wish::Write),
    (&["create"], Wish::Write),
    (&["delete"], Wish::Write),
    (&["import"], Wish::Write),
    (&["test"], Wish::Test),
    (&["where"], Wish::Explain),
    (&["which"], Wish::Explain),
    (&["debug"], Wish::Explain),
    (&["info"], Wish::Explain),
    (&["env"], Wish::Print),
    (&["printenv"], Wish::Print),
    (&["dotenv"], Wish::Print),
    (&["dump"], Wish::Print),
    (&["run"], Wish::Run),
    (&["execute"], Wish::Run),
    (&["shell"], Wish::Run),
    (&["version"], Wish::Version),
];

/// Programs whose name may come before the command.
const PROGRAMS: &[&str] = &[
    "airflow",
    "vault",
    "bao",
    "az",
    "aws",
    "secretctl",
    "chamber",
    "op",
];

/// Returns one sentence that names the secretctl command for `typed`, or `None` if the words are not in the table.
///
/// `shown` returns an argument in a form that may be shown, or `None`. `known` is the real command line.
pub(super) fn tip(
    typed: &[Cow<'_, str>],
    shown: impl Fn(&str) -> Option<String>,
    known: &Command,
) -> Option<String> {
    let typed = match typed {
        [first, rest @ ..] if PROGRAMS.contains(&first.as_ref()) => rest,
        typed => typed,
    };
    let words: Vec<String> = typed.iter().take(4).map(|word| plain(word)).collect();
    let (habit, wish) = HABITS.iter().find(|(habit, _)| {
        words.len() >= habit.len() && words.iter().zip(*habit).all(|(word, part)| word == part)
    })?;
    let is_known = |name: &str| known.find_subcommand(name).is_some();
    // A command that exists needs no tip.
    if habit.len() == 1 && is_known(typed[0].as_ref()) {
        return None;
    }
    let arguments = &typed[habit.len()..];
    let name = || {
        let is_value = |index: usize| index > 0 && matches!(arguments[index - 1].as_ref(), "-o" | "--output");
        let mut plain = arguments
            .iter()
            .enumerate()
            .filter(|(index, argument)| !argument.starts_with('-') && !is_value(*index))
            .map(|(_, argument)| argument);
        let first = plain.next()?;
        // Airflow takes an option's section, then its name.
        match plain.next() {
            Some(second) if habit.ends_with(&["get-value"]) => {
                Some(format!("{}.{}", shown(first)?, shown(second)?))
            }
            _ => shown(first),
        }
    };
    let named = |placeholder: &str| name().unwrap_or_else(|| placeholder.to_owned());
    Some(match wish {
        Wish::Get(OPTION) => {
            format!("use `secretctl get-config {}`", named("<SECTION.KEY>"))
        }
        Wish::Get(CONNECTION) => format!("use `secretctl get-conn {}`", named("<CONN_ID>")),
        Wish::Get(command) => format!("use `secretctl {command} {}`", named("<KEY>")),
        Wish::GetEither => {
            "use `secretctl get-conn <CONN_ID>` for a connection or `secretctl get-var <KEY>` for a variable, with Airflow's name \
             instead of a path"
                .to_owned()
        }
        Wish::List(kind) if is_known("list") => format!("use `secretctl list {kind}`"),
        Wish::List(kind) => format!(
            "secretctl does not list names; `secretctl explain {kind} <NAME>` shows where Airflow looks for one"
        ),
        Wish::Export(kind) => {
            let format = if *kind == "conn" { "airflow-connections" } else { "airflow-variables" };
            format!("use `secretctl export --{kind} <NAME> --format {format}`")
        }
        Wish::Test => {
            "secretctl does not connect to a connection's host; `secretctl explain conn <CONN_ID> --probe` asks the backends for it"
                .to_owned()
        }
        Wish::Write => "secretctl never writes; use `airflow`, `vault` or `az`".to_owned(),
        Wish::Explain => "use `secretctl explain conn <CONN_ID>` or `secretctl explain var <KEY>`".to_owned(),
        Wish::Run => "use `secretctl exec --conn <CONN_ID> --var <KEY> -- <CMD>`".to_owned(),
        Wish::Print => "use `secretctl export --conn <CONN_ID> --var <KEY> --format dotenv`".to_owned(),
        Wish::Version => "use `secretctl --version`".to_owned(),
    })
}

/// Returns a word in the form of the table: in lower case, with `-`, and with the short word for a kind in full.
fn plain(word: &str) -> String {
    let word: String = word.chars().take(40).collect::<String>().to_lowercase();
    let word = word.replace('_', "-");
    match word.as_str() {
        "conn" | "conns" => "connection".to_owned(),
        "var" | "vars" => "variable".to_owned(),
        "cfg" | "conf" | "option" => "config".to_owned(),
        _ => word,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;
    use crate::cli::Cli;

    fn said(line: &str) -> Option<String> {
        let words: Vec<Cow<'_, str>> = line.split_whitespace().map(Cow::Borrowed).collect();
        let shown = |word: &str| (!word.contains('=')).then(|| word.to_owned());
        tip(&words, shown, &Cli::command())
    }

    #[test]
    fn a_command_of_another_program_gets_a_tip() {
        for (line, ours) in [
            ("connections get x", "`secretctl get-conn x`"),
            ("connections get x -o json", "`secretctl get-conn x`"),
            ("connections get -o json x", "`secretctl get-conn x`"),
            ("connections get", "`secretctl get-conn <CONN_ID>`"),
            ("connections get a=b", "`secretctl get-conn <CONN_ID>`"),
            ("airflow connections get x", "`secretctl get-conn x`"),
            ("variables get x", "`secretctl get-var x`"),
            ("variable get x", "`secretctl get-var x`"),
            ("conn get x", "`secretctl get-conn x`"),
            (
                "config get-value core sql_alchemy_conn",
                "`secretctl get-config core.sql_alchemy_conn`",
            ),
            ("get-connection x", "`secretctl get-conn x`"),
            ("get_conn x", "`secretctl get-conn x`"),
            ("GET_CONN x", "`secretctl get-conn x`"),
            ("get conn x", "`secretctl get-conn x`"),
            ("get connection x", "`secretctl get-conn x`"),
            ("get var x", "`secretctl get-var x`"),
            ("get-variable x", "`secretctl get-var x`"),
            ("get_config x", "`secretctl get-config x`"),
            ("conn x", "`secretctl get-conn x`"),
            ("get x", "`secretctl get-var <KEY>`"),
            ("kv get secret/x", "`secretctl get-conn <CONN_ID>`"),
            ("vault kv get -field=value secret/x", "`secretctl get-var <KEY>`"),
            ("keyvault secret show --name x", "`secretctl get-var <KEY>`"),
            ("connections export x", "--format airflow-connections"),
            ("variables set a hunter2", "never writes"),
            ("connections add a", "never writes"),
            ("connections test a", "--probe"),
            ("env", "`secretctl export"),
            ("run -- x", "`secretctl exec"),
            ("version", "`secretctl --version`"),
        ] {
            let tip = said(line).unwrap_or_else(|| panic!("{line}: no tip"));
            assert!(tip.contains(ours) && !tip.contains("hunter2"), "{line}: {tip}");
        }
        for line in ["", "gt-var x", "airflow", "dags list", "x"] {
            assert_eq!(said(line), None, "{line}");
        }
    }

    #[test]
    fn a_tip_names_list_only_if_the_command_exists() {
        let tip = said("connections list").unwrap();
        assert_eq!(
            tip.contains("`secretctl list conn`"),
            Cli::command().find_subcommand("list").is_some()
        );
    }

    #[test]
    fn every_tip_names_a_command_that_exists() {
        let command = Cli::command();
        for (habit, _) in HABITS {
            let Some(tip) = said(&habit.join(" ")) else {
                continue;
            };
            for named in tip.split("`secretctl ").skip(1) {
                let word = named.split([' ', '`']).next().unwrap();
                assert!(
                    word.starts_with('-') || command.find_subcommand(word).is_some(),
                    "{habit:?}: {tip}"
                );
            }
        }
    }
}
