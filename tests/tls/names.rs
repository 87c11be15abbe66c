//! Names: those of a certificate, and those that an authority may sign for.

use super::{Case, agree, bundle, case};
use crate::support::server::draft::Draft;

#[test]
fn the_certificate_must_have_the_requested_name() {
    let root = Draft::authority("root").self_signed();
    let trusted = bundle(&[&root]);
    let named = |host: &str, draft: Draft, good: bool| Case {
        host: host.to_owned(),
        ..case(
            &format!("{host} {good}"),
            trusted.as_str(),
            draft.signed_by(&root).shown_with(&[]),
            good,
        )
    };
    let table: [(&str, &[&str], bool); 32] = [
        ("localhost", &["localhost"], true),
        ("localhost", &["elsewhere.example", "localhost"], true),
        ("localhost", &["elsewhere.example"], false),
        ("LocalHost", &["localhost"], true),
        ("localhost", &["LOCALHOST"], true),
        ("localhost", &["*"], false),
        ("localhost", &["local*"], false),
        ("a.example.com", &["*.example.com"], true),
        ("A.Example.com", &["*.eXample.com"], true),
        ("example.com", &["*.example.com"], false),
        ("a.b.example.com", &["*.example.com"], false),
        ("example.com", &["*.com"], false),
        ("a.example.com", &["*.*.com"], false),
        ("a.example.com", &["a.*.com"], false),
        ("ab.example.com", &["a*.example.com"], false),
        ("ab.example.com", &["*b.example.com"], false),
        ("xn--bcher-kva.example.com", &["*.example.com"], true),
        ("xn--bcher-kva.example.com", &["xn--bcher-kva.example.com"], true),
        ("xn--bcher-kva.example.com", &["xn--*.example.com"], false),
        ("a_b.example.com", &["a_b.example.com"], true),
        ("a.example.com", &[".example.com"], false),
        ("a.example.com", &["example.com"], false),
        ("a.example.com", &["a.example.com\0.evil.example"], false),
        ("a.example.com.", &["a.example.com"], true),
        ("a.example.com", &["a.example.com."], false),
        ("127.0.0.1", &["127.0.0.1"], true),
        ("127.0.0.1", &["127.0.0.2"], false),
        ("127.0.0.1", &["localhost"], false),
        ("127.0.0.1", &["*.0.0.1"], false),
        ("[::1]", &["::1"], true),
        ("[::1]", &["::2"], false),
        ("[0:0:0:0:0:0:0:1]", &["::1"], true),
    ];
    let mut cases: Vec<Case> = table
        .into_iter()
        .map(|(host, names, good)| named(host, Draft::server(names), good))
        .collect();
    // An address as a DNS name, and a name in the subject, do not count.
    let text = [[0x82, 9].as_slice(), b"127.0.0.1"].concat();
    let text = [[0x30, 11].as_slice(), &text].concat();
    let address_as_name = Draft::new("server").extension(&[0x55, 0x1d, 17], false, &text);
    cases.push(named("127.0.0.1", address_as_name, false));
    cases.push(named("localhost", Draft::new("localhost"), false));
    cases.push(named(
        "localhost",
        Draft::new("localhost").names(&["a.example"]),
        false,
    ));
    cases.push(named("127.0.0.1", Draft::new("127.0.0.1"), false));
    agree(cases);
}

/// The host, the permitted and excluded names, the certificate's names, and whether the server is trusted.
type Limited<'a> = (&'a str, &'a [&'a str], &'a [&'a str], &'a [&'a str], bool);

#[test]
fn an_authority_signs_within_its_limits() {
    let limited =
        |permitted: &[&str], excluded: &[&str]| Draft::authority("limited").limits(permitted, excluded);
    let mut cases = Vec::new();
    let table: [Limited<'_>; 14] = [
        ("a.example.com", &["example.com"], &[], &["a.example.com"], true),
        ("example.com", &["example.com"], &[], &["example.com"], true),
        ("a.example.org", &["example.com"], &[], &["a.example.org"], false),
        (
            "a.example.com",
            &["example.com"],
            &[],
            &["a.example.com", "b.example.org"],
            false,
        ),
        ("a.example.com", &[], &["example.com"], &["a.example.com"], false),
        ("a.example.org", &[], &["example.com"], &["a.example.org"], true),
        (
            "a.example.com",
            &["example.com"],
            &["a.example.com"],
            &["a.example.com"],
            false,
        ),
        (
            "badexample.com",
            &["example.com"],
            &[],
            &["badexample.com"],
            false,
        ),
        ("a.example.com", &["example.com"], &[], &["*.example.com"], true),
        ("127.0.0.1", &["127.0.0.0/255.0.0.0"], &[], &["127.0.0.1"], true),
        ("127.0.0.1", &["10.0.0.0/255.0.0.0"], &[], &["127.0.0.1"], false),
        ("127.0.0.1", &[], &["127.0.0.0/255.0.0.0"], &["127.0.0.1"], false),
        ("127.0.0.1", &["example.com"], &[], &["127.0.0.1"], true),
        ("a.example.com", &["a@example.org"], &[], &["a.example.com"], true),
    ];
    for (host, permitted, excluded, names, good) in table {
        let what = format!("{permitted:?} without {excluded:?} for {names:?}");
        let root = limited(permitted, excluded).self_signed();
        let shown = Draft::server(names).signed_by(&root).shown_with(&[]);
        cases.push(Case {
            host: host.to_owned(),
            ..case(&format!("root: {what}"), bundle(&[&root]), shown, good)
        });
        let root = Draft::authority("root").self_signed();
        let under = limited(permitted, excluded).signed_by(&root);
        let shown = Draft::server(names).signed_by(&under).shown_with(&[&under]);
        cases.push(Case {
            host: host.to_owned(),
            ..case(&format!("under a root: {what}"), bundle(&[&root]), shown, good)
        });
    }
    agree(cases);
}
