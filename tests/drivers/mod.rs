//! `--as`: the library's formats against Airflow's own hooks, and the programs that read them.

#[cfg(unix)]
mod databases;
mod dbt;
mod differences;
mod generate;
mod hooks;
#[cfg(unix)]
mod programs;
