//! The clients of PostgreSQL and MySQL: what they send, whom they trust, and what a refusal means.

mod logins;
mod postgres_wire;
