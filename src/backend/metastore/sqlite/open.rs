//! Opens a database file of SQLite so that nothing is made or changed beside it, also while Airflow writes to it.
//!
//! Must not know any table.
//!
//! | the file | is opened |
//! | --- | --- |
//! | with a rollback journal, as by Airflow 2 | `mode=ro`, which takes SQLite's locks |
//! | with a log (WAL), at rest | `immutable=1`: a plain read-only open would make the files of a log |
//! | with a log, while Airflow runs | `readonly_shm=1`: the log and its index are read and not changed |
//! | with a log that a crash has left without its index | in memory, with the log's committed pages (`wal`) |
//!
//! Source: <https://www.sqlite.org/uri.html>, <https://www.sqlite.org/fileformat2.html>, <https://www.sqlite.org/walformat.html>.

use std::ffi::OsString;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rusqlite::{Connection, OpenFlags};

use super::{Problem, wal};
use crate::python::quote::quote_path;

/// The first bytes of every database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// The bytes of a database's header.
const HEADER_BYTES: usize = 100;

/// The byte of the header that says whether writers use a log, and its value then.
const WRITE_VERSION: usize = 18;
const WITH_LOG: u8 = 2;

/// The largest database and log that are read into memory.
const MOST_IN_MEMORY_BYTES: u64 = 1 << 30;

/// How long before the deadline a lock is given up, so that the error can say what was waited for: a tenth of the time that is left,
/// within these bounds. SQLite counts only the pauses that it asks for, and a busy machine makes them longer.
const MARGIN: [Duration; 2] = [Duration::from_millis(30), Duration::from_secs(1)];

/// How a database is used at the moment.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum State {
    /// Writers use a rollback journal.
    Journal,
    /// Writers use a log, and there is none: nobody has it open.
    AtRest(Contents),
    /// Writers use a log, and it is open.
    Running,
    /// There is a log, and nobody has it open.
    Crashed(Contents, Contents),
}

/// What tells the contents of a file from others.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Contents {
    bytes: u64,
    modified: Option<SystemTime>,
}

impl Contents {
    fn of(metadata: &Metadata) -> Self {
        Self {
            bytes: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// Returns the first of `paths` that exists, without symbolic links: SQLite looks for the log beside the file itself.
pub(super) fn real_path(paths: &[PathBuf; 2]) -> Result<PathBuf, Problem> {
    let [decoded, as_written] = paths;
    match fs::canonicalize(decoded) {
        Err(cause) if cause.kind() == io::ErrorKind::NotFound && decoded != as_written => {
            fs::canonicalize(as_written)
        }
        path => path,
    }
    .map_err(Problem::from)
}

impl State {
    /// Finds out how the database at `path` is used.
    pub(super) fn of(path: &Path) -> Result<Self, Problem> {
        let metadata = fs::metadata(path)?;
        if !metadata.is_file() {
            return Err(Problem::NotAFile);
        }
        if metadata.len() == 0 {
            return Err(Problem::Empty);
        }
        let mut header = [0; HEADER_BYTES];
        match File::open(path)?.read_exact(&mut header) {
            Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Err(Problem::NotADatabase),
            read => read?,
        }
        if !header.starts_with(MAGIC) {
            return Err(Problem::NotADatabase);
        }
        if header[WRITE_VERSION] != WITH_LOG {
            return Ok(Self::Journal);
        }
        let log = existing(&beside(path, "-wal"))?;
        let index = existing(&beside(path, "-shm"))?;
        Ok(match (log, index) {
            (None, _) => Self::AtRest(Contents::of(&metadata)),
            (Some(log), None) if log.len() == 0 => Self::AtRest(Contents::of(&metadata)),
            (Some(log), None) => Self::Crashed(Contents::of(&metadata), Contents::of(&log)),
            (Some(_), Some(_)) => Self::Running,
        })
    }

    /// Opens the database.
    pub(super) fn open(&self, path: &Path, deadline: Instant) -> Result<Connection, Problem> {
        let connection = match self {
            Self::Journal => read_only(path, "")?,
            Self::AtRest(_) => read_only(path, "&immutable=1")?,
            Self::Running => read_only(path, "&readonly_shm=1")?,
            Self::Crashed(database, log) => in_memory(path, database.bytes, log.bytes)?,
        };
        let left = deadline.saturating_duration_since(Instant::now());
        connection.busy_timeout(left.saturating_sub((left / 10).clamp(MARGIN[0], MARGIN[1])))?;
        Ok(connection)
    }
}

fn read_only(path: &Path, parameters: &str) -> Result<Connection, Problem> {
    let text = path.to_str().ok_or(Problem::NotUnicode)?;
    // On Windows, a path begins with the letter of a drive.
    let root = if text.starts_with('/') { "" } else { "/" };
    let uri = format!("file:{root}{}?mode=ro{parameters}", quote_path(text));
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Ok(Connection::open_with_flags(uri, flags)?)
}

/// Reads the database and the log that a crash has left, and opens the result.
fn in_memory(path: &Path, database_bytes: u64, log_bytes: u64) -> Result<Connection, Problem> {
    if database_bytes.saturating_add(log_bytes) > MOST_IN_MEMORY_BYTES {
        return Err(Problem::TooLarge);
    }
    let mut database = fs::read(path)?;
    let log = fs::read(beside(path, "-wal"))?;
    wal::apply(&mut database, &log).ok_or(Problem::Damaged)?;
    let mut connection = Connection::open_in_memory()?;
    connection.deserialize_read_exact("main", database.as_slice(), database.len(), true)?;
    Ok(connection)
}

/// Returns the path of a file that belongs to the database.
fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

/// Returns the metadata of a file, or `None` if it does not exist.
fn existing(path: &Path) -> Result<Option<Metadata>, Problem> {
    match fs::metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause.into()),
    }
}
