//! Local secrets files, the environment and the search path, compared with Airflow.

mod differences;
mod environment;
mod errors;
mod file_texts;
mod files;
mod yaml;
mod yaml_corpus;
mod yaml_ours;
mod yaml_texts;
