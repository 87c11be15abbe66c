//! `inject`: renders a template in Airflow's notation with real values.
//!
//! Owns which names are asked for, and when: all that the template names at once, with one login, and then those that only rendering
//! finds. Must not know Jinja: `template` does.

use std::collections::HashMap;
use std::io::IsTerminal as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use clap::Args;

use super::as_format::{self, Additions};
use super::session::Session;
use super::{export, stored};
use crate::connection::Connection;
use crate::drivers::Format;
use crate::error::{Error, Result};
use crate::inspect::code::{self, Source};
use crate::render::{self, Masks, Terminal, file};
use crate::secret::Secret;
use crate::shown::shown;
use crate::template::{self, Answer, Name, Names, Rendered};
use crate::value::{Found, SecretKind};

/// A name that depends on the value of another is found one pass later. More passes than this are refused.
const MOST_PASSES: usize = 50;

/// The largest template.
const MOST_BYTES: u64 = 32 << 20;

/// Options of `inject`.
#[derive(Args, Debug)]
#[command(
    after_long_help = "Examples:\n  secretctl inject -i profiles.yml.j2 -o ~/.dbt/profiles.yml\n  \
                       echo '{{ conn.warehouse.password | b64encode }}' | secretctl inject\n  \
                       echo \"{{ conn.warehouse | as('sqlalchemy') }}\" | secretctl inject"
)]
pub struct InjectArgs {
    /// The template: a file in Jinja, with `conn` and `var` as in Airflow [default: stdin]
    #[arg(short, long = "in", value_name = "TEMPLATE")]
    pub input: Option<PathBuf>,
    /// Write to FILE instead of stdout: atomically, and readable only by you
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
}

/// Renders the template, and prints or writes it.
pub(crate) fn run(session: &Session, args: &InjectArgs) -> Result<()> {
    // As in most programs, `-` is stdin and stdout.
    let input = args.input.as_deref().filter(|input| *input != Path::new("-"));
    let out = args.out.as_deref().filter(|out| *out != Path::new("-"));
    if let Some(out) = out {
        export::refuse_ci_file(out, &session.settings.env).map_err(|error| {
            error.with_hint("print the text, and append it: `secretctl inject … >> FILE`")
        })?;
        file::check(out)?;
        refuse_the_template(input, out)?;
    }
    let (name, text) = read(session, input)?;
    let values = Values {
        answers: HashMap::new(),
        formatted: Mutex::default(),
        masks: Mutex::new(session.masks()),
        terminal: session.terminal,
    };
    let (rendered, printed, values) = rendered(session, &name, text.expose(), values)?;
    let mut masks = values.masks();
    for secret in &printed {
        masks.add(secret.expose());
    }
    masks.announce()?;
    let newline = !session.settings.no_newline;
    match out {
        None => render::stdout(rendered.expose(), newline),
        Some(out) => file::write_text(out, rendered.expose(), newline),
    }
}

/// Refuses to replace the template by its result.
fn refuse_the_template(input: Option<&Path>, out: &Path) -> Result<()> {
    let same = input.and_then(|input| Some(input.canonicalize().ok()? == out.canonicalize().ok()?));
    if same == Some(true) {
        return Err(Error::usage("`--out` would replace the template"));
    }
    Ok(())
}

/// Returns the template's name for messages, and its text.
fn read(session: &Session, input: Option<&Path>) -> Result<(String, Secret)> {
    let deadline = session.settings.deadline;
    let Some(path) = input else {
        if std::io::stdin().is_terminal() {
            return Err(
                Error::usage("no template: stdin is a terminal").with_hint("name one with `-i TEMPLATE`")
            );
        }
        let text = crate::file::read_stdin(deadline)
            .map_err(|source| Error::usage("the template cannot be read from stdin").with_source(source))?;
        return Ok(("stdin".to_owned(), text));
    };
    let name = shown(&path.display().to_string());
    let text = crate::file::read_up_to(path, MOST_BYTES, deadline)
        .map_err(|source| Error::usage(format!("template `{name}` cannot be read")).with_source(source))?;
    Ok((name, text))
}

/// Renders until no new name is needed.
fn rendered(
    session: &Session,
    name: &str,
    text: &[u8],
    mut values: Values,
) -> Result<(Secret, Vec<Secret>, Values)> {
    for pass in 0..MOST_PASSES {
        let needed = match template::render(name, text, &values, session.settings.deadline)? {
            Rendered::Text { text, printed } => return Ok((text, printed, values)),
            Rendered::Needs(names) => names,
        };
        // A name in a branch that is not rendered is asked for too, because that costs no round trip, and may be missing.
        let mut names = if pass == 0 { written(text) } else { Vec::new() };
        names.extend(needed);
        values.ask(session, names);
    }
    Err(Error::usage(format!(
        "the names in `{name}` depend on each other through more than {MOST_PASSES} steps"
    )))
}

/// Returns the names that stand in the template.
fn written(text: &[u8]) -> Vec<Name> {
    let source = Source {
        path: "template".into(),
        text: text.to_vec(),
    };
    let found = code::names(&[source]);
    let names = found.names().into_keys();
    names
        .filter(|(_, id)| !id.is_empty())
        .map(|(kind, id)| Name {
            kind,
            id: id.to_owned(),
        })
        .collect()
}

/// The values for a template, as far as they were asked for.
struct Values {
    answers: HashMap<Name, Result<Found>>,
    /// Connections in a format of `--as`, so that each is written, and warned about, once.
    formatted: Mutex<HashMap<(String, String), Result<Secret>>>,
    masks: Mutex<Masks>,
    terminal: Terminal,
}

impl Values {
    /// Asks for names, a few at a time and each once.
    fn ask(&mut self, session: &Session, mut names: Vec<Name>) {
        names.retain(|name| !self.answers.contains_key(name));
        names.sort_by(|left, right| (left.kind, &left.id).cmp(&(right.kind, &right.id)));
        names.dedup();
        let questions: Vec<(SecretKind, &str)> =
            names.iter().map(|name| (name.kind, name.id.as_str())).collect();
        let found = session.find_each(&questions);
        let mut masks = self.masks.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, found) in names.iter().zip(&found) {
            if let Ok(found) = found {
                mask(name, found, &mut masks);
            }
        }
        drop(masks);
        self.answers.extend(names.into_iter().zip(found));
    }

    /// Returns the masks of what was resolved and written.
    fn masks(self) -> Masks {
        self.masks.into_inner().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Adds a value, and what is secret in a connection.
fn mask(name: &Name, found: &Found, masks: &mut Masks) {
    if name.kind == SecretKind::Connection
        && let Ok(connection) = Connection::from_found(&name.id, found)
    {
        masks.add_connection(&connection);
    } else {
        masks.add(stored::text(found).expose());
    }
}

impl Names for Values {
    fn answer(&self, name: &Name) -> Answer<'_> {
        match self.answers.get(name) {
            Some(Ok(found)) => Answer::Found(found),
            Some(Err(error)) => Answer::Failed(error),
            None => Answer::NotAsked,
        }
    }

    fn formatted(&self, conn_id: &str, format: &str) -> Result<Secret> {
        let mut formatted = self.formatted.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (conn_id.to_owned(), format.to_owned());
        let text = formatted
            .entry(key)
            .or_insert_with(|| self.written_as(conn_id, format));
        match text {
            Ok(text) => Ok(text.clone()),
            Err(error) => Err(error.copied()),
        }
    }

    fn keeps_printed(&self) -> bool {
        self.masks.lock().unwrap_or_else(PoisonError::into_inner).wanted()
    }
}

impl Values {
    fn written_as(&self, conn_id: &str, format: &str) -> Result<Secret> {
        let name = Name {
            kind: SecretKind::Connection,
            id: conn_id.to_owned(),
        };
        let Some(Ok(found)) = self.answers.get(&name) else {
            return Err(Error::internal("a connection is written that was not found"));
        };
        let format = Format::parse(format)?;
        let connection = Connection::from_found(conn_id, found)?;
        let mut masks = self.masks.lock().unwrap_or_else(PoisonError::into_inner);
        as_format::text(
            &connection,
            format,
            &Additions::default(),
            &mut masks,
            self.terminal,
        )
    }
}
