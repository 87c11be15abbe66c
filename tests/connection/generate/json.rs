//! JSON by a grammar: any, and that of a connection.

use super::lists::{HOSTS, KEYS, SCHEMES};
use super::number::{float, float_bits, integer};
use super::{SHAPES, choose, one_of, uri, word};
use crate::support::Random;

/// The JSON of a connection, mostly of the right shape.
pub(super) fn connection_json(random: &mut Random) -> String {
    if random.one_in(10) {
        let objects: Vec<&&str> = SHAPES.iter().filter(|shape| shape.starts_with('{')).collect();
        return (**random.pick(&objects)).to_owned();
    }
    let mut entries = Vec::new();
    for _ in 0..random.below(8) {
        let key = match random.below(12) {
            0 => word(random),
            1 => (*random.pick(KEYS)).to_owned(),
            _ => (*random.pick(&KEYS[..8])).to_owned(),
        };
        let value = if random.one_in(10) {
            json_value(random, 3)
        } else {
            match &*key {
                "port" if random.one_in(2) => json_string(random, integer),
                "port" => number(random),
                "extra" | "extra_dejson" => match random.below(4) {
                    0 => json_string(random, extra),
                    1 => json_string(random, |random| json_string(random, extra)),
                    2 => json_value(random, 2),
                    _ => object(random, 3),
                },
                "uri" => json_string(random, uri::uri),
                "conn_type" => json_string(random, |random| one_of(random, SCHEMES)),
                "host" => json_string(random, |random| one_of(random, HOSTS)),
                "conn_id" => json_string(random, |random| one_of(random, &["my_conn", "c"])),
                _ => json_string(random, word),
            }
        };
        entries.push(format!("{}:{}{value}", quoted(random, &key), blanks(random)));
    }
    format!("{{{}}}", entries.join(choose(random, &[",", ", ", ",\n  "])))
}

/// The text of an extra: mostly a JSON object.
pub(super) fn extra(random: &mut Random) -> String {
    if random.one_in(6) {
        json_value(random, 2)
    } else {
        object(random, 3)
    }
}

fn object(random: &mut Random, depth: usize) -> String {
    let entries: Vec<String> = (0..random.below(4))
        .map(|_| {
            let key = json_string(random, word);
            let value = if random.one_in(2) {
                json_string(random, word)
            } else {
                json_value(random, depth - 1)
            };
            format!(
                "{}{key}{}:{}{value}",
                blanks(random),
                blanks(random),
                blanks(random)
            )
        })
        .collect();
    format!("{{{}{}}}", entries.join(","), blanks(random))
}

/// Any JSON text, now and then not quite.
pub(super) fn json_value(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 8 } else { 12 }) {
        0 => choose(random, &["null", "true", "false", "NaN", "Infinity", "-Infinity"]).to_owned(),
        1 => (choose(
            random,
            &[
                "nul", "True", "nan", "-", "01", "1.", ".5", "+1", "1e", "'a'", "-NaN", "[1,]", "{,}",
                "\"\\x\"", "",
            ],
        ))
        .to_owned(),
        2..=4 => number(random),
        5..=7 => json_string(random, word),
        8 | 9 => {
            let items: Vec<String> = (0..random.below(4))
                .map(|_| format!("{}{}", blanks(random), json_value(random, depth - 1)))
                .collect();
            format!("[{}{}]", items.join(","), blanks(random))
        }
        _ => object(random, depth),
    }
}

fn number(random: &mut Random) -> String {
    match random.below(8) {
        0 => float(float_bits(random)),
        1 => format!("{}e{}", random.below(1000), random.below(700)),
        2 => format!("{}.{}E-{}", random.below(10), random.next(), random.below(400)),
        3 => format!("-{}", random.next()),
        4 => format!("{}{}", random.next(), random.next()),
        5 => (choose(
            random,
            &[
                "0",
                "-0",
                "0.0",
                "-0.0",
                "1e5",
                "1E+2",
                "1e-7",
                "80.9",
                "1.0",
                "65536",
                "1e400",
                "1e16",
                "123456789012345678",
            ],
        ))
        .to_owned(),
        6 if random.one_in(20) => "9".repeat(4290 + random.below(20)),
        _ => random.below(70_000).to_string(),
    }
}

fn json_string(random: &mut Random, make: impl Fn(&mut Random) -> String) -> String {
    let text = make(random);
    quoted(random, &text)
}

/// Quotes text as JSON, with more or fewer escapes.
fn quoted(random: &mut Random, text: &str) -> String {
    let escape_all = random.one_in(10);
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c < ' ' || escape_all || (c > '~' && random.one_in(4)) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    let digits = format!("{unit:04x}");
                    out.push_str("\\u");
                    out.push_str(&if random.one_in(2) {
                        digits
                    } else {
                        digits.to_uppercase()
                    });
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    if random.one_in(60) {
        out.insert_str(
            1,
            choose(
                random,
                &[
                    "\\ud83d",
                    "\\ude00",
                    "\\ud83d\\ude00",
                    "\\/",
                    "\\b\\f\\n\\r\\t",
                    "\\u00",
                    "\\",
                ],
            ),
        );
    }
    out
}

fn blanks(random: &mut Random) -> &'static str {
    if random.one_in(4) {
        choose(random, &[" ", "\n", "\t", "\r\n", "  ", "\u{c}", "\u{a0}"])
    } else {
        ""
    }
}
