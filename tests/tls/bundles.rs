//! Where trusted certificates come from: the text of a bundle, OpenSSL's trust settings, folders, large bundles.

use serde_json::json;

use super::{agree, bundle, case, ours, server, verdict};
use crate::support::server::draft::{ANY, CLIENT, CRL_SIGN, Draft, Made, SERVER, block};
use crate::support::{airflow, temp_dir};

fn leaf() -> Draft {
    Draft::server(&["localhost"])
}

#[test]
fn a_bundle_is_read_as_openssl_reads_it() {
    let root = Draft::authority("root").self_signed();
    let other = Draft::authority("other").self_signed();
    let shown = || leaf().signed_by(&root).shown_with(&[]);
    let pem = root.pem();
    let lines = |prefix: &str| {
        format!(
            "{prefix}{}\n",
            pem.trim_end().replace('\n', &format!("\n{prefix}"))
        )
    };
    let one_line = format!(
        "-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n",
        pem.lines()
            .filter(|line| !line.starts_with('-'))
            .collect::<String>()
    );
    let with = |text: &str| format!("{}{text}", other.pem());
    agree(vec![
        case("CRLF", pem.replace('\n', "\r\n"), shown(), true),
        case("no newline at the end", pem.trim_end(), shown(), true),
        case("a byte order mark", format!("\u{feff}{pem}"), shown(), true),
        case("one line", one_line, shown(), true),
        case(
            "text around it",
            format!("Subject: CN=root\n\n{pem}\nthe end\n"),
            shown(),
            true,
        ),
        case(
            "a key before it",
            format!("{}{pem}", root.key.serialize_pem()),
            shown(),
            true,
        ),
        case(
            "an old label",
            pem.replace("CERTIFICATE", "X509 CERTIFICATE"),
            shown(),
            true,
        ),
        case("commented out", with(&lines("# ")), shown(), false),
        case(
            "its first line commented out",
            with(&format!("#{pem}")),
            shown(),
            false,
        ),
        case(
            "behind a commented-out marker",
            format!("# -----BEGIN CERTIFICATE-----\n{pem}"),
            shown(),
            true,
        ),
        case("indented", with(&lines("  ")), shown(), false),
        case(
            "something before the marker",
            with(&format!("x{pem}")),
            shown(),
            false,
        ),
        case(
            "another label",
            with(&pem.replace("CERTIFICATE", "PKCS7 CERTIFICATE")),
            shown(),
            false,
        ),
        case(
            "blanks behind the markers",
            pem.replace("-----\n", "----- \t\n"),
            shown(),
            true,
        ),
        case(
            "more behind the certificate",
            block("CERTIFICATE", &[root.der.as_slice(), &[5, 0]].concat()),
            shown(),
            true,
        ),
    ]);
}

#[test]
fn one_certificate_of_three_hundred_is_found() {
    let roots: Vec<Made> = (0..300)
        .map(|number| Draft::authority(&format!("root {number}")).self_signed())
        .collect();
    let all = bundle(&roots.iter().collect::<Vec<_>>());
    let by = |number: usize| leaf().signed_by(&roots[number]).shown_with(&[]);
    let stranger = Draft::authority("root 300").self_signed();
    agree(vec![
        case("the first", all.as_str(), by(0), true),
        case("one of them", all.as_str(), by(150), true),
        case("the last", all.as_str(), by(299), true),
        case(
            "none of them",
            all.as_str(),
            leaf().signed_by(&stranger).shown_with(&[]),
            false,
        ),
    ]);
}

#[test]
#[expect(clippy::too_many_lines, reason = "one table of cases")]
fn openssls_trust_settings_count() {
    let root = Draft::authority("root").self_signed();
    let under = Draft::authority("under").signed_by(&root);
    let plain = Draft::new("plain").self_signed();
    let own = leaf().self_signed();
    let any_use = Draft::authority("any use").extended(&[ANY]).self_signed();
    let client = leaf().usage(CRL_SIGN).extended(&[CLIENT]).self_signed();
    let issued = leaf().signed_by(&root);
    let by = |issuer: &Made| leaf().signed_by(issuer).shown_with(&[issuer]);
    let trusted = |made: &Made| made.trusted_pem(Some(&[SERVER]), &[]);
    let rejected = |made: &Made| made.trusted_pem(None, &[SERVER]);
    agree(vec![
        case("for servers", trusted(&root), by(&root), true),
        case(
            "for anything",
            root.trusted_pem(Some(&[ANY]), &[]),
            by(&root),
            true,
        ),
        case(
            "for clients",
            root.trusted_pem(Some(&[CLIENT]), &[]),
            by(&root),
            false,
        ),
        case("for nothing", root.trusted_pem(Some(&[]), &[]), by(&root), false),
        case("nothing said", root.trusted_pem(None, &[]), by(&root), true),
        case(
            "no settings",
            block("TRUSTED CERTIFICATE", &root.der),
            by(&root),
            true,
        ),
        case("rejected for servers", rejected(&root), by(&root), false),
        case(
            "rejected for anything",
            root.trusted_pem(None, &[ANY]),
            by(&root),
            false,
        ),
        case(
            "rejected for clients",
            root.trusted_pem(None, &[CLIENT]),
            by(&root),
            true,
        ),
        case(
            "trusted and rejected",
            root.trusted_pem(Some(&[SERVER]), &[SERVER]),
            by(&root),
            false,
        ),
        case("one under a root, without it", trusted(&under), by(&under), true),
        case(
            "the same, nothing said",
            under.trusted_pem(None, &[]),
            by(&under),
            false,
        ),
        case("no authority", trusted(&plain), by(&plain), false),
        case(
            "one under a root rejected",
            format!("{}{}", rejected(&under), root.pem()),
            by(&under),
            false,
        ),
        case("its own", trusted(&own), own.shown_with(&[]), true),
        case(
            "its own, for clients",
            own.trusted_pem(Some(&[CLIENT]), &[]),
            own.shown_with(&[]),
            false,
        ),
        case(
            "any use, trusted for servers",
            trusted(&any_use),
            by(&any_use),
            true,
        ),
        case("any use", any_use.pem(), by(&any_use), false),
        case(
            "its own, for clients, trusted for servers",
            trusted(&client),
            client.shown_with(&[]),
            true,
        ),
        case("its own, issued", trusted(&issued), issued.shown_with(&[]), false),
        case(
            "its own, issued, rejected",
            format!("{}{}", rejected(&issued), root.pem()),
            issued.shown_with(&[]),
            true,
        ),
        case(
            "plain, then rejected",
            format!("{}{}", root.pem(), rejected(&root)),
            by(&root),
            true,
        ),
        case(
            "rejected, then plain",
            format!("{}{}", rejected(&root), root.pem()),
            by(&root),
            false,
        ),
    ]);
}

#[test]
fn a_folder_is_read_as_openssl_reads_it_where_it_is_hashed() {
    let judge = airflow();
    let twin = |id: &[u8]| Draft::authority("Twin Root").key_id(id).self_signed();
    let (one, two) = (twin(b"one"), twin(b"two"));
    let under = Draft::authority("under").signed_by(&one);
    let out = Draft::authority("taken out").self_signed();
    let pinned = Draft::new("pinned").constraints(false, None).signed_by(&one);
    let folder = temp_dir();
    let write = |name: &str, made: &Made| std::fs::write(folder.path().join(name), made.pem()).unwrap();
    write(&one.hashed_name(0), &one);
    write(&two.hashed_name(1), &two);
    write(&under.hashed_name(0), &under);
    write(&pinned.hashed_name(0), &pinned);
    // Its link is removed, as `update-ca-certificates` does.
    write("taken-out.pem", &out);
    std::fs::write(folder.path().join("README"), "certificates\n").unwrap();
    let by = |issuer: &Made, id: &[u8]| leaf().issuer_key_id(id).signed_by(issuer);
    let cases = [
        ("the first of a name", by(&one, b"one"), true),
        ("the second of a name", by(&two, b"two"), true),
        ("a third", by(&twin(b"three"), b"three"), false),
        ("an authority under one of them", leaf().signed_by(&under), true),
        ("one that was taken out", leaf().signed_by(&out), false),
        ("one that is no authority", leaf().signed_by(&pinned), false),
    ];
    for (what, made, good) in cases {
        let server = server(&made.shown_with(&[]));
        let ours = ours(&server, "localhost", folder.path());
        assert_eq!(ours.is_ok(), good, "{what}: {ours:?}");
        if let Some(judge) = judge {
            let theirs = super::theirs(judge, &server, "localhost", folder.path());
            assert_eq!(theirs.is_ok(), good, "{what}: {theirs:?}");
        }
    }
}

#[test]
fn a_file_and_a_folder_are_one_store() {
    let judge = airflow();
    let twin = |id: &[u8]| Draft::authority("twin").key_id(id).self_signed();
    let in_file = twin(b"file");
    let in_folder = Draft::authority("in the folder").self_signed();
    let under = Draft::authority("under").signed_by(&in_folder);
    let places = temp_dir();
    let file = places.path().join("bundle.pem");
    let folder = places.path().join("certs");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(&file, bundle(&[&in_file, &under])).unwrap();
    std::fs::write(folder.join(in_folder.hashed_name(0)), in_folder.pem()).unwrap();
    let by = |issuer: &Made, id: &[u8]| leaf().issuer_key_id(id).signed_by(issuer);
    for (what, made, good) in [
        ("the one in the folder", leaf().signed_by(&in_folder), true),
        ("the one in the file", by(&in_file, b"file"), true),
        ("another", by(&twin(b"third"), b"third"), false),
        ("from the file into the folder", leaf().signed_by(&under), true),
    ] {
        let server = server(&made.shown_with(&[]));
        let output = crate::vault::vault(&json!({"url": server.url(), "token": "t"}))
            .env("SSL_CERT_FILE", &file)
            .env("SSL_CERT_DIR", &folder)
            .args(["get-var", "hello"])
            .run();
        assert_eq!(
            output.status,
            if good { 0 } else { 5 },
            "{what}: {}",
            output.stderr
        );
        if let Some(judge) = judge {
            let question = json!({"op": "tls.handshake", "port": server.port, "host": "localhost", "file": file, "folder": folder});
            let theirs = verdict(&judge.ask(question));
            assert_eq!(theirs.is_ok(), good, "{what}: {theirs:?}");
        }
    }
}
