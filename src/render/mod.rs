//! A value -> bytes, and the only writing to stdout and stderr.
//!
//! One file a format. Must not know where a value came from; must not decide what is printed.

pub mod dotenv;
pub mod explain;
pub mod masks;
pub mod output;
pub mod shell;
pub mod terminal;

pub use masks::Masks;
pub use output::stdout;
pub use terminal::Terminal;
