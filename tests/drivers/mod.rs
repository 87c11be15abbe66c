//! `--as`: the library's formats against Airflow's own hooks, and the programs that read them.

mod generate;
mod hooks;
