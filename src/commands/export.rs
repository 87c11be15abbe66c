//! `export`: prints many names at once, in the format of another program.
//!
//! Owns which names a format takes, and where the result goes. Must not know what a format looks like: `render` does.

use std::path::{Path, PathBuf};

use clap::Args;

use super::names::{self, NamesArgs, Naming, resolved};
use super::session::Session;
use super::stored;
use crate::env::Env;
use crate::error::{Error, Result};
use crate::render::export::ExportFormat;
use crate::render::{self, Entry, file};

/// Options of `export`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  eval \"$(secretctl export --conn warehouse --format shell)\"\n  \
                       secretctl export --var region --format github-env >> \"$GITHUB_ENV\"\n  \
                       secretctl export --conn warehouse --format kubernetes --name airflow | kubectl apply -f -\n  \
                       secretctl export --from dags/ --format airflow-connections --out connections.json\n  \
                       secretctl export --file names.txt --format dotenv --out .env"
)]
pub struct ExportArgs {
    /// The names to print.
    #[command(flatten)]
    pub names: NamesArgs,
    /// The output format
    #[arg(short, long, value_name = "FORMAT")]
    pub format: ExportFormat,
    /// Write to FILE instead of stdout: atomically, and readable only by you
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// The name of the Kubernetes Secret [default: secretctl]
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// Resolves everything, and prints or writes it.
pub(crate) fn run(session: &Session, args: &ExportArgs) -> Result<()> {
    check(args)?;
    // As in most programs, `-` is stdout.
    let out = args.out.as_deref().filter(|out| *out != Path::new("-"));
    if let Some(out) = out {
        refuse_ci_file(out, &session.settings.env)?;
        file::check(out)?;
    }
    let mut masks = session.masks();
    let (naming, kinds) = match args.format {
        ExportFormat::AirflowConnections => (Naming::Id, &names::BOTH[..1]),
        ExportFormat::AirflowVariables => (Naming::Id, &names::BOTH[1..]),
        _ => (Naming::Environment, &names::BOTH[..]),
    };
    let resolved = resolved::resolve(session, names::wanted(session, &args.names, naming, kinds)?)?;
    let exported = match args.format {
        ExportFormat::AirflowConnections => {
            let connections = resolved
                .iter()
                .filter_map(|one| Some((one.wanted.reference.id.as_str(), one.connection.as_deref()?)));
            render::airflow::connections(connections, &mut masks)?
        }
        ExportFormat::AirflowVariables => {
            let variables: Vec<_> = resolved
                .iter()
                .map(|one| (one.wanted.reference.id.as_str(), stored::text(&one.found)))
                .collect();
            render::airflow::variables(&variables, &mut masks)?
        }
        format => {
            let entries: Vec<Entry> = resolved::given(session, &resolved, &mut masks)?
                .into_iter()
                .map(|given| given.entry)
                .collect();
            render::export::export(format, &entries, args.name.as_deref(), &mut masks)?
        }
    };
    for one in &resolved {
        one.mask(&mut masks);
    }
    warn(session, args.format, &exported.warnings);
    masks.announce()?;
    let bytes = exported.bytes.expose();
    let commands = matches!(
        args.format,
        ExportFormat::GithubEnv | ExportFormat::AzurePipelines
    );
    match out {
        Some(out) => file::write(out, bytes),
        None if session.settings.no_newline && !commands => {
            render::stdout(bytes.strip_suffix(b"\n").unwrap_or(bytes), false)
        }
        None => render::stdout(bytes, false),
    }
}

fn warn(session: &Session, format: ExportFormat, warnings: &[String]) {
    if format == ExportFormat::GitlabDotenv {
        session
            .terminal
            .warning("a job cannot ask GitLab to mask these values in its log");
    }
    for warning in warnings {
        session.terminal.warning(warning);
    }
}

/// Checks that the format takes the names.
fn check(args: &ExportArgs) -> Result<()> {
    let names = &args.names;
    let refused = |kind: &str, options: &str| {
        Err(Error::usage(format!(
            "`--format airflow-{kind}` cannot be used with {options}: it holds only {kind}, by id"
        )))
    };
    let has_names = !names.set.is_empty() || !names.as_format.is_empty();
    match args.format {
        ExportFormat::AirflowConnections if !names.var.is_empty() || has_names => {
            return refused("connections", "`--var`, `--set` or `--as`");
        }
        ExportFormat::AirflowVariables if !names.conn.is_empty() || has_names => {
            return refused("variables", "`--conn`, `--set` or `--as`");
        }
        _ => {}
    }
    if args.name.is_some() && args.format != ExportFormat::Kubernetes {
        return Err(Error::usage("`--name` is for `--format kubernetes`"));
    }
    if names.is_empty() {
        return Err(Error::usage("there is nothing to export")
            .with_hint("name it with `--conn`, `--var`, `--set`, `--as`, `--file` or `--from`"));
    }
    Ok(())
}

/// The variables that name the files to which the steps of a GitHub job append.
const GITHUB_FILES: [&str; 5] = [
    "GITHUB_ENV",
    "GITHUB_OUTPUT",
    "GITHUB_PATH",
    "GITHUB_STATE",
    "GITHUB_STEP_SUMMARY",
];

/// Refuses to replace a file that other steps of a job have written.
pub(super) fn refuse_ci_file(out: &Path, env: &Env) -> Result<()> {
    let same = |file: &str| {
        let file = Path::new(file);
        file == out || matches!((file.canonicalize(), out.canonicalize()), (Ok(file), Ok(out)) if file == out)
    };
    match GITHUB_FILES
        .into_iter()
        .find(|name| env.non_empty(name).is_some_and(same))
    {
        Some(name) => Err(Error::usage(format!(
            "`--out` would replace what other steps wrote to `${name}`"
        ))
        .with_hint(format!("append to it: `secretctl export … >> \"${name}\"`"))),
        None => Ok(()),
    }
}
