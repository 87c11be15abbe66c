//! `-v` and `SECRETCTL_LOG`: what was asked of whom, how it ended and how long it took, on stderr, one line an event.
//!
//! Only this crate's own events are shown, at any verbosity: what they hold is known, and no value is in it. What a library
//! logs (headers, say) is not.

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

/// This crate's name, under which its events stand.
const OWN_TARGET: &str = "secretctl";

/// Starts the log: at debug for one `-v`, at trace for more, else as `SECRETCTL_LOG` says; without either there is none.
///
/// # Errors
/// Filters that are none, with status 2.
pub fn start(verbose: u8, env: &Env) -> Result<()> {
    let targets = match (verbose, env.non_empty(VARIABLE)) {
        (0, None) => return Ok(()),
        (0, Some(filters)) => filters.parse::<Targets>().map_err(|cause| {
            Error::usage(format!("{VARIABLE} holds no filters"))
                .with_source(cause)
                .with_hint(format!(
                    "`{VARIABLE}=secretctl=debug` shows what is asked of whom"
                ))
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

/// An event's message, and its fields behind it.
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
