//! The clients of PostgreSQL and MySQL: what they send, whom they trust, and what a refusal means.

mod differences;
mod logins;
mod mysql_wire;
mod postgres_wire;
pub mod scripted;
