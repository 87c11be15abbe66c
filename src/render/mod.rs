//! Turns a value into bytes, and is the only module that writes to stdout and stderr.
//!
//! One file per format. Must not know where a value came from, nor decide what is printed.

pub mod airflow;
pub mod azure_pipelines;
pub mod check;
pub mod diff;
pub mod doctor;
pub mod dotenv;
mod entry;
pub mod explain;
pub mod export;
pub mod file;
pub mod github_env;
pub mod gitlab_dotenv;
pub mod kubernetes;
pub mod list;
pub mod log;
mod logging_command;
pub mod masks;
pub mod output;
pub mod policy;
pub mod shell;
pub mod style;
pub mod terminal;
pub mod yaml;

pub use entry::{Entry, Exported};
pub use masks::Masks;
pub use output::stdout;
pub use style::Style;
pub use terminal::Terminal;
