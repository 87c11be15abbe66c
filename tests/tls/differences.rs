//! Where secretctl and Python's requests differ on purpose about a chain: both are asked, in a real handshake.

use rcgen::KeyPair;
use serde_json::json;

use super::{Case, agree, bundle, case, ours, server, theirs, verdict};
use crate::support::server::draft::{CERT_SIGN, CRL_SIGN, Draft, Made, SERVER};
use crate::support::server::{Authority, Certificate, Validity};
use crate::support::{Judge, Side, Sides, airflow, differs, free_port, requests, temp_dir};

fn leaf() -> Draft {
    Draft::server(&["localhost"])
}

/// The server is trusted.
fn trusted() -> Side {
    Side::found("trusted")
}

/// Airflow's requests refuse the server.
fn refused_by_requests() -> Side {
    Side::failed("SSLError")
}

/// We refuse the server.
fn refused_here() -> Side {
    Side::failed("status 5")
}

/// Reads Airflow's verdict: an error begins with its class.
fn of_airflow(verdict: &Result<(), String>) -> Side {
    verdict.as_ref().map_or_else(
        |error| Side::failed(error.split(':').next().unwrap_or_default()),
        |()| trusted(),
    )
}

/// Reads our verdict: [`ours`] accepts no failure except status 5.
fn of_secretctl(verdict: &Result<(), String>) -> Side {
    verdict.as_ref().map_or_else(|_| refused_here(), |()| trusted())
}

impl Case {
    /// Asserts that Airflow's verdict is `airflow`, and that ours is the one of the case.
    #[track_caller]
    fn differs(&self, id: &str, airflow_says: Side) {
        let folder = temp_dir();
        let verify = folder.path().join("trusted.pem");
        std::fs::write(&verify, &self.trusted).unwrap();
        let server = server(&self.shown);
        let ours = ours(&server, &self.host, &verify);
        assert_eq!(ours.is_ok(), self.good, "{}: {ours:?}", self.what);
        let Some(judge) = airflow() else { return };
        let theirs = theirs(judge, &server, &self.host, &verify);
        let stated = if self.good { trusted() } else { refused_here() };
        let sides = Sides {
            airflow: (of_airflow(&theirs), airflow_says),
            secretctl: (of_secretctl(&ours), stated),
        };
        differs(id, &sides);
    }
}

#[test]
fn every_path_is_tried() {
    let twin = || Draft::authority("twin").self_signed();
    let (one, two) = (twin(), twin());
    let folder = temp_dir();
    let verify = folder.path().join("trusted.pem");
    std::fs::write(&verify, bundle(&[&one, &two])).unwrap();
    let (mut by_them, mut by_us) = (0, 0);
    for issuer in [&one, &two] {
        let server = server(&leaf().signed_by(issuer).shown_with(&[]));
        let ours = ours(&server, "localhost", &verify);
        assert_eq!(ours, Ok(()));
        by_us += usize::from(ours.is_ok());
        if let Some(judge) = airflow() {
            by_them += usize::from(theirs(judge, &server, "localhost", &verify).is_ok());
        }
    }
    if airflow().is_some() {
        // How many of the two servers are trusted.
        differs(
            "tls-every-path",
            &Sides {
                airflow: (Side::found(by_them), Side::found(1)),
                secretctl: (Side::found(by_us), Side::found(2)),
            },
        );
    }
}

#[test]
fn authorities_of_one_name_are_found_in_a_folder_and_in_a_file() {
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
    assert_eq!(output.ok(), "world\n");
    let Some(judge) = airflow() else { return };
    let question = json!({"op": "tls.handshake", "port": server.port, "host": "localhost", "file": file, "folder": places.path()});
    let theirs = verdict(&judge.ask(question));
    differs(
        "tls-every-path",
        &Sides {
            airflow: (of_airflow(&theirs), Side::failed("SSLCertVerificationError")),
            secretctl: (of_secretctl(&Ok(())), trusted()),
        },
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
    differs(
        "tls-folder",
        &Sides {
            airflow: (of_airflow(&theirs), refused_by_requests()),
            secretctl: (of_secretctl(&verdict), trusted()),
        },
    );
}

#[test]
fn the_systems_roots_are_trusted() {
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
    let ours = Side::of_secretctl(&output).asking(requests(&server.take()));
    let Some(judge) = airflow() else { return };
    let question = json!({"op": "vault.lookup", "kwargs": kwargs, "env": {"SSL_CERT_FILE": file}, "kind": "var", "name": "hello"});
    let theirs = Side::of_airflow(&judge.ask(question)).asking(requests(&server.take()));
    let asked = json!(["GET /v1/secret/data/variables/hello"]);
    differs(
        "tls-system-roots",
        &Sides {
            airflow: (theirs, refused_by_requests().asking(json!([]))),
            secretctl: (ours, Side::found("world").asking(asked)),
        },
    );
}

#[test]
fn a_damaged_certificate_is_skipped() {
    let root = Draft::authority("root").self_signed();
    let by = || leaf().signed_by(&root).shown_with(&[]);
    let damaged = Draft::authority("damaged").self_signed().pem();
    let not_base64 = damaged.replacen('M', "!", 1);
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    // `cat` makes this of a file that does not end in a newline.
    let glued = format!("{}{}{}", damaged.trim_end(), damaged, root.pem());
    for (what, text) in [
        ("not base64", not_base64 + &root.pem()),
        ("no certificate", no_certificate.to_owned() + &root.pem()),
        ("glued", glued),
    ] {
        case(what, text, by(), true).differs("tls-damaged-certificate", refused_by_requests());
    }
}

/// Returns a root with a key of `kind`, and a server's certificate that it has signed with `hash`.
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
fn the_known_signatures_are_those_of_rustls() {
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
        case(kind, root, shown, false).differs("tls-algorithms", trusted());
    }
}

#[test]
fn webpki_is_stricter_about_names_lengths_and_policies() {
    let root = Draft::authority("root").self_signed();
    let printable = Draft::authority("root").printable().key_of(&root).self_signed();
    let upper = Draft::authority("ROOT").key_of(&root).self_signed();
    let by = || leaf().signed_by(&root).shown_with(&[]);
    case("another encoding", printable.pem(), by(), false).differs("tls-names-as-bytes", trusted());
    case("another case", upper.pem(), by(), false).differs("tls-names-as-bytes", trusted());

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
    case("seven", root.pem(), shown(7), false).differs("tls-long-chain", trusted());

    let under = Draft::new("under")
        .constraints(true, Some(0))
        .key_id(b"old")
        .signed_by(&root);
    let renewed = Draft::authority("under")
        .key_id(b"new")
        .issuer_key_id(b"old")
        .signed_by(&under);
    let shown = leaf().issuer_key_id(b"new").signed_by(&renewed);
    let shown = shown.shown_with(&[&renewed, &under]);
    case("a new key", root.pem(), shown, false).differs("tls-self-issued", trusted());

    // Policy constraints: an explicit policy is required from the first certificate on.
    let constraints = [0x30, 3, 0x80, 1, 0];
    let policed = Draft::authority("policed").extension(&[0x55, 0x1d, 36], true, &constraints);
    let under = policed.clone().signed_by(&root);
    let shown = leaf().signed_by(&under).shown_with(&[&under]);
    case("a policy", root.pem(), shown, false).differs("tls-policies", trusted());
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
    case("below limits", root.pem(), shown, false).differs("tls-limited-authority", trusted());

    let root = Draft::authority("root").self_signed();
    let under = Draft::authority("under")
        .until("20210101000000Z")
        .signed_by(&root);
    let shown = leaf().signed_by(&under).shown_with(&[]);
    let block = under.trusted_pem(Some(&[SERVER]), &[]);
    case("an expired one", block, shown, false).differs("tls-expired-trust", trusted());
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
    let ours = Side::of_secretctl(&output);
    assert!(
        output.stderr.contains("not signed by a trusted authority"),
        "{}",
        output.stderr
    );
    assert!(proxy.take().is_empty());
    let Some(judge) = airflow() else { return };
    let theirs =
        verdict(&judge.ask(json!({"op": "tls.get", "url": url, "verify": true, "proxy": proxy.url()})));
    differs(
        "tls-proxy-unchecked",
        &Sides {
            airflow: (of_airflow(&theirs), trusted()),
            secretctl: (ours, refused_here()),
        },
    );
}

#[test]
fn chains_end_at_a_root_with_every_version_of_python() {
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
            (trusted(), refused_here()),
        ),
        (
            "a server's own",
            &issued,
            issued.shown_with(&[]),
            (trusted(), refused_here()),
        ),
        (
            "a root without key usage",
            &silent,
            leaf().signed_by(&silent).shown_with(&[]),
            (Side::failed("SSLCertVerificationError"), trusted()),
        ),
    ];
    for (what, anchor, shown, (airflow_says, stated)) in cases {
        let folder = temp_dir();
        let file = folder.path().join("trusted.pem");
        std::fs::write(&file, anchor.pem()).unwrap();
        let server = server(&shown);
        let ours = of_secretctl(&ours(&server, "localhost", &file));
        assert_eq!(ours, stated, "{what}");
        let Some(judge) = airflow() else { return };
        let question = json!({"op": "tls.handshake", "port": server.port, "host": "localhost", "file": file, "flags": true});
        let theirs = of_airflow(&verdict(&judge.ask(question)));
        differs(
            "tls-partial-chain",
            &Sides {
                airflow: (theirs, airflow_says),
                secretctl: (ours, stated),
            },
        );
    }
}
