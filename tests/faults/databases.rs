//! Faults of Airflow's database: servers of PostgreSQL and MySQL that misbehave at one point, and files of SQLite that are not its own.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use super::outcome::{Due, Outcome, outcomes, words};
use super::servers::{LONG, SHORT};
use crate::databases::scripted::{Act, Protocol, Scripted, Stage};
use crate::support::server::{Authority, Reply, Server, Validity};
use crate::support::{Output, free_port, secretctl, temp_dir};

/// The variable with the database's URL, which every message names.
const CONN: &str = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN";

/// The password, which no output may contain.
const PASSWORD: &str = "CANARY-4e1b";

/// The time limit of a run that waits for nothing.
const WORK: Duration = Duration::from_secs(3);

/// A fault.
struct Fault {
    name: &'static str,
    status: i32,
    does: Does,
}

/// What the database does.
enum Does {
    /// The server misbehaves.
    Script(Stage, Act),
    /// The server refuses: `PostgreSQL`'s stage, SQLSTATE and words, and `MySQL`'s stage, number and words.
    Refuses(Option<Refusal>, Option<Refusal>),
    /// Nobody listens.
    Nobody,
    /// The server is as it should be and has no TLS, and the URL has these options, of `PostgreSQL` and of `MySQL` (empty: it lacks the fault).
    Options(&'static str, &'static str),
    /// The server's certificate is signed by an authority that the URL does not name.
    ForeignAuthority,
    /// A file of `SQLite`, made in a folder.
    File(fn(&Path)),
}

type Refusal = (Stage, &'static str, &'static str);

const fn fault(name: &'static str, status: i32, does: Does) -> Fault {
    Fault { name, status, does }
}

const fn refuses(name: &'static str, status: i32, postgres: Refusal, mysql: Refusal) -> Fault {
    fault(name, status, Does::Refuses(Some(postgres), Some(mysql)))
}

/// The faults that happen at every stage are added to these.
const FAULTS: &[Fault] = &[
    fault("no server listens", 5, Does::Nobody),
    refuses(
        "too many connections",
        5,
        (Stage::Login, "53300", "sorry, too many clients already"),
        (Stage::Greeting, "1040", "Too many connections"),
    ),
    fault(
        "a server that is starting",
        5,
        Does::Refuses(
            Some((Stage::Login, "57P03", "the database system is starting up")),
            None,
        ),
    ),
    refuses(
        "a host or a user that is not allowed",
        4,
        (
            Stage::Login,
            "28000",
            "no pg_hba.conf entry for host \"10.0.0.7\", user \"airflow\"",
        ),
        (
            Stage::Greeting,
            "1130",
            "Host '10.0.0.7' is not allowed to connect to this MySQL server",
        ),
    ),
    refuses(
        "a wrong password",
        4,
        (
            Stage::Login,
            "28P01",
            "password authentication failed for user \"airflow\"",
        ),
        (
            Stage::Login,
            "1045",
            "Access denied for user 'airflow'@'10.0.0.7'",
        ),
    ),
    refuses(
        "a database that does not exist",
        2,
        (Stage::Login, "3D000", "database \"airflow\" does not exist"),
        (Stage::Login, "1049", "Unknown database 'airflow'"),
    ),
    refuses(
        "a database without Airflow's tables",
        2,
        (Stage::Statement, "42P01", "relation \"variable\" does not exist"),
        (Stage::Statement, "1146", "Table 'airflow.variable' doesn't exist"),
    ),
    refuses(
        "a user without the right to read",
        4,
        (Stage::Statement, "42501", "permission denied for table variable"),
        (
            Stage::Statement,
            "1142",
            "SELECT command denied to user 'airflow'",
        ),
    ),
    refuses(
        "a statement that exceeds the server's own limit",
        5,
        (
            Stage::Statement,
            "57014",
            "canceling statement due to statement timeout",
        ),
        (Stage::Statement, "3024", "Query execution was interrupted"),
    ),
    refuses(
        "a server that shuts down",
        5,
        (
            Stage::Statement,
            "57P01",
            "terminating connection due to administrator command",
        ),
        (Stage::Statement, "1053", "Server shutdown in progress"),
    ),
    refuses(
        "another refusal, whose words have the password and control characters",
        5,
        (Stage::Statement, "XX000", "CANARY-4e1b \u{1b}[31m"),
        (Stage::Statement, "1105", "CANARY-4e1b \u{1b}[31m"),
    ),
    fault(
        "a server without TLS, and a URL that needs it",
        5,
        Does::Options("sslmode=require", "ssl_mode=REQUIRED"),
    ),
    fault("a certificate of a foreign authority", 5, Does::ForeignAuthority),
    fault(
        "a file of roots that does not exist",
        2,
        Does::Options("sslmode=verify-full&sslrootcert=/nonexistent", ""),
    ),
    fault("a file that does not exist", 2, Does::File(|_| ())),
    fault(
        "a file that is a folder",
        2,
        Does::File(|file| std::fs::create_dir(file).unwrap()),
    ),
    fault(
        "a file that is no database",
        2,
        Does::File(|file| std::fs::write(file, "x".repeat(9000)).unwrap()),
    ),
    fault(
        "a file without Airflow's tables",
        2,
        Does::File(|file| {
            let other = rusqlite::Connection::open(file).unwrap();
            other.execute_batch("CREATE TABLE other (x)").unwrap();
        }),
    ),
];

fn faults() -> Vec<Fault> {
    let mut all: Vec<Fault> = Vec::new();
    for (stage, hangs, cut, garbage) in [
        (
            Stage::Greeting,
            "no greeting",
            "cut in the greeting",
            "a greeting of another protocol",
        ),
        (
            Stage::Login,
            "no answer to the login",
            "cut in the answer to the login",
            "an answer of another protocol to the login",
        ),
        (
            Stage::Transaction,
            "no answer to the transaction",
            "cut in the answer to the transaction",
            "an answer of another protocol to the transaction",
        ),
        (
            Stage::Statement,
            "no answer to the statement",
            "cut in the answer to the statement",
            "an answer of another protocol to the statement",
        ),
        (
            Stage::Row,
            "half a row",
            "cut in the row",
            "something of another protocol for the row",
        ),
    ] {
        all.extend([
            fault(hangs, 5, Does::Script(stage, Act::Hang)),
            fault(cut, 5, Does::Script(stage, Act::Cut)),
            fault(garbage, 5, Does::Script(stage, Act::Garbage)),
        ]);
    }
    all
}

/// What answers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Server(Protocol),
    File,
}

impl Kind {
    const ALL: [Self; 3] = [
        Self::Server(Protocol::Postgres),
        Self::Server(Protocol::MySql),
        Self::File,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Server(Protocol::Postgres) => "PostgreSQL",
            Self::Server(Protocol::MySql) => "MySQL",
            Self::File => "SQLite",
        }
    }

    fn has(self, fault: &Fault) -> bool {
        match &fault.does {
            Does::File(_) => self == Self::File,
            Does::Refuses(postgres, mysql) => match self {
                Self::Server(Protocol::Postgres) => postgres.is_some(),
                Self::Server(Protocol::MySql) => mysql.is_some(),
                Self::File => false,
            },
            // MySQL's server says first whether it has TLS.
            Does::Options(_, mysql) => {
                self == Self::Server(Protocol::Postgres)
                    || self == Self::Server(Protocol::MySql) && !mysql.is_empty()
            }
            _ => self != Self::File,
        }
    }
}

fn inject(fault: &Fault, kind: Kind) -> Outcome {
    let dir = temp_dir();
    let limit = match fault.does {
        Does::Script(_, Act::Hang) => SHORT,
        _ => LONG,
    };
    let (url, place) = match (kind, &fault.does) {
        (Kind::Server(protocol), does) => {
            let (port, query) = server(protocol, does, dir.path());
            let scheme = match protocol {
                Protocol::Postgres => "postgresql+psycopg2",
                Protocol::MySql => "mysql+pymysql",
            };
            (
                format!("{scheme}://airflow:{PASSWORD}@127.0.0.1:{port}/airflow?{query}"),
                format!("127.0.0.1:{port}"),
            )
        }
        (Kind::File, does) => {
            let file = dir.path().join("airflow.db");
            if let Does::File(make) = does {
                make(&file);
            }
            (format!("sqlite:///{}", file.display()), "127.0.0.1:0".to_owned())
        }
    };
    let output = secretctl()
        .env(CONN, &url)
        .args(["get-var", "hello", "-n"])
        .args(["--timeout", &limit.as_secs().to_string()])
        .run();
    let folder = dir.path().to_str().unwrap();
    let text = words(&output.stderr)
        .replace(&place, "db.example.com:5432")
        .replace(folder, "/opt/airflow");
    Outcome {
        broken: broken(fault, kind, &output),
        missed: false,
        status: output.status,
        reads: None,
        words: text,
        time: output.time,
        due: if limit == SHORT {
            Due::at(limit)
        } else {
            Due::within(Duration::ZERO, WORK)
        },
    }
}

/// Starts a server, and returns its port and the options of the URL.
fn server(protocol: Protocol, does: &Does, dir: &Path) -> (u16, String) {
    let healthy = || Scripted::new(protocol, &[("val", "world")]);
    let is_postgres = protocol == Protocol::Postgres;
    match does {
        Does::Nobody => (free_port(), String::new()),
        Does::Script(stage, act) => (healthy().doing(*stage, act.clone()).start(), String::new()),
        Does::Refuses(postgres, mysql) => {
            let (stage, code, words) = if is_postgres { postgres } else { mysql }.unwrap();
            let act = Act::Refuse(code, words.to_owned());
            (healthy().doing(stage, act).start(), String::new())
        }
        Does::Options(postgres, mysql) => {
            let options = if is_postgres { postgres } else { mysql };
            (healthy().start(), (*options).to_owned())
        }
        Does::ForeignAuthority => {
            let foreign = Authority::new("foreign").certificate(Validity::Good);
            let tls = Server::start_tls(&foreign, |_| Reply::status(500));
            let port = healthy().doing(Stage::Greeting, Act::Tls(tls.port)).start();
            // Its thread must outlive the lookup.
            std::mem::forget(tls);
            let file = dir.join("ca.pem");
            std::fs::write(&file, Authority::trusted().pem()).unwrap();
            let options = if is_postgres {
                format!("sslmode=verify-full&sslrootcert={}", file.display())
            } else {
                format!("ssl_ca={}", file.display())
            };
            (port, options)
        }
        Does::File(_) => unreachable!("a file has no server"),
    }
}

/// Returns the promise that the output of a fault breaks, if any.
fn broken(fault: &Fault, kind: Kind, output: &Output) -> Option<String> {
    let stderr = &output.stderr;
    let rules = [
        ("status", output.status == fault.status),
        ("value", output.stdout.is_empty()),
        ("secret", !stderr.contains("CANARY") && !stderr.contains('\u{1b}')),
        ("panic", !stderr.contains("a bug in secretctl")),
        ("source", stderr.contains(CONN)),
        ("hint", stderr.contains("\nhint: ")),
    ];
    let broken: Vec<&str> = rules
        .iter()
        .filter(|(_, holds)| !holds)
        .map(|(rule, _)| *rule)
        .collect();
    (!broken.is_empty()).then(|| {
        format!(
            "{} ({}): {broken:?}: status {}, {:?}: {stderr}",
            fault.name,
            kind.name(),
            output.status,
            output.time
        )
    })
}

const INTRODUCTION: &str = "\
## Airflow's database

Each fault was injected into a lookup in the database of `AIRFLOW__DATABASE__SQL_ALCHEMY_CONN`: PostgreSQL and MySQL at one point of their protocols,
SQLite in its file. The database is the end of the search path, so a fault is never \"not found\". Every message names the database, what
configures it (in a line of its own, left out here) and the way out, and none has the password. An attempt is not repeated: a server that restarts
is asked by the next command.

| fault | database | status | took | words |
| --- | --- | --- | --- | --- |
";

/// Writes the section of the page.
pub fn section(page: &mut String) {
    let of_stages = faults();
    let all: Vec<&Fault> = FAULTS.iter().chain(&of_stages).collect();
    let mut jobs: Vec<(&Fault, Kind)> = Vec::new();
    for fault in &all {
        jobs.extend(
            Kind::ALL
                .into_iter()
                .filter(|kind| kind.has(fault))
                .map(|kind| (*fault, kind)),
        );
    }
    let done = outcomes(&jobs, |(fault, kind)| inject(fault, *kind));
    write!(page, "\n{INTRODUCTION}").unwrap();
    for ((fault, kind), outcome) in jobs.iter().zip(done) {
        let (name, kind, status) = (fault.name, kind.name(), outcome.status);
        let (time, words) = (outcome.time.as_secs_f64(), outcome.words.replace('|', "\\|"));
        writeln!(page, "| {name} | {kind} | {status} | {time:.2} s | {words} |").unwrap();
    }
}

#[test]
fn every_fault_of_a_database_has_its_status_and_names_its_source() {
    let mut page = String::new();
    section(&mut page);
    assert!(page.lines().count() > 60, "{page}");
}
