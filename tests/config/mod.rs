//! `get-config SECTION.KEY`: any option of Airflow's configuration, compared with Airflow's own answer.

mod differences;
mod generate;
mod parity;
mod table;
mod user;
