//! `completions`: a short shell script, which asks this program for candidates.
//!
//! Owns the candidates for a connection id or variable key: names in the environment and in the env files on the line; and for an
//! option: the options that Airflow knows. No remote backend is asked, and no configured command is run.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use clap_complete::engine::{self, ArgValueCandidates, CompletionCandidate};

use self::shells::Candidate;
use super::check::CheckArgs;
use super::deferred::in_full;
use super::diff::DiffArgs;
use super::exec::ExecArgs;
use super::explain::ExplainArgs;
use super::export::ExportArgs;
use super::get::{GetConnArgs, GetVarArgs};
use super::get_config::GetConfigArgs;
use super::policy::PolicyArgs;
use crate::class_path;
use crate::env::Env;
use crate::error::Result;
use crate::options::{EnvFileDialect, GlobalArgs};
use crate::python::json::Object;
use crate::render;
use crate::resolver::Resolver;
use crate::settings::{Settings, option_names};
use crate::value::SecretKind;

mod shells;
mod words;

/// Options of `completions`.
#[derive(Args, Debug)]
#[command(after_long_help = "Examples:\n  source <(secretctl completions bash)\n  \
                       secretctl completions fish > ~/.config/fish/completions/secretctl.fish")]
pub struct CompletionsArgs {
    /// The shell
    pub shell: CompletionShell,
}

/// The shells that have completions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum CompletionShell {
    /// Bash
    Bash,
    /// Zsh
    Zsh,
    /// Fish
    Fish,
    /// PowerShell
    Powershell,
    /// Elvish
    Elvish,
}

/// The variable that asks for candidates; it holds the shell's name.
const VARIABLE: &str = "SECRETCTL_COMPLETE";

/// The words of the line, one per line, for a shell that cannot pass them as arguments.
const WORDS: &str = "SECRETCTL_COMPLETE_WORDS";

/// Prints the script that a shell evaluates.
pub(crate) fn print(shell: CompletionShell) -> Result<()> {
    render::stdout(shells::script(shell).as_bytes(), false)
}

/// Returns the shell that asks for candidates, if one does.
pub(crate) fn asked_by(env: &Env) -> Option<CompletionShell> {
    CompletionShell::from_str(env.non_empty(VARIABLE)?, false).ok()
}

/// Prints the candidates for a shell. `args` is `secretctl -- …`, followed by what the shell's script sends.
pub(crate) fn answer(shell: CompletionShell, line: clap::Command, args: Vec<OsString>, env: &Env) -> u8 {
    let sent: Vec<String> = match env.text(WORDS) {
        Some(words) => words.split('\n').map(str::to_owned).collect(),
        None => args
            .into_iter()
            .skip_while(|arg| arg != "--")
            .skip(1)
            .map(|arg| arg.to_string_lossy().into_owned())
            .collect(),
    };
    let Some(question) = shells::question(shell, &sent) else {
        return 0;
    };
    let Some(last) = question.words.len().checked_sub(1) else {
        return 1;
    };
    let words: Vec<OsString> = question.words.iter().map(OsString::from).collect();
    let mut command = with_candidates(line, &words, env);
    let folder = std::env::current_dir().ok();
    let Ok(candidates) = engine::complete(&mut command, words, last, folder.as_deref()) else {
        return 1;
    };
    let candidates: Vec<Candidate> = candidates.iter().filter_map(candidate).collect();
    u8::from(render::stdout(shells::answer(&question, &candidates).as_bytes(), false).is_err())
}

/// Converts a candidate of the engine. One that is not UTF-8 is left out, because it would be inserted as something else.
fn candidate(candidate: &CompletionCandidate) -> Option<Candidate> {
    let help = candidate.get_help().map(ToString::to_string);
    Some(Candidate {
        text: candidate.get_value().to_str()?.to_owned(),
        help: help.and_then(|help| help.lines().next().map(str::to_owned)),
    })
}

/// Returns the command line with the candidates for names.
fn with_candidates(command: clap::Command, words: &[OsString], env: &Env) -> clap::Command {
    let names = Arc::new(Names::new(words, env));
    let candidates = |kinds: &'static [SecretKind]| {
        let names = Arc::clone(&names);
        ArgValueCandidates::new(move || names.of(kinds))
    };
    let connections = candidates(&[SecretKind::Connection]);
    let variables = candidates(&[SecretKind::Variable]);
    let both = candidates(&[SecretKind::Connection, SecretKind::Variable]);
    let options = ArgValueCandidates::new(|| option_names().map(CompletionCandidate::new).collect());
    let explained = if words.iter().any(|word| word == "config") {
        options.clone()
    } else {
        both
    };
    let many = |command: clap::Command| {
        command
            .mut_arg("conn", |arg| arg.add(connections.clone()))
            .mut_arg("var", |arg| arg.add(variables.clone()))
    };
    command
        .mut_subcommand("get-conn", |command| {
            in_full::<GetConnArgs>(command).mut_arg("conn_id", |arg| arg.add(connections.clone()))
        })
        .mut_subcommand("get-var", |command| {
            in_full::<GetVarArgs>(command).mut_arg("key", |arg| arg.add(variables.clone()))
        })
        .mut_subcommand("exec", |command| many(in_full::<ExecArgs>(command)))
        .mut_subcommand("export", |command| many(in_full::<ExportArgs>(command)))
        .mut_subcommand("policy", |command| many(in_full::<PolicyArgs>(command)))
        .mut_subcommand("check", |command| many(in_full::<CheckArgs>(command)))
        .mut_subcommand("diff", |command| many(in_full::<DiffArgs>(command)))
        .mut_subcommand("get-config", |command| {
            in_full::<GetConfigArgs>(command).mut_arg("name", |arg| arg.add(options))
        })
        .mut_subcommand("explain", |command| {
            in_full::<ExplainArgs>(command).mut_arg("name", |arg| arg.add(explained))
        })
}

/// The names that are known without asking a backend.
struct Names {
    resolvers: Vec<Resolver>,
    /// Whether a name that begins with a hyphen would be read as a name, not as an option.
    hyphens: bool,
}

impl Names {
    /// Reads the environment, the env files on the line, and the files of a `LocalFilesystemBackend` that the environment itself
    /// configures.
    fn new(words: &[OsString], env: &Env) -> Self {
        let env_file: Vec<_> = values_of("--env-file", words).map(PathBuf::from).collect();
        let env_file_dialect = values_of("--env-file-dialect", words)
            .last()
            .and_then(|word| EnvFileDialect::from_str(word.to_str()?, false).ok());
        let resolver = |backend: Option<&str>| {
            let backend = backend.map(str::to_owned);
            let args = GlobalArgs {
                env_file: env_file.clone(),
                env_file_dialect,
                backend,
                ..GlobalArgs::default()
            };
            let mut settings = Settings::resolve(&args, env.clone()).ok()?;
            let in_environment = settings.env.text("AIRFLOW__SECRETS__BACKEND")
                == Some(class_path::LOCAL_FILESYSTEM)
                && settings
                    .env
                    .non_empty("AIRFLOW__SECRETS__BACKEND_KWARGS")
                    .is_some();
            Some((
                Resolver::new(&mut settings, |_, _| Ok(Object::default())).ok()?,
                in_environment,
            ))
        };
        let mut resolvers = Vec::new();
        // With a class from the command line, Airflow's kwargs are not read, so no command runs for them.
        if let Some((environment, in_environment)) = resolver(Some(class_path::ENVIRONMENT)) {
            resolvers.push(environment);
            if in_environment {
                resolvers.extend(resolver(None).map(|(local, _)| local));
            }
        }
        let hyphens = match words.split_last() {
            Some((current, earlier)) => {
                let current = current.to_string_lossy();
                earlier.iter().any(|word| word == "--")
                    || (current.starts_with("--") && current.contains('='))
            }
            None => false,
        };
        Self { resolvers, hyphens }
    }

    fn of(&self, kinds: &[SecretKind]) -> Vec<CompletionCandidate> {
        let names: BTreeSet<String> = kinds
            .iter()
            .flat_map(|&kind| {
                self.resolvers
                    .iter()
                    .flat_map(move |resolver| resolver.local_names(kind))
            })
            .collect();
        names
            .into_iter()
            .filter(|name| self.hyphens || !name.starts_with('-'))
            .map(CompletionCandidate::new)
            .collect()
    }
}

/// Returns the values of `option` on the line.
fn values_of<'a>(option: &'a str, words: &'a [OsString]) -> impl Iterator<Item = &'a OsStr> {
    words.iter().enumerate().filter_map(move |(index, word)| {
        if word == option {
            return words.get(index + 1).map(OsString::as_os_str);
        }
        let value = word.to_str()?.strip_prefix(option)?.strip_prefix('=')?;
        Some(OsStr::new(value))
    })
}
