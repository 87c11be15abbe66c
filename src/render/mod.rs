//! A value -> bytes, and the only writing to stdout and stderr.
//!
//! One file a format. Must not know where a value came from; must not decide what is printed.

pub mod airflow;
pub mod azure_pipelines;
pub mod dotenv;
mod entry;
pub mod explain;
pub mod export;
pub mod file;
pub mod github_env;
pub mod gitlab_dotenv;
pub mod kubernetes;
pub mod log;
mod logging_command;
pub mod masks;
pub mod output;
pub mod shell;
pub mod terminal;
pub mod yaml;

pub use entry::{Entry, Exported};
pub use masks::Masks;
pub use output::stdout;
pub use terminal::Terminal;
