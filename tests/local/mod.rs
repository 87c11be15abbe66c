//! Local secrets files, the environment and the search path, compared with Airflow.

mod yaml;
mod yaml_texts;
