//! `inject`: templates in Airflow's notation.

mod corpus;
mod differences;
#[cfg(unix)]
mod files;
mod generated;
mod hostile;
#[cfg(unix)]
mod messages;
mod names;
mod world;
