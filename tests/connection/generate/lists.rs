//! The generators' words.

/// Texts that break parsers: delimiters, escapes, blanks of every kind, letters with an odd case or normal form.
#[rustfmt::skip]
pub(super) const TRICKY: &[&str] = &[
    "@", ":", "/", "?", "#", "[", "]", "%", "&", "=", ";", "+", "\\", "\"", "'", "{", "}", ",", "-", "_",
    ".", "~", "|", "^", "`", "<", ">", "(", ")", "*", "!", "$", "://", "//", "::", "@@", "%2F", "%2f",
    "%40", "%3A", "%25", "%", "%%", "%zz", "%4", "%00", "%0A", "%c3", "%C3%A9", "%e2%82", "%f0%9f%98%80",
    "%ed%a0%80", "%ff", "%252F", "\0", "\t", "\n", "\r", " ", "\u{b}", "\u{c}", "\u{1c}", "\u{1f}",
    "\u{7f}", "\u{80}", "\u{85}", "\u{a0}", "\u{ad}", "\u{200b}", "\u{2028}", "\u{3000}", "\u{feff}", "é",
    "e\u{301}", "ß", "İ", "ı", "Σ", "ΑΣ", "ΑΣ.", "ǅ", "ﬀ", "ſ", "\u{212a}", "Å", "\u{2100}", "\u{2048}",
    "\u{fe6b}", "\u{ff0f}", "\u{ff1a}", "\u{ff1f}", "\u{ff20}", "\u{ff03}", "\u{2260}", "½", "٣", "５", "²",
    "Ⓐ", "\u{1f600}", "\u{10d50}", "\u{a7da}", "\u{1d7d8}", "\u{10ffff}", "\u{e000}", "http", "https",
    "__extra__", "null", "true", "1", "0", "-1", "[::1]", "localhost", "\\u00e9", "\\ud83d\\ude00",
    "\\ud800", "C:\\dir\\new",
];

/// Words.
#[rustfmt::skip]
pub(super) const WORDS: &[&str] = &[
    "user", "admin", "p4ss", "Host", "db.example.com", "my-db", "schema", "a", "B", "x1", "eu-west-1",
    "key", "value", "é", "airflow", "10.0.0.1", "extra__google_cloud_platform__project", "timeout",
    "verify", "",
];

/// Schemes, valid and invalid.
#[rustfmt::skip]
pub(super) const SCHEMES: &[&str] = &[
    "postgres", "postgresql", "mysql", "http", "https", "google-cloud-platform", "google_cloud_platform",
    "aws", "HTTP", "PostgreSQL", "a+b.c", "wasb", "fs", "spark", "ssh", "sftp", "x", "1x", "",
    "kubernetes-", "-", "é", "h t", "snowflake",
];

/// Hosts, brackets and zones, valid and invalid.
#[rustfmt::skip]
pub(super) const HOSTS: &[&str] = &[
    "localhost", "DB.Example.COM", "10.0.0.1", "[::1]", "[FE80::1%Eth0]", "[fe80::1%25eth0]", "[v1.a:b]",
    "[1.2.3.4]", "[::ffff:1.2.3.4]", "[::1", "::1]", "[]", "[::1]x", "x[::1]", "%2Fvar%2Frun%2FPG",
    "%2ftmp", "a%3Ab", "https://h", "http%3A%2F%2Fhost", "*", "h,h2", "h:1,h2:2", "İstanbul", "münchen.de",
    "MÜNCHEN", "ΑΣ", "", "", "a b", "h%40x", "%C3%89", "s3.amazonaws.com", "[1:2:3:4:5:6:7:8]", "[1::2::3]",
    "[::1%]", "A%2FB", "A%", "h.", "[V1.a]", "[vG.a]", "[::01.2.3.4]",
    "%3A%2F%2Fh", "://h", "k8s%3a%2F%2FA",
];

/// Ports, valid and invalid.
#[rustfmt::skip]
pub(super) const PORTS: &[&str] = &[
    "5432", "80", "0", "", "65535", "65536", "99999999999999999999", "00080", "+80", "-1", " 80", "80 ",
    "8_0", "٣", "５", "abc", "1:2", "0x50", "80%30", "²", "1.5",
];

/// Keys of a connection's JSON; the first eight are right.
#[rustfmt::skip]
pub(super) const KEYS: &[&str] = &[
    "conn_type", "description", "host", "login", "password", "schema", "port", "extra", "uri", "team_name",
    "conn_id", "extra_dejson", "Host", "user", "",
];

/// Input for `int()`.
#[rustfmt::skip]
pub(super) const INTEGERS: &[&str] = &[
    "5432", "+5", "-7", " 80\n", "8_0", "8__0", "_8", "8_", "007", "-0", "0x10", "1e3", "1.0", "", " ", "+",
    "- 1", "٣٤", "1٣", "\u{a0}5", "\u{1c}5", "5\u{1c}٣", "\u{1d7d8}", "²", "½", "五", "5\0", "\u{200b}5",
    "0_0", "1 2", "\u{b}5\u{c}", "\u{85}5", "--5",
];
