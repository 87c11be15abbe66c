//! The machine and the versions of a measurement.

use std::fs;

use crate::rows::variable;
use crate::run::{clean, output_of};

/// A Python script that prints the versions of the packages in the table.
const VERSIONS: &str = "\
import platform
from importlib.metadata import version
print('Airflow', version('apache-airflow'), 'with hvac', version('hvac'), 'on Python', platform.python_version())
";

/// Returns a line on the machine and the programs.
pub(crate) fn facts(bao: &str) -> String {
    let processors = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = processors
        .lines()
        .find_map(|line| line.strip_prefix("model name")?.split_once(": "))
        .map_or("processor unknown", |(_, model)| model);
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let mut facts = vec![
        format!("{cores} cores, {model}"),
        format!("{} {}", std::env::consts::OS, kernel.trim()),
        format!("load {} after it", load.split(' ').next().unwrap_or("unknown")),
    ];
    if let Some(python) = variable("AIRFLOW_PYTHON") {
        facts.push(output_of(clean(python).args(["-c", VERSIONS])));
    }
    facts.push(first_words(&output_of(clean(bao).arg("version"))));
    if clean("curl").arg("--version").output().is_ok() {
        facts.push(first_words(&output_of(clean("curl").arg("--version"))));
    }
    facts.join("; ")
}

/// Returns the name and the version, without the details of the build.
fn first_words(text: &str) -> String {
    text.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}
