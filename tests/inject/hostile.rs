//! Templates that would run for ever, fill the memory or exhaust the stack: an error within `--timeout`.

use std::time::Duration;

use super::world::inject;

/// Renders a template, which must fail with status 2 and a message that contains `message`.
#[track_caller]
fn refused(template: &str, message: &str) {
    // On a busy machine, it may take long to reach another limit.
    let timeout = if message.contains("in time") { "3" } else { "100" };
    let output = inject(template)
        .args(["--timeout", timeout])
        .limit(Duration::from_mins(2))
        .run();
    let start: String = template.chars().take(60).collect();
    assert_eq!(output.status, 2, "{start}: {}", output.stderr);
    assert!(output.stderr.contains(message), "{start}: {}", output.stderr);
    assert!(output.stdout.is_empty());
}

#[test]
fn a_loop_without_an_end_ends_with_the_timeout() {
    refused(
        "{% for a in range(100000) %}{% for b in range(100000) %}{% endfor %}{% endfor %}",
        "did not end in time",
    );
    refused(
        "{% set l = [1] %}{% for a in range(100000) %}{% for b in range(100000) %}{% do l.count(1) %}{% endfor %}{% endfor %}",
        "did not end in time",
    );
}

#[test]
fn a_recursion_without_an_end_is_refused() {
    refused(
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "nested more than",
    );
    refused(
        "{% set l = [] %}{% do l.append(l) %}{{ l }}",
        "nested more than 200 levels",
    );
    refused(
        "{% set l = [] %}{% do l.append(l) %}{{ l|tojson }}",
        "nested more than 200 levels",
    );
    refused(
        "{% set l = [] %}{% do l.append(l) %}{{ l == [l] }}",
        "contain themselves",
    );
}

#[test]
fn deep_nesting_does_not_exhaust_the_stack() {
    refused(
        &format!("{{{{ {}1{} }}}}", "(".repeat(5_000), ")".repeat(5_000)),
        "recursion",
    );
    refused(
        &format!("{{{{ {}1 }}}}", "1 + ".repeat(100_000)),
        "tokens is not supported",
    );
    refused(
        &format!("{{{{ {}1 }}}}", "1 + ".repeat(5_000)),
        "nested more than",
    );
    refused(&format!("{{{{ x{} }}}}", "|e".repeat(5_000)), "nested more than");
    refused(
        &format!("{{% if a %}}{}{{% endif %}}", "{% elif a %}".repeat(50_000)),
        "`elif` are not supported",
    );
    refused(&"{% if a %}".repeat(50_000), "recursion");
    refused(&"{{ {".repeat(50_000), "tokens is not supported");
}

#[test]
fn large_values_are_refused() {
    refused("{{ 'a' * 1000000000 }}", "more than 64 MiB");
    refused("{{ [0] * 1000000000 }}", "more than 1000000 items");
    refused("{{ range(1000000000)|list }}", "is refused, as by Airflow");
    refused("{{ '%1000000d' % 1 }}", "so wide");
    refused("{{ 'a'.center(1000000000000) }}", "more than 64 MiB");
    refused("{{ 10 ** 10 ** 10 }}", "38 digits");
    refused(
        "{% set l = [] %}{% for a in range(100000) %}{% do l.append('a' * 60000000) %}{% endfor %}",
        "more than 1024 MiB",
    );
    refused(
        "{% for a in range(100000) %}{{ 'a' * 1000000 }}{% endfor %}",
        "more than",
    );
}

#[test]
fn a_large_template_is_rendered() {
    let line = "region = {{ var.value.region }} and some text that is not a template\n";
    let template = line.repeat(10_000_000 / line.len());
    let folder = crate::support::temp_dir();
    std::fs::write(folder.path().join("large.j2"), &template).unwrap();
    let output = inject("")
        .dir(folder.path())
        .args(["-i", "large.j2", "--timeout", "110"])
        .limit(Duration::from_mins(2))
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(
        output.text(),
        template.replace("{{ var.value.region }}", "eu-west-1")
    );
}

#[test]
fn the_place_of_a_mistake_is_right_beyond_the_line_65535() {
    let output = inject(&format!("{}  {{{{ nope }}}}", "\n".repeat(70_000))).run();
    assert!(output.stderr.contains("stdin:70001:6"), "{}", output.stderr);
}
