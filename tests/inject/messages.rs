//! What `inject` says when a template cannot be rendered, and what it asks a CI system to mask.

use std::fmt::Write as _;

use serde_json::json;

use super::world::inject;
use crate::support::{self, Output};

fn shown(template: &str, output: &Output) -> String {
    let mut text = format!("{template}\n  status: {}\n", output.status);
    for line in output.text().lines() {
        writeln!(text, "  stdout: {line}").unwrap();
    }
    for line in output.stderr.lines() {
        writeln!(text, "  {line}").unwrap();
    }
    text.replace('\u{1b}', "␛")
}

#[test]
fn an_error_has_its_line_and_column_and_prints_nothing() {
    let templates = [
        "{{ nope }}",
        "a\n  {{ conn.warehouse.nope }}",
        "ä {{ var.json.settings.database.nope }}",
        "{{ var.json.settings['database']['nope'].deeper }}",
        "{{ var.json.words[9] }}",
        "{{ conn.missing.host }}",
        "{{ conn.missing.host }}\n{% for n in ['x', 'y'] %}{{ var.value[n] }}{% endfor %}",
        "{{ var.value.get('missing') }}",
        "{{ var.json.region }}",
        "{{ ds }} {{ conn.warehouse.host }}",
        "{% if ti %}x{% endif %}",
        "{{ conn.warehouse.host | nofilter }}",
        "{{ conn.warehouse.host | uper }}",
        "{{ conn.warehouse.host | pprint }}",
        "{{ conn.warehouse | as('sqlalchmy') }}",
        "{{ conn.warehouse | as('mysql-cnf') }}",
        "{{ conn.warehouse.host | as('url') }}",
        "{{ conn.warehouse.password + 1 }}",
        "{{ conn.warehouse.password | b64decode }}",
        "{{ conn.warehouse.__dict__ }}",
        "{% for k in var.json.settings %}\n{{ k }}\n",
        "{% iff true %}",
        "{{ 'unclosed }}",
        "{% include 'other.sql' %}",
        "{{ macros.ds_add('2026-01-01', 1) }}",
        "{{ conn['']['host'] }}",
        "{{ var.value['a\u{1b}[31mb'] }}",
    ];
    let all: String = templates
        .iter()
        .map(|template| {
            let output = inject(template).run();
            assert!(output.stdout.is_empty(), "{template}");
            shown(template, &output)
        })
        .collect();
    insta::assert_snapshot!(all);
}

#[test]
fn a_template_that_is_no_text_or_not_there_is_said() {
    let folder = support::temp_dir();
    std::fs::write(folder.path().join("latin1"), b"ok\n{{ 1 }}\xe9").unwrap();
    let mut all = String::new();
    for (name, args) in [
        ("not UTF-8", &["-i", "latin1"][..]),
        ("missing", &["-i", "nowhere.j2"]),
        ("a folder", &["-i", "."]),
    ] {
        let output = inject("").dir(folder.path()).args(args).run();
        all.push_str(&shown(name, &output));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn bytes_that_text_can_have_pass_unchanged() {
    let output = inject("a\0b{{ 'c\\0d' }}\u{85}\u{2028}é").arg("-n").run();
    assert_eq!(output.stdout, "a\0bc\0d\u{85}\u{2028}é".as_bytes());
}

#[test]
fn one_newline_ends_the_output_as_that_of_any_value() {
    for (template, args, text) in [
        ("a", &[][..], "a\n"),
        ("a\n", &[], "a\n"),
        ("a\n\n", &[], "a\n\n"),
        ("a\r\nb\r\n", &[], "a\nb\n"),
        ("a\n", &["-n"], "a"),
        ("", &["-n"], ""),
    ] {
        assert_eq!(inject(template).args(args).run().text(), text, "{template:?}");
    }
}

#[test]
fn what_is_printed_is_masked_in_the_form_in_which_it_is_printed() {
    let template = "{{ conn.api.password }} {{ conn.api.password|b64encode }} {{ conn.api.extra_dejson|tojson }} \
                    {% macro m(x) %}{{ x[:6] }}{% endmacro %}{{ m(conn.warehouse.password|upper) }} {{ conn.warehouse | as('sqlalchemy') }} \
                    {{ var.value.region }} {{ true }} {{ 'constant' }}";
    let output = inject(template).env("GITHUB_ACTIONS", "true").run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    for word in output.text().split_whitespace().filter(|word| word.len() >= 6) {
        let masked = output.stderr.lines().any(|line| {
            let mask = line
                .strip_prefix("::add-mask::")
                .unwrap_or_default()
                .replace("%25", "%");
            !mask.is_empty() && mask.contains(word)
        });
        assert_eq!(masked, word != "constant", "{word}: {}", output.stderr);
    }
    let unmasked = inject(template)
        .env("GITHUB_ACTIONS", "true")
        .arg("--no-mask")
        .run();
    assert_eq!((unmasked.stderr.as_str(), unmasked.stdout), ("", output.stdout));
}

#[test]
fn the_filters_and_the_names_of_a_task_are_those_of_airflow() {
    let Some(judge) = support::airflow_tasks() else {
        return;
    };
    let known = judge.ask(json!({"op": "templates.filters"}));
    for filter in known["filters"].as_array().unwrap() {
        let filter = filter.as_str().unwrap();
        let error = super::world::ours(&format!("{{{{ {{}} | {filter} }}}}")).err();
        let error = error.map_or_else(String::new, |error| error.message().to_owned());
        assert!(!error.contains("there is no filter"), "{filter}");
    }
    for name in judge.ask(json!({"op": "templates.context"})).as_array().unwrap() {
        let name = name.as_str().unwrap();
        if !matches!(name, "conn" | "var") {
            let error = super::world::ours(&format!("{{{{ {name} }}}}")).unwrap_err();
            assert_eq!(error.message(), format!("`{name}` exists only in a running task"));
        }
    }
}
