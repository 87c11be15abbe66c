//! The picture of a terminal session in the README: generated from a real run, and compared with one.

use std::fmt::Write as _;
use std::path::Path;

use crate::support::{Program, page};

/// The typed commands.
const SESSION: &[&str] = &[
    "export SECRETCTL_ENV_FILE=examples/local.env",
    "secretctl get-conn smtp_default",
    "secretctl get-conn warehouse --field password",
    "secretctl exec --set PGPASSWORD=conn:warehouse#password -- sh -c 'echo ${#PGPASSWORD} characters'",
    "secretctl get-conn warehose; echo \"status $?\"",
    "secretctl explain conn warehouse",
];

/// In characters; longer lines wrap, as in a terminal.
const WIDTH: usize = 104;
/// In pixels.
const LINE: usize = 19;

/// Runs the session and returns its lines; typed ones begin with `$ `.
fn session() -> Vec<String> {
    let programs = Path::new(env!("CARGO_BIN_EXE_secretctl")).parent().unwrap();
    let mut lines = Vec::new();
    for command in SESSION {
        lines.push(format!("$ {command}"));
        // One shell session: each run starts from the first command.
        let script = format!("{}\n{command}", SESSION[0]);
        let output = Program::new("bash")
            .args(["-c", &format!("exec 2>&1\n{script}")])
            .env(
                "PATH",
                format!("{}:{}", programs.display(), std::env::var("PATH").unwrap()),
            )
            .env("AIRFLOW_HOME", "/opt/airflow")
            .dir(env!("CARGO_MANIFEST_DIR"))
            .run();
        assert_eq!(output.status, 0, "{command}: {}", output.text());
        lines.extend(output.text().lines().map(str::to_owned));
    }
    lines
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

fn picture(lines: &[String]) -> String {
    let mut rows: Vec<(&str, String)> = Vec::new();
    for line in lines {
        let colour = match line.split(' ').next() {
            Some("$") => "#ffffff",
            Some("error:") => "#ff7b72",
            Some("hint:") => "#79c0ff",
            _ => "#a9b1ba",
        };
        let letters: Vec<char> = line.chars().collect();
        rows.extend(letters.chunks(WIDTH).map(|row| (colour, row.iter().collect())));
    }
    let (width, height) = (WIDTH * 8 + 40, rows.len() * LINE + 40);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\">\n\
         <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"#1b1f24\"/>\n\
         <g font-family=\"ui-monospace, Menlo, Consolas, monospace\" font-size=\"13\" xml:space=\"preserve\">\n"
    );
    for (number, (colour, row)) in rows.iter().enumerate() {
        let y = 32 + number * LINE;
        writeln!(
            svg,
            "<text x=\"20\" y=\"{y}\" fill=\"{colour}\">{}</text>",
            escaped(row)
        )
        .unwrap();
    }
    svg + "</g>\n</svg>\n"
}

#[test]
fn the_picture_shows_a_real_session() {
    let lines = session();
    let svg = picture(&lines);
    page("session.svg", &svg);
}
