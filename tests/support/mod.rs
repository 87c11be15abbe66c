//! Shared by the tests: the program under test, the judges that know the right answer, real servers, sizes and seeds.
//!
//! Owns every process that a test starts besides its subject, and ends each by its pid. Must not know any area's rules.
//! Nothing here sets the environment of the test process: children get only the given variables.

mod differences;
mod judge;
#[cfg(target_os = "linux")]
pub mod memory;
pub mod metastore;
pub mod moto;
mod page;
mod process;
mod program;
pub mod server;
mod sides;
pub mod sigv4;
mod sizes;
mod skip;
mod vault_server;
mod yaml;

pub use differences::{differs, listed};
pub use judge::{
    Judge, airflow, airflow_apart, airflow_drivers, airflow_fresh, airflow_options, airflow_tasks,
};
pub use page::{page, page_but};
pub use process::{Guard, free_port, wait_for_port};
pub use program::{Output, Program, secretctl};
pub use sides::{Side, Sides, requests};
pub use sizes::{Random, cases, enough, full, random};
pub use skip::{skip, variable};
pub use vault_server::{VaultServer, bao, hashicorp};
pub use yaml::{yaml, yaml_file};

/// Creates a folder that is removed when the value is dropped.
pub fn temp_dir() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("secretctl-test-")
        .tempdir()
        .unwrap()
}
