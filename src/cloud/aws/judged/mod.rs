//! Clients of AWS against boto3's: what no command shows before a request is sent.

mod answers;
mod credentials;
mod endpoints;
mod transport;

/// The judge, its skips, its seeds, and the scripted server, from the integration tests.
#[expect(
    dead_code,
    unused_imports,
    unreachable_pub,
    clippy::print_stderr,
    reason = "these files belong to the integration tests"
)]
#[path = "../../../../tests/support"]
mod support {
    mod judge;
    pub mod server;
    pub mod sigv4;
    mod sizes;
    mod skip;

    pub use judge::airflow;
    pub use sizes::{Random, cases, random};
    pub use skip::{skip, variable};
}
