//! Inputs for every domain: valid shapes by a grammar, shapes from the field, known tricky texts, and any of these with
//! a character changed, doubled or removed.

use serde_json::{Value, json};

mod json;
mod lists;
mod number;
mod odd;
mod uri;

use json::{connection_json, json_value};
use lists::{TRICKY, WORDS};
use number::{float_bits, integer};
use uri::{query, uri};

use super::providers::SHAPES;
use crate::support::Random;

/// Generates one input of a domain.
pub fn input(domain: &str, random: &mut Random) -> Value {
    match domain {
        "text" => case(random, |random| match random.below(10) {
            0 => tricky(random, 12),
            1..=5 => around(random, uri),
            _ => around(random, connection_json),
        }),
        "uri" => case(random, |random| {
            if random.one_in(12) {
                tricky(random, 8)
            } else {
                around(random, uri)
            }
        }),
        // Both must be objects.
        "fields" | "arguments" => case(random, |random| valid(random, connection_json, "{}")),
        "urlsplit" => json!(if random.one_in(4) {
            tricky(random, 12)
        } else {
            mutated(random, uri)
        }),
        "quote" => json!(tricky(random, 12)),
        "parse_qsl" => json!(if random.one_in(3) {
            tricky(random, 20)
        } else {
            mutated(random, query)
        }),
        "json" => json!(if random.one_in(10) {
            tricky(random, 8)
        } else {
            mutated(random, |r| json_value(r, 4))
        }),
        "int" => json!(integer(random)),
        "float" => json!(format!("{:016x}", float_bits(random))),
        "str" => json!(tricky(random, 16)),
        _ => panic!("there is no domain {domain}"),
    }
}

fn case(random: &mut Random, value: impl Fn(&mut Random) -> String) -> Value {
    let id = match random.below(20) {
        0 => tricky(random, 4),
        1 => "é".repeat(random.below(300)),
        2 => "id\n".to_owned(),
        _ => "my_conn".to_owned(),
    };
    let id = if id.is_empty() { "c".to_owned() } else { id };
    let mut value = value(random);
    if value.is_empty() {
        value.push('x');
    }
    json!({"id": id, "value": value})
}

/// Sometimes puts blanks around the text of `make`.
fn around(random: &mut Random, make: fn(&mut Random) -> String) -> String {
    let text = mutated(random, make);
    match random.below(8) {
        0 => format!("{}{text}{}", tricky(random, 2), tricky(random, 2)),
        1 => format!(
            "{}{text}{}",
            random.pick(&[" ", "\n", "\u{1c}", "\u{a0}", "\u{1}"]),
            random.pick(&[" ", "\n", "\u{3000}"])
        ),
        _ => text,
    }
}

/// Changes, doubles or removes one character of the text of `make`, one time in three.
fn mutated(random: &mut Random, make: impl Fn(&mut Random) -> String) -> String {
    let text = make(random);
    if !random.one_in(3) || text.is_empty() {
        return text;
    }
    let mut chars: Vec<String> = text.chars().map(String::from).collect();
    let at = random.below(chars.len());
    match random.below(5) {
        0 => chars[at] = String::new(),
        1 => chars[at] = chars[at].repeat(2),
        2 => (*random.pick(TRICKY)).clone_into(&mut chars[at]),
        3 => chars[at] = any_char(random).to_string(),
        _ => chars.insert(at, (*random.pick(TRICKY)).to_owned()),
    }
    chars.concat()
}

/// Generates JSON objects until one is valid for both `serde_json` and Python.
fn valid(random: &mut Random, make: fn(&mut Random) -> String, fallback: &str) -> String {
    for _ in 0..20 {
        let text = make(random);
        if text.starts_with('{') && secretctl::python::json::loads(&text).is_ok() {
            return text;
        }
    }
    fallback.to_owned()
}

fn any_char(random: &mut Random) -> char {
    let bound = *random.pick(&[0x80, 0x80, 0x3000, 0x1_0000, 0x11_0000]);
    let code = u32::try_from(random.below(bound)).unwrap();
    char::from_u32(code).unwrap_or('\u{fffd}')
}

/// Joins up to `most` tricky pieces.
fn tricky(random: &mut Random, most: usize) -> String {
    (0..random.below(most + 1))
        .map(|_| match random.below(4) {
            0 => any_char(random).to_string(),
            1 => (*random.pick(WORDS)).to_owned(),
            _ => (*random.pick(TRICKY)).to_owned(),
        })
        .collect()
}

/// Picks one of the texts.
fn choose(random: &mut Random, choices: &[&'static str]) -> &'static str {
    random.pick::<&str>(choices)
}

/// Generates a word, or sometimes a tricky text.
fn word(random: &mut Random) -> String {
    match random.below(5) {
        0 => tricky(random, 3),
        1 => format!("{}{}", random.pick(WORDS), random.pick(TRICKY)),
        _ => (*random.pick(WORDS)).to_owned(),
    }
}

fn one_of(random: &mut Random, choices: &[&str]) -> String {
    if random.one_in(6) {
        word(random)
    } else {
        (*random.pick(choices)).to_owned()
    }
}
