//! Texts that a grammar of URIs does not produce: addresses in brackets, characters cut in half, extras in extras.

use super::json::extra;
use super::{any_char, choose, word};
use crate::support::Random;

/// Generates the contents of brackets: addresses, valid and invalid, and other texts.
pub(super) fn bracketed(random: &mut Random) -> String {
    let mut address = match random.below(6) {
        0 => groups(random, 10),
        1 => {
            let (before, after) = (groups(random, 7), groups(random, 7));
            format!("{before}::{after}")
        }
        2 => format!(
            "{}{}.{}.{}.{}",
            choose(random, &["::", "::ffff:", "1:2:3:4:5:6:", ""]),
            random.below(300),
            random.below(300),
            random.below(300),
            choose(random, &["1", "01", "0", "256", "+1", "٣", ""]),
        ),
        3 => format!(
            "{}{}{}",
            choose(random, &["v", "V", "v1", "vF", "vg"]),
            choose(random, &[".", "", ".."]),
            choose(random, &["x", "", ":", "a:b", "é"]),
        ),
        4 => word(random),
        _ => format!("fe80::{:x}", random.below(0x1_0000)),
    };
    if random.one_in(3) {
        address.push('%');
        address.push_str(choose(
            random,
            &["eth0", "Eth0", "25eth0", "", "é", "a b", "%", "/x", "İ"],
        ));
    }
    format!(
        "{}[{address}]{}",
        choose(random, &["", "", "", "x"]),
        choose(random, &["", "", "", "x"])
    )
}

fn groups(random: &mut Random, most: usize) -> String {
    let groups: Vec<String> = (0..random.below(most))
        .map(|_| match random.below(8) {
            0 => choose(random, &["", "12345", "g", "0001", "FFFF"]).to_owned(),
            _ => format!("{:x}", random.below(0x1_0000)),
        })
        .collect();
    groups.join(":")
}

/// Generates characters as escapes of their bytes, with bytes missing, and invalid escapes.
pub(super) fn halves(random: &mut Random) -> String {
    let mut text = String::new();
    for _ in 0..random.below(6) {
        match random.below(5) {
            0 => text.push(any_char(random)),
            1 => text.push_str(choose(
                random,
                &[
                    "%", "%%", "%1", "%g0", "%+1", "%u0041", "%-1", "%25", "%252F", "+",
                ],
            )),
            2 => text.extend(["%".to_owned(), format!("{:02x}", random.below(256))]),
            _ => {
                let mut bytes = [0; 4];
                let bytes = any_char(random).encode_utf8(&mut bytes).as_bytes();
                let kept = random.below(bytes.len() + 1);
                text.extend(bytes[..kept].iter().map(|byte| format!("%{byte:02X}")));
            }
        }
    }
    text
}

/// Generates an extra within an extra, as text, as an object, or as a query.
pub(super) fn nested(random: &mut Random) -> String {
    let mut text = extra(random);
    for _ in 0..random.below(3) {
        text = match random.below(4) {
            0 => serde_json::json!({"__extra__": text}).to_string(),
            1 => serde_json::json!(text).to_string(),
            2 => format!("{{\"extra\": {text}, \"a\": [{text}]}}"),
            _ => format!("__extra__={}", secretctl::python::quote::quote_plus(&text)),
        };
    }
    text
}
