//! `doctor`: is this configuration right? Configuration, network, TLS, login, permissions and clock, one line each.
//!
//! Owns the order of the stages. What is configured where is in `configuration`; the resolver examines the places. A failed check is a
//! line of the report, not an error of the command, and the report's status is the command's. Nothing is written anywhere.

use clap::{Args, ValueEnum};

use super::session;
use crate::env::Env;
use crate::error::{ErrorKind, Result};
use crate::options::GlobalArgs;
use crate::render::{self, doctor, log};
use crate::report::{Check, Outcome, Report, Section};
use crate::settings::Settings;

mod configuration;

/// Options of `doctor`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl doctor\n  secretctl doctor --env-file .env --no-fallback\n  secretctl doctor -o json\n\n\
                       Exit status: that of the worst line, in the order 2, 4, 5, 6, 3; 0 without a failure"
)]
pub struct DoctorArgs {
    /// The output format
    #[arg(short, long, value_name = "FORMAT", default_value = "text")]
    pub output: DoctorFormat,
}

/// The output formats of `doctor`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum DoctorFormat {
    /// For people
    Text,
    /// For programs
    Json,
}

/// Checks everything, prints the report, and returns the status of its worst line.
///
/// # Errors
/// A stdout that cannot be written.
pub(crate) fn run(args: &GlobalArgs, env: Env, own: &DoctorArgs) -> Result<u8> {
    let report = examine(args, env)?;
    let text = match own.output {
        DoctorFormat::Text => doctor::text(&report),
        DoctorFormat::Json => doctor::json(&report),
    };
    render::stdout(text.as_bytes(), !args.no_newline)?;
    Ok(report.status())
}

/// Makes every check that can be made.
fn examine(args: &GlobalArgs, env: Env) -> Result<Report> {
    let mut section = Section::new("configuration", None);
    let mut settings = match Settings::resolve(args, env) {
        Ok(settings) => settings,
        Err(error) => {
            section.failure(Check::Settings, &error);
            section.leave_out(&[Check::Backend, Check::Kwargs]);
            return Ok(Report {
                sections: vec![section],
            });
        }
    };
    log::start(settings.verbose, &settings.env)?;
    configuration::examine(args, &settings, &mut section);
    if section.has_failed() {
        return Ok(Report {
            sections: vec![section],
        });
    }
    let kwargs = configuration::kwargs(&settings);
    let resolver = match session::resolver(&mut settings) {
        Ok(resolver) => resolver,
        Err(error) => {
            section.failure(Check::Kwargs, &error.in_full());
            return Ok(Report {
                sections: vec![section],
            });
        }
    };
    if let Some(words) = kwargs {
        section.ok(Check::Kwargs, words);
    }
    for warning in resolver.warnings() {
        section.warning(Check::Kwargs, warning, None);
    }
    let mut sections = vec![section];
    sections.extend(session::Executor::new(&resolver)?.block_on(resolver.examine()));
    // A `$` in a password may have been meant literally.
    let replaced = settings.provenance.replaced_in_kwargs();
    for row in sections.iter_mut().flat_map(|section| &mut section.rows) {
        if row.outcome == Outcome::Failure(ErrorKind::Denied) {
            row.details.extend(replaced.iter().cloned());
        }
    }
    Ok(Report { sections })
}
