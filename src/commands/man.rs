//! `man`: the manual page, made from the types of the command line.

use std::io::{self, Write};

use clap::builder::StyledStr;
use clap::{Arg, Args, Command};
use clap_mangen::Man;
use clap_mangen::roff::{Roff, roman};

use crate::error::{Error, Result};
use crate::render;

/// Options of `man`: none of its own.
#[derive(Args, Debug)]
pub struct ManArgs {}

/// The sections that do not come from the options.
const SECTIONS: [(&str, &str); 3] = [
    (
        "EXIT STATUS",
        "0 found; 1 an internal error; 2 usage, or a configuration that cannot be used; 3 not found; 4 authentication \
         refused, no credential, or permission denied; 5 a backend could not be reached or did not answer in time; 6 found, but the \
         value is malformed. check: that of the worst finding, or 3 for what --strict takes for a failure. exec: the command's own, or \
         125 secretctl failed, 126 the command cannot be run, 127 it was not found.",
    ),
    (
        "ENVIRONMENT",
        "AIRFLOW__SECRETS__BACKEND, AIRFLOW__SECRETS__BACKEND_KWARGS and Airflow's other settings choose the backend. Each option \
         of every command is also a variable, such as SECRETCTL_ENV_FILE for --env-file; the command line wins. SECRETCTL_LOG holds \
         log filters, such as secretctl=debug. NO_COLOR and CLICOLOR_FORCE decide on colour.",
    ),
    (
        "FILES",
        "airflow.cfg: $AIRFLOW_CONFIG, else $AIRFLOW_HOME/airflow.cfg, else ~/airflow/airflow.cfg. A .env file is read \
         only if it is named.",
    ),
];

/// Prints the manual page, with a section for every command.
pub(crate) fn print(line: Command) -> Result<()> {
    let mut page = Vec::new();
    write_page(line, &mut page)
        .map_err(|cause| Error::internal("the manual page cannot be written").with_source(cause))?;
    render::stdout(&page, false)
}

fn write_page(line: Command, page: &mut dyn Write) -> io::Result<()> {
    let mut command = line
        .disable_help_flag(true)
        .mut_args(|arg| arg.hide_short_help(false));
    command.build();
    let man = Man::new(command.clone()).date("");
    man.render_title(page)?;
    man.render_name_section(page)?;
    man.render_synopsis_section(page)?;
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    let mut roff = Roff::new();
    roff.control("SH", ["COMMANDS"]);
    for subcommand in command
        .get_subcommands()
        .filter(|command| command.get_name() != "help")
    {
        let mut usage = subcommand.clone();
        roff.control("SS", [subcommand.get_name()]);
        roff.text([roman(
            subcommand
                .get_about()
                .map(ToString::to_string)
                .unwrap_or_default(),
        )]);
        roff.control("PP", []);
        roff.text([roman(usage.render_usage().to_string())]);
        let is_of_every_command =
            |arg: &&Arg| command.get_arguments().any(|one| one.get_id() == arg.get_id());
        for arg in subcommand.get_arguments().filter(|arg| !is_of_every_command(arg)) {
            argument(&mut roff, arg);
        }
    }
    for (title, text) in SECTIONS {
        roff.control("SH", [title]);
        roff.text([roman(text)]);
    }
    roff.to_writer(page)
}

/// Adds an argument of a command: its names, its help, and its possible values.
fn argument(roff: &mut Roff, arg: &Arg) {
    let help = |help: Option<&StyledStr>| help.map(ToString::to_string).unwrap_or_default();
    let short = arg.get_short().map(|short| format!("-{short}, "));
    roff.control("TP", []);
    roff.text([roman(short.unwrap_or_default() + &arg.to_string())]);
    roff.text([roman(help(arg.get_help()))]);
    if !arg.get_action().takes_values() {
        return;
    }
    for value in arg.get_possible_values() {
        let default = arg
            .get_default_values()
            .iter()
            .any(|default| default == value.get_name());
        let default = if default { " (the default)" } else { "" };
        roff.control("br", []);
        roff.text([roman(format!(
            "{}: {}{default}",
            value.get_name(),
            help(value.get_help())
        ))]);
    }
}
