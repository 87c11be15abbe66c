//! The default connections of the providers' hooks and operators.
//!
//! The table is `class_defaults.txt`, written by `scripts/class-defaults`, which describes its form. It is read when the first
//! class is looked up.

use std::collections::HashMap;
use std::sync::OnceLock;

const TABLE: &str = include_str!("class_defaults.txt");

/// A parameter that names a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    /// Its position, when it need not be a keyword.
    pub(super) position: Option<usize>,
    /// The connection that is used without it.
    pub(super) default: Option<&'static str>,
}

/// A class of this name: its module below `airflow.providers`, and its parameters as the table has them.
#[derive(Clone, Copy, Debug)]
struct Entry {
    module: &'static str,
    parameters: &'static str,
}

/// The parameters of a class, by its full name. Empty for a class that is not in the table.
pub(super) fn parameters(path: &str) -> Vec<Parameter> {
    let Some((module, class)) = path.rsplit_once('.') else {
        return Vec::new();
    };
    let Some(module) = module.strip_prefix("airflow.") else {
        return Vec::new();
    };
    let module = module.strip_prefix("providers.").unwrap_or(module);
    let is_task = is_task_decorator(module);
    let entries = table().get(class).map_or(&[][..], Vec::as_slice);
    let near = |entry: &&Entry| {
        entry
            .module
            .split('.')
            .zip(module.split('.'))
            .take_while(|(own, other)| own == other)
            .count()
    };
    // A class may be imported from where it was, or from where it is exported again: the nearest of its name is meant.
    let found = entries
        .iter()
        .filter(|entry| (entry.module == "task") == is_task)
        .max_by_key(near);
    found
        .into_iter()
        .flat_map(|entry| entry.parameters.split(' '))
        .filter_map(parameter)
        .collect()
}

/// Whether `module.NAME` is `@task.NAME`: `sdk.task`, `decorators.task`.
fn is_task_decorator(module: &str) -> bool {
    module.rsplit('.').next() == Some("task")
}

/// `name@position=default`
fn parameter(text: &'static str) -> Option<Parameter> {
    let (head, default) = match text.split_once('=') {
        Some((head, default)) => (head, Some(default)),
        None => (text, None),
    };
    let (name, position) = match head.split_once('@') {
        Some((name, position)) => (name, position.parse().ok()),
        None => (head, None),
    };
    (!name.is_empty()).then_some(Parameter {
        name,
        position,
        default,
    })
}

fn table() -> &'static HashMap<&'static str, Vec<Entry>> {
    static PARSED: OnceLock<HashMap<&'static str, Vec<Entry>>> = OnceLock::new();
    PARSED.get_or_init(|| {
        let mut all: HashMap<&str, Vec<Entry>> = HashMap::new();
        let mut parameters = "";
        for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
            if let Some(head) = line.strip_prefix('[') {
                parameters = head.strip_suffix(']').unwrap_or(head);
                continue;
            }
            let mut words = line.split(' ');
            let module = words.next().unwrap_or_default();
            for class in words {
                all.entry(class).or_default().push(Entry { module, parameters });
            }
        }
        all
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(path: &str) -> String {
        let one = |parameter: Parameter| {
            let position = parameter
                .position
                .map_or(String::new(), |position| format!("@{position}"));
            format!(
                "{}{position}={}",
                parameter.name,
                parameter.default.unwrap_or("?")
            )
        };
        parameters(path)
            .into_iter()
            .map(one)
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[test]
    fn a_class_has_the_parameters_of_its_bases() {
        assert_eq!(
            short("airflow.providers.postgres.hooks.postgres.PostgresHook"),
            "postgres_conn_id@0=postgres_default"
        );
        assert_eq!(
            short("airflow.providers.amazon.aws.hooks.s3.S3Hook"),
            "aws_conn_id@0=aws_default"
        );
        assert_eq!(
            short("airflow.providers.amazon.aws.transfers.s3_to_sftp.S3ToSFTPOperator"),
            "aws_conn_id=aws_default sftp_conn_id=ssh_default"
        );
        assert_eq!(
            short("airflow.sdk.task.kubernetes"),
            "kubernetes_conn_id=kubernetes_default"
        );
        assert_eq!(short("somewhere.S3Hook"), "");
        assert_eq!(
            short("airflow.providers.standard.operators.bash.BashOperator"),
            ""
        );
    }

    #[test]
    fn a_class_is_found_where_it_was_before() {
        assert_eq!(short("airflow.hooks.S3_hook.S3Hook"), "aws_conn_id@0=aws_default");
        // Gone since version 6 of its provider.
        assert_eq!(
            short("airflow.providers.postgres.operators.postgres.PostgresOperator"),
            "postgres_conn_id=postgres_default"
        );
    }

    #[test]
    fn the_table_is_sorted_and_whole() {
        let heads: Vec<&str> = TABLE
            .lines()
            .filter_map(|line| line.strip_prefix("[")?.strip_suffix("]"))
            .collect();
        assert!(heads.is_sorted());
        assert!(heads.len() > 300, "{}", heads.len());
        for line in TABLE.lines().filter(|line| !line.starts_with(['#', '['])) {
            assert!(
                line.split(' ').count() > 1 && line.split(' ').skip(1).is_sorted(),
                "{line}"
            );
        }
        let providers = TABLE
            .lines()
            .filter(|line| line.starts_with("# ") && line.split(' ').count() == 3)
            .count();
        assert!(providers > 90, "{providers}");
    }
}
