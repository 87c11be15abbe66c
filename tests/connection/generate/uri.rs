//! URIs and queries by a grammar, most of them nearly right.

use super::json::{extra, json_value};
use super::lists::{HOSTS, PORTS, SCHEMES};
use super::odd::{bracketed, halves, nested};
use super::{SHAPES, choose, one_of, word};
use crate::support::Random;

pub(super) fn uri(random: &mut Random) -> String {
    if random.one_in(10) {
        let uris: Vec<&&str> = SHAPES.iter().filter(|shape| !shape.starts_with('{')).collect();
        return (**random.pick(&uris)).to_owned();
    }
    let mut uri = one_of(random, SCHEMES);
    uri.push_str(choose(
        random,
        &["://", "://", "://", "://", "://", "://", ":", "//", ":/", ""],
    ));
    if random.one_in(8) {
        uri.push_str(choose(random, &["http://", "https://", "s3a://", "HTTPS://"]));
    }
    if !random.one_in(3) {
        uri.push_str(&word(random));
        if !random.one_in(4) {
            uri.push(':');
            uri.push_str(&word(random));
        }
        if !random.one_in(12) {
            uri.push('@');
        }
    }
    uri.push_str(&match random.below(10) {
        0 => bracketed(random),
        1 => halves(random),
        _ => one_of(random, HOSTS),
    });
    if random.one_in(2) {
        uri.push(':');
        uri.push_str(&one_of(random, PORTS));
    }
    if random.one_in(2) {
        uri.push('/');
        uri.push_str(&word(random));
    }
    if random.one_in(2) {
        uri.push('?');
        uri.push_str(&query(random));
    }
    if random.one_in(10) {
        uri.push('#');
        uri.push_str(&word(random));
    }
    uri
}

pub(super) fn query(random: &mut Random) -> String {
    let mut fields = Vec::new();
    for _ in 0..random.below(4) {
        let name = if random.one_in(8) {
            "__extra__".to_owned()
        } else {
            word(random)
        };
        let value = match random.below(5) {
            4 => halves(random),
            0 => secretctl::python::quote::quote(&json_value(random, 3)),
            1 => json_value(random, 2),
            _ => word(random),
        };
        fields.push(match random.below(8) {
            0 => name,
            1 => format!("{name}={value}={value}"),
            _ => format!("{name}={value}"),
        });
    }
    if random.one_in(6) {
        let extra = if random.one_in(3) {
            nested(random)
        } else {
            extra(random)
        };
        fields.push(format!("__extra__={}", secretctl::python::quote::quote(&extra)));
    }
    fields.join(choose(random, &["&", "&", "&", "&&", ";"]))
}
