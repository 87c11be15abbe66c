//! Templates that fail with a value in their hands: as an operand, a key, an argument, a format, a name.

use super::leaks::Canaries;
use super::scenarios::Scenario;
use super::{FAULT, VERBOSITIES, leak, run};

/// `p` is a password, `v` a variable, `j` its JSON, `e` an extra.
const START: &str = "{% set p = conn.warehouse.password %}{% set v = var.value.hello %}{% set j = var.json.hello %}\
                     {% set e = conn.warehouse.extra_dejson %}";

const WRONG: [&str; 63] = [
    "{{ p + 1 }}",
    "{{ 1 - p }}",
    "{{ p * p }}",
    "{{ -p }}",
    "{{ p / 2 }}",
    "{{ p < 1 }}",
    "{{ 1 in p }}",
    "{{ p % (1, 2, 3) }}",
    "{{ '%d' % p }}",
    "{{ '%(x)s' % {p: 1} }}",
    "{{ p.nope }}",
    "{{ p[p] }}",
    "{{ conn.warehouse[p] }}",
    "{{ j[p] }}",
    "{{ j.a[p] }}",
    "{{ {p: 1}[v] }}",
    "{{ e[p].x }}",
    "{{ p() }}",
    "{{ p.index('not there') }}",
    "{{ p.split('') }}",
    "{{ p.zfill(p) }}",
    "{{ [p].index(v) }}",
    "{{ [p].remove(v) }}",
    "{{ {}.pop(p) }}",
    "{{ {p: 1}.update(**{p: 1}) }}",
    "{{ dict(**{p: 1}).x }}",
    "{{ dict(p) }}",
    "{{ range(p) }}",
    "{{ range(**{p: 1}) }}",
    "{{ namespace(p) }}",
    "{{ p|b64decode }}",
    "{{ p|abs }}",
    "{{ p|round }}",
    "{{ 1|round(p) }}",
    "{{ 1|int(base=p) }}",
    "{{ p|filesizeformat }}",
    "{{ p|xmlattr }}",
    "{{ {p ~ ' ': p}|xmlattr }}",
    "{{ p|dictsort }}",
    "{{ [p]|map(p)|list }}",
    "{{ [p]|map(attribute=p)|first }}",
    "{{ [p]|select(p)|list }}",
    "{{ [p]|attr(p) }}",
    "{{ [p, 1]|sort }}",
    "{{ [p]|sum }}",
    "{{ [[p], 1]|min }}",
    "{{ {p: 1, 2: 3}|tojson }}",
    "{{ {p: range(3)}|tojson }}",
    "{{ p|truncate(p) }}",
    "{{ p|indent(p, p, [].x) }}",
    "{{ conn.warehouse|as(p) }}",
    "{{ conn.warehouse|as('dbt')|as('url') }}",
    "{{ conn.warehouse|as('mysql-cnf') }}{{ conn.warehouse|as('libpq') }}",
    "{{ p is divisibleby(2) }}",
    "{{ p is sameas v }}",
    "{{ p.format(p) }}{{ '{a.x}'.format(a=p) }}",
    "{{ ('{' ~ p ~ '}').format(1) }}",
    "{{ ('{:' ~ p ~ '}').format(1) }}",
    "{{ ('%' ~ p) % 1 }}",
    "{% for a, b in [p] %}{% endfor %}{% for a in conn.warehouse.port %}{% endfor %}",
    "{% set a, b = p %}",
    "{% macro m(a) %}{% endmacro %}{{ m(p, v) }}",
    "{% macro m(a) %}{% endmacro %}{{ m(**{p: v}) }}",
];

#[test]
fn no_message_about_a_template_shows_a_value() {
    let scenario = Scenario::new("a template with a mistake", 0)
        .set(
            "AIRFLOW_CONN_WAREHOUSE",
            r#"{"conn_type": "postgres", "host": "Zq7hostKx9v", "login": "Zq7loginKx9v", "password": "Zq7passwordKx9v%", "extra": {"a": "Zq7extraKx9v", "Zq7nameKx9v": 1}}"#,
        )
        .set("AIRFLOW_VAR_HELLO", r#"{"a": {"Zq7keyKx9v": "Zq7valueKx9v"}}"#);
    let canaries = Canaries::of(&scenario.texts());
    let mut failed = 0;
    for wrong in WRONG {
        std::fs::write(scenario.dir().join("template"), format!("{START}{wrong}")).unwrap();
        for verbosity in VERBOSITIES {
            let output = run(&scenario, *verbosity, "inject -i template");
            assert!(!output.stderr.contains(FAULT), "{wrong}: {}", output.stderr);
            if let Some(leak) = leak(&canaries, &output, true) {
                panic!("{wrong} leaks {leak}");
            }
            failed += usize::from(output.status != 0);
        }
    }
    assert!(failed >= WRONG.len(), "most of them fail: {failed}");
}
