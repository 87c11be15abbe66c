//! `-v` and `SECRETCTL_LOG`: each request, its outcome and its duration on stderr, one line per event.
//!
//! Only this crate's own events are shown, at any verbosity: they are known to hold no secret. The events of libraries may hold one, in
//! a header for example.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};
use tracing::level_filters::LevelFilter;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};
use tracing_subscriber::filter::Targets;

use super::terminal;
use crate::env::Env;
use crate::error::{Error, Result};

/// The variable that holds tracing's filters, such as `secretctl=debug`.
const VARIABLE: &str = "SECRETCTL_LOG";

/// The target of this crate's events.
const OWN_TARGET: &str = "secretctl";

/// Starts the log: at debug for one `-v`, at trace for more, otherwise by the filters of `SECRETCTL_LOG`. Without both, nothing is logged.
///
/// # Errors
/// Malformed filters, with status 2.
pub fn start(verbose: u8, env: &Env) -> Result<()> {
    let targets = match (verbose, env.non_empty(VARIABLE)) {
        (0, None) => return Ok(()),
        (0, Some(filters)) => filters.parse::<Targets>().map_err(|cause| {
            Error::usage(format!("`{VARIABLE}` is not a list of log filters"))
                .with_source(cause)
                .with_hint("set it to `secretctl=debug` to log each request")
        })?,
        (1, _) => Targets::new().with_target(OWN_TARGET, LevelFilter::DEBUG),
        _ => Targets::new().with_target(OWN_TARGET, LevelFilter::TRACE),
    };
    // A second start in one process keeps the first log.
    let _ = tracing::subscriber::set_global_default(Log { targets });
    Ok(())
}

/// Writes events to stderr.
struct Log {
    targets: Targets,
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        let target = metadata.target();
        let own = target
            .strip_prefix(OWN_TARGET)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
        own && self.targets.would_enable(target, metadata.level())
    }

    fn event(&self, event: &Event<'_>) {
        let mut line = Line(String::new());
        event.record(&mut line);
        let level = event.metadata().level().as_str().to_ascii_lowercase();
        terminal::write(format!("{level}:{}\n", terminal::line(&line.0)).as_bytes());
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// An event's message, followed by its fields.
struct Line(String);

impl Visit for Line {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let _ = match field.name() {
            "message" => write!(self.0, " {value:?}"),
            name => write!(self.0, " {name}={value:?}"),
        };
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        let _ = match field.name() {
            "message" => write!(self.0, " {value}"),
            name => write!(self.0, " {name}={value}"),
        };
    }
}
