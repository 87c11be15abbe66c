//! The configuration as `doctor` reports it: what was found where, and what is set without effect.
//!
//! Names variables, files, lines and kwargs; never shows a value.

use std::path::Path;

use crate::commands::session;
use crate::options::GlobalArgs;
use crate::report::{Check, Section};
use crate::resolver::Resolver;
use crate::settings::{BackendSpec, Note, Settings, Source};
use crate::shown::shown;

/// The most kwargs that a line names.
const MOST_KWARGS: usize = 40;

/// Adds the files, what is set without effect, and the class of the backend.
pub(super) fn examine(args: &GlobalArgs, settings: &Settings, section: &mut Section) {
    section.ok(Check::Settings, files(settings));
    for warning in settings
        .warnings
        .iter()
        .cloned()
        .chain(session::secret_in_sight(args))
    {
        section.warning(Check::Settings, warning, None);
    }
    for note in &settings.provenance.notes {
        match note {
            Note::Ignored { .. } => {
                let way_out = "remove it, or remove what takes its place".to_owned();
                section.warning(Check::Settings, note.to_string(), Some(way_out));
            }
            Note::UnitTestMode => {
                let way_out = "set `[core] unit_test_mode` to False".to_owned();
                section.warning(Check::Settings, note.to_string(), Some(way_out));
            }
            _ => {}
        }
    }
    for shadowed in settings.airflow.shadowed() {
        let way_out = format!("remove {shadowed}, unless it is meant for others");
        let words = format!("{} is shadowed by {}", shadowed.source, shadowed.by);
        section.warning(Check::Settings, words, Some(way_out));
    }
    match configured(settings) {
        None => section.ok(Check::Backend, without_backend(settings)),
        Some(spec) => match Resolver::check_class(spec) {
            Err(error) => {
                section.failure(Check::Backend, &error);
                section.leave_out(&[Check::Kwargs]);
            }
            Ok(()) => section.ok(
                Check::Backend,
                format!("`{}` from {}", shown(&spec.class_path), spec.origin),
            ),
        },
    }
}

/// Returns the kwargs by name, and where each is from.
pub(super) fn kwargs(settings: &Settings) -> Option<String> {
    let spec = configured(settings)?;
    let provenance = &settings.provenance;
    let whole = provenance.source_of("backend_kwargs");
    let mut names: Vec<String> = spec
        .kwargs
        .remaining()
        .take(MOST_KWARGS)
        .map(|name| match provenance.source_of(&format!("kwarg {name}")) {
            Some(source) if spec.kwargs.set_by(name).is_some() => format!("`{}` ({source})", shown(name)),
            _ => format!("`{}`", shown(name)),
        })
        .collect();
    let more = spec.kwargs.remaining().count() - names.len();
    if more > 0 {
        names.push(format!("{more} more"));
    }
    Some(match (names.is_empty(), whole) {
        (true, _) => "none, so the backend has its defaults".to_owned(),
        (false, Some(source)) => format!("{} from {source}", names.join(", ")),
        (false, None) => names.join(", "),
    })
}

/// Returns the backend that is configured, if there is one.
fn configured(settings: &Settings) -> Option<&BackendSpec> {
    let mut specs = settings.search_path.iter();
    specs.find(|spec| spec.origin != Source::Default)
}

fn without_backend(settings: &Settings) -> String {
    format!(
        "none is configured, so Airflow asks {} alone",
        if settings.search_path.len() > 1 {
            "the environment and its database"
        } else {
            "the environment"
        }
    )
}

/// Returns the files that were read.
fn files(settings: &Settings) -> String {
    let provenance = &settings.provenance;
    let show = |file: &Path| format!("`{}`", shown(&file.to_string_lossy()));
    let mut files: Vec<String> = provenance.env_files.iter().map(|file| show(file)).collect();
    files.extend(provenance.config_file.as_deref().map(show));
    match (files.as_slice(), &provenance.config_file) {
        ([], _) => "the environment alone: there is no airflow.cfg, and no env file is named".to_owned(),
        (files, Some(_)) => format!("the environment, then {}", files.join(", then ")),
        (files, None) => format!(
            "the environment, then {}; there is no airflow.cfg",
            files.join(", then ")
        ),
    }
}
