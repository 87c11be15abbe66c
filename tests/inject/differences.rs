//! The deliberate differences from a task's templates: both sides of each, for the same template.

use super::world::{airflows, inject};
use crate::support::{Side, Sides, airflow_tasks, differs};

/// Checks both sides of a difference: Airflow's text or exception, and this program's status or text.
fn each_differs(id: &str, cases: &[(&str, Side, Side)]) {
    let Some(judge) = airflow_tasks() else { return };
    let templates: Vec<String> = cases
        .iter()
        .map(|(template, ..)| (*template).to_owned())
        .collect();
    for ((template, airflow, ours), answer) in cases.iter().zip(airflows(judge, &templates)) {
        let theirs = match answer["text"].as_str() {
            Some(text) => Side::found(text),
            None => Side::failed(answer["error"].as_str().unwrap()),
        };
        let output = inject(template).run();
        differs(
            id,
            &Sides {
                airflow: (theirs, airflow.clone()),
                secretctl: (Side::of_secretctl(&output), ours.clone()),
            },
        );
    }
}

#[test]
fn a_default_does_not_stand_for_a_value_that_is_malformed() {
    each_differs(
        "templates-default-for-malformed",
        &[
            (
                "{{ var.json.get('region', 'default') }}",
                Side::found("default"),
                Side::failed("status 6"),
            ),
            (
                "{{ var.json.get('multi', 1) + 1 }}",
                Side::found("2"),
                Side::failed("status 6"),
            ),
        ],
    );
}

#[test]
fn a_missing_variable_is_not_printed_as_notset() {
    each_differs(
        "templates-notset",
        &[(
            "{{ var.value.get('missing') }}",
            Side::found("NOTSET"),
            Side::failed("status 2"),
        )],
    );
}

#[test]
fn what_is_not_supported_is_an_error() {
    let refused = || Side::failed("status 2");
    each_differs(
        "templates-unsupported",
        &[
            ("{% block a %}x{% endblock %}", Side::found("x"), refused()),
            (
                "{% autoescape true %}{{ '<' }}{% endautoescape %}",
                Side::found("&lt;"),
                refused(),
            ),
            ("{{ '<b>x</b>'|striptags }}", Side::found("x"), refused()),
            ("{{ 'aB'.swapcase() }}", Side::found("Ab"), refused()),
            (
                "{{ 10 ** 39 }}",
                Side::found("1000000000000000000000000000000000000000"),
                refused(),
            ),
        ],
    );
}

#[test]
fn the_context_of_a_running_task_is_an_error() {
    each_differs(
        "templates-task-only",
        &[
            ("{{ run_id }}", Side::found("run"), Side::failed("status 2")),
            ("{{ ti.task_id }}", Side::found("task"), Side::failed("status 2")),
        ],
    );
}

#[test]
fn an_unknown_filter_that_is_not_applied_is_not_an_error() {
    each_differs(
        "templates-unknown-filter",
        &[(
            "{% for x in [] %}{{ x|nofilter }}{% endfor %}ok",
            Side::failed("TemplateAssertionError"),
            Side::found("ok"),
        )],
    );
}
