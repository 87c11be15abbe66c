//! The commands of other programs that people type here by habit: Airflow's, Vault's, Azure's, and names that are nearly right.
//!
//! Owns the words, and what each is here. None of them is a command of secretctl, so no help and no completion has them. Shows a
//! name only where its caller says that it is no secret.

use std::borrow::Cow;

use clap::Command;

/// What the words before a name ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    Get(&'static str),
    /// A name of which the words do not tell the kind.
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

/// Words, in lower case and with `-` for `_`, and what they ask for. The first row that begins what was typed counts, so the
/// longer ones stand first.
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

/// The programs whose commands they are: their names may stand first.
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

/// Returns what the words of a command line that has no known command are here: one sentence, or `None` for words that nobody
/// types by habit. `shown` makes an argument fit to be shown, or refuses it; `known` is the real command line.
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
    // What is a command today needs no tip.
    if habit.len() == 1 && is_known(typed[0].as_ref()) {
        return None;
    }
    let arguments = &typed[habit.len()..];
    let name = |placeholder: &str| {
        let is_value = |index: usize| index > 0 && matches!(arguments[index - 1].as_ref(), "-o" | "--output");
        let mut plain = arguments
            .iter()
            .enumerate()
            .filter(|(index, argument)| !argument.starts_with('-') && !is_value(*index))
            .map(|(_, argument)| argument);
        // Airflow asks for an option by its section and its name.
        let first = plain.next()?;
        let chosen = if placeholder == "<KEY>" && habit.ends_with(&["get-value"]) {
            plain.next().unwrap_or(first)
        } else {
            first
        };
        shown(chosen)
    };
    let named = |placeholder: &str| name(placeholder).unwrap_or_else(|| placeholder.to_owned());
    Some(match wish {
        Wish::Get(OPTION) => {
            let key = named("<KEY>");
            format!("`secretctl get-config {key}` asks the secrets backend for the key of an option's `…_secret`")
        }
        Wish::Get(CONNECTION) => format!("it is `secretctl get-conn {}` here", named("<CONN_ID>")),
        Wish::Get(command) => format!("it is `secretctl {command} {}` here", named("<KEY>")),
        Wish::GetEither => {
            "it is `secretctl get-conn <CONN_ID>` for a connection and `secretctl get-var <KEY>` for a variable, by Airflow's name \
             and not by a path"
                .to_owned()
        }
        Wish::List(kind) if is_known("list") => format!("it is `secretctl list {kind}` here"),
        Wish::List(kind) => format!(
            "secretctl does not list names; `secretctl explain {kind} <NAME>` shows where one is looked for"
        ),
        Wish::Export(kind) => {
            let format = if *kind == "conn" { "airflow-connections" } else { "airflow-variables" };
            format!("it is `secretctl export --{kind} <NAME> --format {format}` here")
        }
        Wish::Test => {
            "secretctl does not connect to a connection's host; `secretctl explain conn <CONN_ID> --probe` asks the backends for it"
                .to_owned()
        }
        Wish::Write => "secretctl reads and never writes; use `airflow`, `vault` or `az` for that".to_owned(),
        Wish::Explain => "it is `secretctl explain conn <CONN_ID>` or `secretctl explain var <KEY>` here".to_owned(),
        Wish::Run => "it is `secretctl exec --conn <CONN_ID> --var <KEY> -- <CMD>` here".to_owned(),
        Wish::Print => "it is `secretctl export --conn <CONN_ID> --var <KEY> --format dotenv` here".to_owned(),
        Wish::Version => "it is `secretctl --version` here".to_owned(),
    })
}

/// A word as the table has it: in lower case, with `-`, and the short words for a kind in full.
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
    fn what_is_typed_by_habit_is_told_in_our_words() {
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
                "`secretctl get-config sql_alchemy_conn`",
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
    fn a_list_is_told_of_where_there_is_one() {
        let tip = said("connections list").unwrap();
        assert_eq!(
            tip.contains("`secretctl list conn`"),
            Cli::command().find_subcommand("list").is_some()
        );
    }

    #[test]
    fn no_tip_names_a_command_that_is_none() {
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
