//! `completions`: a few lines for a shell, which then asks this program what could come next.
//!
//! Owns what a connection id or variable key completes to: what the environment and the env files of the line hold. No backend
//! is ever built here, and no configured command is run.

use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, CompletionCandidate};
use clap_complete::env::{EnvCompleter, Shells};

use crate::class_path;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::options::{EnvFileDialect, GlobalArgs};
use crate::render;
use crate::resolver::Resolver;
use crate::settings::Settings;
use crate::value::SecretKind;

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

/// The variable with which a shell asks: it holds the shell's name.
const VARIABLE: &str = "SECRETCTL_COMPLETE";

/// Prints the lines that a shell evaluates.
pub(crate) fn print(shell: CompletionShell) -> Result<()> {
    let name = match shell {
        CompletionShell::Bash => "bash",
        CompletionShell::Zsh => "zsh",
        CompletionShell::Fish => "fish",
        CompletionShell::Powershell => "powershell",
        CompletionShell::Elvish => "elvish",
    };
    let shells = Shells::builtins();
    let completer = shells
        .completer(name)
        .ok_or_else(|| Error::internal(format!("there are no completions for {name}")))?;
    let mut script = Vec::new();
    completer
        .write_registration(VARIABLE, "secretctl", "secretctl", "secretctl", &mut script)
        .map_err(|cause| Error::internal("the completions cannot be written").with_source(cause))?;
    render::stdout(&script, false)
}

/// Returns the shell that asks for completions, when this is such a run.
pub(crate) fn asked_by(env: &Env) -> Option<&'static dyn EnvCompleter> {
    let name = env.non_empty(VARIABLE)?;
    Shells::builtins().0.iter().copied().find(|shell| shell.is(name))
}

/// Answers a shell with what could come next. `args` is `secretctl -- WORD…`.
pub(crate) fn answer(shell: &dyn EnvCompleter, line: clap::Command, args: Vec<OsString>, env: &Env) -> u8 {
    let words: Vec<OsString> = args.into_iter().skip_while(|arg| arg != "--").skip(1).collect();
    let mut command = with_candidates(line, &words, env);
    let mut answer = Vec::new();
    match shell.write_complete(
        &mut command,
        words,
        std::env::current_dir().ok().as_deref(),
        &mut answer,
    ) {
        Ok(()) => u8::from(render::stdout(&answer, false).is_err()),
        Err(_) => 1,
    }
}

/// Returns the command line with what names complete to.
fn with_candidates(command: clap::Command, words: &[OsString], env: &Env) -> clap::Command {
    let names = Arc::new(Names::new(words, env));
    let candidates = |kinds: &'static [SecretKind]| {
        let names = Arc::clone(&names);
        ArgValueCandidates::new(move || names.of(kinds))
    };
    let connections = candidates(&[SecretKind::Connection]);
    let variables = candidates(&[SecretKind::Variable]);
    let both = candidates(&[SecretKind::Connection, SecretKind::Variable]);
    let many = |command: clap::Command| {
        command
            .mut_arg("conn", |arg| arg.add(connections.clone()))
            .mut_arg("var", |arg| arg.add(variables.clone()))
    };
    command
        .mut_subcommand("get-conn", |command| {
            command.mut_arg("conn_id", |arg| arg.add(connections.clone()))
        })
        .mut_subcommand("get-var", |command| {
            command.mut_arg("key", |arg| arg.add(variables.clone()))
        })
        .mut_subcommand("exec", many)
        .mut_subcommand("export", many)
        .mut_subcommand("explain", |command| command.mut_arg("name", |arg| arg.add(both)))
}

/// The names that are known without asking a backend.
struct Names {
    resolvers: Vec<Resolver>,
}

impl Names {
    /// Reads the environment and the env files of the line; and the local files that a `LocalFilesystemBackend` reads, when the
    /// environment itself says so.
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
            Some((Resolver::new(&mut settings, |_, _| Ok(())).ok()?, in_environment))
        };
        let mut resolvers = Vec::new();
        // A class of the command line leaves the kwargs of Airflow's configuration, and so no command runs for them.
        if let Some((environment, in_environment)) = resolver(Some(class_path::ENVIRONMENT)) {
            resolvers.push(environment);
            if in_environment {
                resolvers.extend(resolver(None).map(|(local, _)| local));
            }
        }
        Self { resolvers }
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
            .filter(|name| !name.contains(char::is_control))
            .map(CompletionCandidate::new)
            .collect()
    }
}

/// Returns the values that the words of the line give to `option`.
fn values_of<'a>(option: &'a str, words: &'a [OsString]) -> impl Iterator<Item = &'a OsStr> {
    words.iter().enumerate().filter_map(move |(index, word)| {
        if word == option {
            return words.get(index + 1).map(OsString::as_os_str);
        }
        let value = word.to_str()?.strip_prefix(option)?.strip_prefix('=')?;
        Some(OsStr::new(value))
    })
}
