//! Inputs for every domain: valid shapes by a grammar, shapes of the field, what is known to be tricky, and any of these with a
//! character changed, doubled or removed.

use serde_json::{Value, json};

use super::providers::SHAPES;
use crate::support::Random;

/// What breaks parsers: delimiters, escapes, blanks of every kind, letters whose case or normal form is odd.
const TRICKY: &[&str] = &[
    "@",
    ":",
    "/",
    "?",
    "#",
    "[",
    "]",
    "%",
    "&",
    "=",
    ";",
    "+",
    "\\",
    "\"",
    "'",
    "{",
    "}",
    ",",
    "-",
    "_",
    ".",
    "~",
    "|",
    "^",
    "`",
    "<",
    ">",
    "(",
    ")",
    "*",
    "!",
    "$",
    "://",
    "//",
    "::",
    "@@",
    "%2F",
    "%2f",
    "%40",
    "%3A",
    "%25",
    "%",
    "%%",
    "%zz",
    "%4",
    "%00",
    "%0A",
    "%c3",
    "%C3%A9",
    "%e2%82",
    "%f0%9f%98%80",
    "%ed%a0%80",
    "%ff",
    "%252F",
    "\0",
    "\t",
    "\n",
    "\r",
    " ",
    "\u{b}",
    "\u{c}",
    "\u{1c}",
    "\u{1f}",
    "\u{7f}",
    "\u{80}",
    "\u{85}",
    "\u{a0}",
    "\u{ad}",
    "\u{200b}",
    "\u{2028}",
    "\u{3000}",
    "\u{feff}",
    "é",
    "e\u{301}",
    "ß",
    "İ",
    "ı",
    "Σ",
    "ΑΣ",
    "ΑΣ.",
    "ǅ",
    "ﬀ",
    "ſ",
    "\u{212a}",
    "Å",
    "\u{2100}",
    "\u{2048}",
    "\u{fe6b}",
    "\u{ff0f}",
    "\u{ff1a}",
    "\u{ff1f}",
    "\u{ff20}",
    "\u{ff03}",
    "\u{2260}",
    "½",
    "٣",
    "５",
    "²",
    "Ⓐ",
    "\u{1f600}",
    "\u{10d50}",
    "\u{a7da}",
    "\u{1d7d8}",
    "\u{10ffff}",
    "\u{e000}",
    "http",
    "https",
    "__extra__",
    "null",
    "true",
    "1",
    "0",
    "-1",
    "[::1]",
    "localhost",
    "\\u00e9",
    "\\ud83d\\ude00",
    "\\ud800",
    "C:\\dir\\new",
];

const WORDS: &[&str] = &[
    "user",
    "admin",
    "p4ss",
    "Host",
    "db.example.com",
    "my-db",
    "schema",
    "a",
    "B",
    "x1",
    "eu-west-1",
    "key",
    "value",
    "é",
    "airflow",
    "10.0.0.1",
    "extra__google_cloud_platform__project",
    "timeout",
    "verify",
    "",
];

const SCHEMES: &[&str] = &[
    "postgres",
    "postgresql",
    "mysql",
    "http",
    "https",
    "google-cloud-platform",
    "google_cloud_platform",
    "aws",
    "HTTP",
    "PostgreSQL",
    "a+b.c",
    "wasb",
    "fs",
    "spark",
    "ssh",
    "sftp",
    "x",
    "1x",
    "",
    "kubernetes-",
    "-",
    "é",
    "h t",
    "snowflake",
];

const HOSTS: &[&str] = &[
    "localhost",
    "DB.Example.COM",
    "10.0.0.1",
    "[::1]",
    "[FE80::1%Eth0]",
    "[fe80::1%25eth0]",
    "[v1.a:b]",
    "[1.2.3.4]",
    "[::ffff:1.2.3.4]",
    "[::1",
    "::1]",
    "[]",
    "[::1]x",
    "x[::1]",
    "%2Fvar%2Frun%2FPG",
    "%2ftmp",
    "a%3Ab",
    "https://h",
    "http%3A%2F%2Fhost",
    "*",
    "h,h2",
    "h:1,h2:2",
    "İstanbul",
    "münchen.de",
    "MÜNCHEN",
    "ΑΣ",
    "",
    "",
    "a b",
    "h%40x",
    "%C3%89",
    "s3.amazonaws.com",
    "[1:2:3:4:5:6:7:8]",
    "[1::2::3]",
    "[::1%]",
    "A%2FB",
    "A%",
    "h.",
    "[V1.a]",
    "[vG.a]",
    "[::01.2.3.4]",
];

const PORTS: &[&str] = &[
    "5432",
    "80",
    "0",
    "",
    "65535",
    "65536",
    "99999999999999999999",
    "00080",
    "+80",
    "-1",
    " 80",
    "80 ",
    "8_0",
    "٣",
    "５",
    "abc",
    "1:2",
    "0x50",
    "80%30",
    "²",
    "1.5",
];

const KEYS: &[&str] = &[
    "conn_type",
    "description",
    "host",
    "login",
    "password",
    "schema",
    "port",
    "extra",
    "uri",
    "team_name",
    "conn_id",
    "extra_dejson",
    "Host",
    "user",
    "",
];

const INTEGERS: &[&str] = &[
    "5432",
    "+5",
    "-7",
    " 80\n",
    "8_0",
    "8__0",
    "_8",
    "8_",
    "007",
    "-0",
    "0x10",
    "1e3",
    "1.0",
    "",
    " ",
    "+",
    "- 1",
    "٣٤",
    "1٣",
    "\u{a0}5",
    "\u{1c}5",
    "5\u{1c}٣",
    "\u{1d7d8}",
    "²",
    "½",
    "五",
    "5\0",
    "\u{200b}5",
    "0_0",
    "1 2",
    "\u{b}5\u{c}",
    "\u{85}5",
    "--5",
];

/// Makes one input of a domain.
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
        // These two are objects by the time that they get here.
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

/// Puts blanks around what `make` makes, now and then.
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

/// Changes, doubles or removes one character of what `make` makes, one time in three.
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
        2 => chars[at] = (*random.pick(TRICKY)).to_owned(),
        3 => chars[at] = any_char(random).to_string(),
        _ => chars.insert(at, (*random.pick(TRICKY)).to_owned()),
    }
    chars.concat()
}

/// Makes JSON objects until one is valid for `serde_json` and for Python alike.
fn valid(random: &mut Random, make: fn(&mut Random) -> String, otherwise: &str) -> String {
    for _ in 0..20 {
        let text = make(random);
        if text.starts_with('{') && secretctl::python::json::loads(&text).is_ok() {
            return text;
        }
    }
    otherwise.to_owned()
}

fn any_char(random: &mut Random) -> char {
    let bound = *random.pick(&[0x80, 0x80, 0x3000, 0x1_0000, 0x11_0000]);
    let code = u32::try_from(random.below(bound)).unwrap();
    char::from_u32(code).unwrap_or('\u{fffd}')
}

/// Makes up to `most` pieces in a row.
fn tricky(random: &mut Random, most: usize) -> String {
    (0..random.below(most + 1))
        .map(|_| match random.below(4) {
            0 => any_char(random).to_string(),
            1 => (*random.pick(WORDS)).to_owned(),
            _ => (*random.pick(TRICKY)).to_owned(),
        })
        .collect()
}

/// Mostly a word, at times something tricky.
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

fn uri(random: &mut Random) -> String {
    if random.one_in(10) {
        let uris: Vec<&&str> = SHAPES.iter().filter(|shape| !shape.starts_with('{')).collect();
        return (**random.pick(&uris)).to_owned();
    }
    let mut uri = one_of(random, SCHEMES);
    uri.push_str(*random.pick(&["://", "://", "://", "://", "://", "://", ":", "//", ":/", ""]));
    if random.one_in(8) {
        uri.push_str(*random.pick(&["http://", "https://", "s3a://", "HTTPS://"]));
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
    uri.push_str(&one_of(random, HOSTS));
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

fn query(random: &mut Random) -> String {
    let mut fields = Vec::new();
    for _ in 0..random.below(4) {
        let name = if random.one_in(8) {
            "__extra__".to_owned()
        } else {
            word(random)
        };
        let value = match random.below(4) {
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
        let extra = extra(random);
        fields.push(format!("__extra__={}", secretctl::python::quote::quote(&extra)));
    }
    fields.join(*random.pick(&["&", "&", "&", "&&", ";"]))
}

/// The JSON of a connection, mostly of the right shape.
fn connection_json(random: &mut Random) -> String {
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
                "uri" => json_string(random, uri),
                "conn_type" => json_string(random, |random| one_of(random, SCHEMES)),
                "host" => json_string(random, |random| one_of(random, HOSTS)),
                "conn_id" => json_string(random, |random| one_of(random, &["my_conn", "c"])),
                _ => json_string(random, word),
            }
        };
        entries.push(format!("{}:{}{value}", quoted(random, &key), blanks(random)));
    }
    format!("{{{}}}", entries.join(*random.pick(&[",", ", ", ",\n  "])))
}

/// The text of an extra: mostly a JSON object.
fn extra(random: &mut Random) -> String {
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
fn json_value(random: &mut Random, depth: usize) -> String {
    match random.below(if depth == 0 { 8 } else { 12 }) {
        0 => (*random.pick(&["null", "true", "false", "NaN", "Infinity", "-Infinity"])).to_owned(),
        1 => (*random.pick(&[
            "nul", "True", "nan", "-", "01", "1.", ".5", "+1", "1e", "'a'", "-NaN", "[1,]", "{,}", "\"\\x\"",
            "",
        ]))
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
        5 => (*random.pick(&[
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
        ]))
        .to_owned(),
        6 if random.one_in(20) => "9".repeat(4290 + random.below(20)),
        _ => random.below(70_000).to_string(),
    }
}

fn float(bits: u64) -> String {
    let value = f64::from_bits(bits);
    if value.is_finite() {
        format!("{value:e}")
    } else {
        "1e999".to_owned()
    }
}

fn float_bits(random: &mut Random) -> u64 {
    match random.below(4) {
        0 => random.next(),
        1 => (f64::from(u32::try_from(random.below(1_000_000)).unwrap()) / 1000.0).to_bits(),
        2 => 10f64
            .powi(i32::try_from(random.below(640)).unwrap() - 320)
            .to_bits(),
        _ => (0x3ff0_0000_0000_0000 + (random.next() >> 4)) & !(1 << 63),
    }
}

fn integer(random: &mut Random) -> String {
    match random.below(6) {
        0 => tricky(random, 4),
        1 => format!(
            "{}{}{}",
            random.pick(TRICKY),
            random.below(100_000),
            random.pick(TRICKY)
        ),
        2 => random.next().to_string(),
        3 if random.one_in(50) => "0".repeat(4295 + random.below(10)),
        _ => mutated(random, |random| (*random.pick(INTEGERS)).to_owned()),
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
                    out.push_str(&if random.one_in(2) {
                        format!("\\u{unit:04x}")
                    } else {
                        format!("\\u{unit:04X}")
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
            *random.pick(&[
                "\\ud83d",
                "\\ude00",
                "\\ud83d\\ude00",
                "\\/",
                "\\b\\f\\n\\r\\t",
                "\\u00",
                "\\",
            ]),
        );
    }
    out
}

fn blanks(random: &mut Random) -> &'static str {
    if random.one_in(4) {
        *random.pick(&[" ", "\n", "\t", "\r\n", "  ", "\u{c}", "\u{a0}"])
    } else {
        ""
    }
}
