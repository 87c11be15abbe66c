//! Where secretctl and Python's requests disagree about a chain on purpose: both asked, over a real handshake.

use rcgen::KeyPair;
use serde_json::json;

use super::{Case, agree, bundle, case, ours, server, theirs, verdict};
use crate::support::server::draft::{CERT_SIGN, CRL_SIGN, Draft, Made, SERVER};
use crate::support::server::{Authority, Certificate, Validity};
use crate::support::{Judge, airflow, differs, free_port, temp_dir};

fn leaf() -> Draft {
    Draft::server(&["localhost"])
}

fn word(verdict: &Result<(), String>) -> &'static str {
    if verdict.is_ok() { "trusted" } else { "refused" }
}

/// Asserts the deliberate difference `id`, and that ours is what the case says.
#[track_caller]
fn differ(id: &str, case: &Case) {
    let folder = temp_dir();
    let verify = folder.path().join("trusted.pem");
    std::fs::write(&verify, &case.trusted).unwrap();
    let server = server(&case.shown);
    let ours = ours(&server, &case.host, &verify);
    assert_eq!(ours.is_ok(), case.good, "{}: {ours:?}", case.what);
    let Some(judge) = airflow() else { return };
    let theirs = theirs(judge, &server, &case.host, &verify);
    differs(id, &word(&ours), &word(&theirs));
}

#[test]
fn every_path_is_tried() {
    let twin = || Draft::authority("twin").self_signed();
    let (one, two) = (twin(), twin());
    let folder = temp_dir();
    let verify = folder.path().join("trusted.pem");
    std::fs::write(&verify, bundle(&[&one, &two])).unwrap();
    let mut refused = 0;
    for issuer in [&one, &two] {
        let server = server(&leaf().signed_by(issuer).shown_with(&[]));
        assert_eq!(ours(&server, "localhost", &verify), Ok(()));
        if let Some(judge) = airflow() {
            refused += usize::from(theirs(judge, &server, "localhost", &verify).is_err());
        }
    }
    if airflow().is_some() {
        differs("tls-every-path", &0, &refused);
    }
}

#[test]
fn an_authority_of_one_name_in_a_folder_is_found_beside_one_in_a_file() {
    let twin = |id: &[u8]| Draft::authority("twin").key_id(id).self_signed();
    let (in_file, in_folder) = (twin(b"file"), twin(b"folder"));
    let places = temp_dir();
    let file = places.path().join("bundle.pem");
    std::fs::write(&file, in_file.pem()).unwrap();
    std::fs::write(places.path().join(in_folder.hashed_name(0)), in_folder.pem()).unwrap();
    let shown = leaf().issuer_key_id(b"folder").signed_by(&in_folder);
    let server = server(&shown.shown_with(&[]));
    let output = crate::vault::vault(&json!({"url": server.url(), "token": "t"}))
        .env("SSL_CERT_FILE", &file)
        .env("SSL_CERT_DIR", places.path())
        .args(["get-var", "hello"])
        .run();
    assert_eq!(output.status, 0, "{}", output.stderr);
    let Some(judge) = airflow() else { return };
    let question = json!({"op": "tls.handshake", "port": server.port, "host": "localhost", "file": file, "folder": places.path()});
    differs(
        "tls-every-path",
        &"trusted",
        &word(&verdict(&judge.ask(question))),
    );
}

#[test]
fn a_folder_without_hashed_names_is_read_whole() {
    let root = Draft::authority("root").self_signed();
    let pinned = Draft::new("pinned").constraints(false, None).signed_by(&root);
    let folder = temp_dir();
    std::fs::write(folder.path().join("root.pem"), root.pem()).unwrap();
    std::fs::write(folder.path().join("pinned.crt"), pinned.pem()).unwrap();
    let good = server(&leaf().signed_by(&root).shown_with(&[]));
    let verdict = ours(&good, "localhost", folder.path());
    assert_eq!(verdict, Ok(()));
    let bad = server(&leaf().signed_by(&pinned).shown_with(&[]));
    assert!(ours(&bad, "localhost", folder.path()).is_err());
    let Some(judge) = airflow() else { return };
    let theirs = theirs(judge, &good, "localhost", folder.path());
    differs("tls-folder", &word(&verdict), &word(&theirs));
}

#[test]
fn the_system_s_roots_are_trusted() {
    let folder = temp_dir();
    let file = folder.path().join("system.pem");
    std::fs::write(&file, Authority::trusted().pem()).unwrap();
    let server = server(&Authority::trusted().certificate(Validity::Good));
    let kwargs = json!({"url": server.url(), "token": "t"});
    let output = crate::vault::vault(&kwargs)
        .env("SSL_CERT_FILE", &file)
        .args(["get-var", "hello"])
        .run();
    assert_eq!(output.ok(), "world\n");
    let Some(judge) = airflow() else { return };
    let question = json!({"op": "vault.lookup", "kwargs": kwargs, "env": {"SSL_CERT_FILE": file}, "kind": "var", "name": "hello"});
    let theirs = judge.ask(question);
    let answer = |value: &serde_json::Value| value.as_str().unwrap_or("refused").to_owned();
    differs("tls-system-roots", &"world".to_owned(), &answer(&theirs["value"]));
}

#[test]
fn a_damaged_certificate_is_passed_over() {
    let root = Draft::authority("root").self_signed();
    let by = || leaf().signed_by(&root).shown_with(&[]);
    let damaged = Draft::authority("damaged").self_signed().pem();
    let not_base64 = damaged.replacen('M', "!", 1);
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    // What `cat` makes of a file that does not end in a newline.
    let glued = format!("{}{}{}", damaged.trim_end(), damaged, root.pem());
    let id = "tls-damaged-certificate";
    for (what, text) in [
        ("not base64", not_base64 + &root.pem()),
        ("no certificate", no_certificate.to_owned() + &root.pem()),
        ("glued", glued),
    ] {
        differ(id, &case(what, text, by(), true));
    }
}

/// A root with a key of `kind`, and what a server shows whose certificate it has signed with `hash`.
fn made(judge: &Judge, kind: &str, hash: &str) -> (String, Certificate) {
    let answer = judge.ask(json!({"op": "tls.make", "kind": kind, "hash": hash}));
    let text = |name: &str| answer[name].as_str().unwrap().to_owned();
    let hex = text("leaf");
    let der = (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap());
    let key = KeyPair::from_pem(&text("key")).unwrap();
    (text("root"), Certificate::of_chain(vec![der.collect()], &key))
}

#[test]
fn the_signatures_that_are_known_are_those_of_rustls() {
    let Some(judge) = airflow() else { return };
    let cases = [
        ("rsa2048", "SHA256", true),
        ("rsa2048", "SHA384", true),
        ("rsa2048", "SHA512", true),
        ("rsa1024", "SHA256", false),
        ("p384", "SHA384", true),
    ];
    agree(
        cases
            .into_iter()
            .map(|(kind, hash, good)| {
                let (root, shown) = made(judge, kind, hash);
                case(&format!("{kind} {hash}"), root, shown, good)
            })
            .collect(),
    );
    for (kind, hash) in [("p521", "SHA512"), ("rsa2048", "SHA224")] {
        let (root, shown) = made(judge, kind, hash);
        differ("tls-algorithms", &case(kind, root, shown, false));
    }
}

#[test]
fn webpki_is_stricter_about_names_lengths_and_policies() {
    let root = Draft::authority("root").self_signed();
    let printable = Draft::authority("root").printable().key_of(&root).self_signed();
    let upper = Draft::authority("ROOT").key_of(&root).self_signed();
    let by = || leaf().signed_by(&root).shown_with(&[]);
    differ(
        "tls-names-as-bytes",
        &case("another encoding", printable.pem(), by(), false),
    );
    differ(
        "tls-names-as-bytes",
        &case("another case", upper.pem(), by(), false),
    );

    let mut chain: Vec<Made> = vec![root.clone()];
    for number in 0..7 {
        let issuer = chain.last().unwrap();
        chain.push(Draft::authority(&format!("level {number}")).signed_by(issuer));
    }
    let shown = |levels: usize| {
        let others: Vec<&Made> = chain[1..=levels].iter().rev().collect();
        leaf().signed_by(&chain[levels]).shown_with(&others)
    };
    agree(vec![case("six", root.pem(), shown(6), true)]);
    differ("tls-long-chain", &case("seven", root.pem(), shown(7), false));

    let under = Draft::new("under")
        .constraints(true, Some(0))
        .key_id(b"old")
        .signed_by(&root);
    let renewed = Draft::authority("under")
        .key_id(b"new")
        .issuer_key_id(b"old")
        .signed_by(&under);
    let shown = leaf().issuer_key_id(b"new").signed_by(&renewed);
    differ(
        "tls-self-issued",
        &case(
            "a new key",
            root.pem(),
            shown.shown_with(&[&renewed, &under]),
            false,
        ),
    );

    // Policy constraints: an explicit policy is required from the first certificate on.
    let constraints = [0x30, 3, 0x80, 1, 0];
    let policed = Draft::authority("policed").extension(&[0x55, 0x1d, 36], true, &constraints);
    let under = policed.clone().signed_by(&root);
    let shown = leaf().signed_by(&under).shown_with(&[&under]);
    differ("tls-policies", &case("a policy", root.pem(), shown, false));
    let root = policed.self_signed();
    agree(vec![case(
        "a root's",
        root.pem(),
        leaf().signed_by(&root).shown_with(&[]),
        true,
    )]);
}

#[test]
fn an_authority_as_a_server_is_refused_below_limits_and_an_expired_one_above_it() {
    let root = Draft::authority("root").limits(&["localhost"], &[]).self_signed();
    let shown = leaf().constraints(true, None).signed_by(&root).shown_with(&[]);
    differ(
        "tls-limited-authority",
        &case("below limits", root.pem(), shown, false),
    );

    let root = Draft::authority("root").self_signed();
    let under = Draft::authority("under")
        .until("20210101000000Z")
        .signed_by(&root);
    let shown = leaf().signed_by(&under).shown_with(&[]);
    let trusted = under.trusted_pem(Some(&[SERVER]), &[]);
    differ(
        "tls-expired-trust",
        &case("an expired one", trusted, shown, false),
    );
}

#[test]
fn the_proxy_of_a_plain_server_is_checked() {
    let stranger = Authority::new("stranger").certificate(Validity::Good);
    let proxy = server(&stranger);
    let url = format!("http://127.0.0.1:{}/", free_port());
    let output = crate::vault::vault(&json!({"url": url, "token": "t"}))
        .env("HTTP_PROXY", proxy.url())
        .args(["get-var", "hello"])
        .run();
    assert_eq!(output.status, 5, "{}", output.stderr);
    assert!(
        output.stderr.contains("signed by no authority that is trusted"),
        "{}",
        output.stderr
    );
    assert!(proxy.take().is_empty());
    let Some(judge) = airflow() else { return };
    let theirs =
        verdict(&judge.ask(json!({"op": "tls.get", "url": url, "verify": true, "proxy": proxy.url()})));
    differs("tls-proxy-unchecked", &"refused", &word(&theirs));
}

#[test]
fn chains_end_at_a_root_whatever_python_is_installed() {
    let (root_key, under_key) = (b"root", b"under");
    let authority = |name: &str| Draft::authority(name).usage(CERT_SIGN | CRL_SIGN);
    let root = authority("root")
        .key_id(root_key)
        .issuer_key_id(root_key)
        .self_signed();
    let under = authority("under")
        .key_id(under_key)
        .issuer_key_id(root_key)
        .signed_by(&root);
    let issued = leaf().issuer_key_id(under_key).signed_by(&under);
    let silent = Draft::authority("silent").self_signed();
    let cases = [
        (
            "an authority without its root",
            &under,
            issued.shown_with(&[&under]),
            false,
        ),
        ("a server's own", &issued, issued.shown_with(&[]), false),
        (
            "a root without key usage",
            &silent,
            leaf().signed_by(&silent).shown_with(&[]),
            true,
        ),
    ];
    for (what, trusted, shown, good) in cases {
        let folder = temp_dir();
        let file = folder.path().join("trusted.pem");
        std::fs::write(&file, trusted.pem()).unwrap();
        let server = server(&shown);
        let ours = ours(&server, "localhost", &file);
        assert_eq!(ours.is_ok(), good, "{what}: {ours:?}");
        let Some(judge) = airflow() else { return };
        let question = json!({"op": "tls.handshake", "port": server.port, "host": "localhost", "file": file, "flags": true});
        differs(
            "tls-partial-chain",
            &word(&ours),
            &word(&verdict(&judge.ask(question))),
        );
    }
}
