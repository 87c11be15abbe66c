//! Chains: which certificate is an authority, for which servers, and until when.

use serde_json::json;

use super::variables::{AZURE_NAMES, ask_azure, azure};
use super::{Case, agree, bundle, case};
use crate::support::server::Tunnel;
use crate::support::server::draft::{
    ANY, CERT_SIGN, CLIENT, CRL_SIGN, DIGITAL_SIGNATURE, Draft, KEY_AGREEMENT, KEY_ENCIPHERMENT, Made, SERVER,
};
use crate::support::temp_dir;

/// Returns a server's certificate for localhost.
fn leaf() -> Draft {
    Draft::server(&["localhost"])
}

fn root() -> Made {
    Draft::authority("root").self_signed()
}

#[test]
fn only_an_authority_may_sign_for_others() {
    let root = root();
    let under = Draft::authority("under").signed_by(&root);
    let pinned = Draft::new("pinned").names(&["inner.example"]);
    let not_authority = pinned.clone().constraints(false, None).signed_by(&root);
    let silent = pinned.clone().signed_by(&root);
    let own_not_authority = pinned.clone().constraints(false, None).self_signed();
    let own_silent = pinned.clone().self_signed();
    let own_authority = pinned.clone().constraints(true, None).self_signed();
    let by = |issuer: &Made| leaf().signed_by(issuer).shown_with(&[]);
    let with = |issuer: &Made| leaf().signed_by(issuer).shown_with(&[issuer]);
    let stranger = Draft::authority("stranger").self_signed();
    let impostor = Draft::authority("root").self_signed();
    agree(vec![
        case("a root", bundle(&[&root]), by(&root), true),
        case("a root that is shown too", bundle(&[&root]), with(&root), true),
        case("a stranger", bundle(&[&root]), by(&stranger), false),
        case(
            "a stranger that is shown",
            bundle(&[&root]),
            with(&stranger),
            false,
        ),
        case(
            "another key of the root's name",
            bundle(&[&root]),
            with(&impostor),
            false,
        ),
        case(
            "an authority under the root",
            bundle(&[&root]),
            with(&under),
            true,
        ),
        case("one that is not shown", bundle(&[&root]), by(&under), false),
        case("one in the bundle", bundle(&[&root, &under]), by(&under), true),
        case(
            "one in the bundle and shown",
            bundle(&[&under, &root]),
            with(&under),
            true,
        ),
        case(
            "one in the bundle without its root",
            bundle(&[&under]),
            by(&under),
            false,
        ),
        case("the same, shown", bundle(&[&under]), with(&under), false),
        case(
            "a pinned server's certificate",
            bundle(&[&root, &not_authority]),
            by(&not_authority),
            false,
        ),
        case(
            "the same, shown",
            bundle(&[&root, &not_authority]),
            with(&not_authority),
            false,
        ),
        case(
            "one without constraints",
            bundle(&[&root, &silent]),
            by(&silent),
            false,
        ),
        case("the same, shown", bundle(&[&root, &silent]), with(&silent), false),
        case(
            "one that signs itself",
            bundle(&[&own_not_authority]),
            by(&own_not_authority),
            false,
        ),
        case(
            "the same, shown",
            bundle(&[&own_not_authority]),
            with(&own_not_authority),
            false,
        ),
        case(
            "one that says nothing",
            bundle(&[&own_silent]),
            with(&own_silent),
            false,
        ),
        case(
            "one that is an authority",
            bundle(&[&own_authority]),
            by(&own_authority),
            true,
        ),
    ]);
}

#[test]
fn a_self_signed_server_certificate_is_trusted_by_itself() {
    let root = root();
    let own = |what: &str, draft: Draft, good: bool| {
        let made = draft.self_signed();
        case(what, bundle(&[&made]), made.shown_with(&[]), good)
    };
    let issued = leaf().signed_by(&root);
    let alone = leaf().self_signed();
    let mimic = leaf().self_signed();
    let authority = || leaf().constraints(true, None);
    let twice = leaf().self_signed();
    agree(vec![
        own("not an authority", leaf().constraints(false, None), true),
        own("without constraints", leaf(), true),
        own("an authority", authority(), true),
        own("an authority for servers", authority().extended(&[SERVER]), true),
        own(
            "for servers and clients",
            authority().extended(&[CLIENT, SERVER]),
            true,
        ),
        own("for clients alone", authority().extended(&[CLIENT]), false),
        own("for any use", authority().extended(&[ANY]), false),
        own("may only sign", authority().usage(CERT_SIGN | CRL_SIGN), false),
        own(
            "may sign and serve",
            authority().usage(CERT_SIGN | DIGITAL_SIGNATURE),
            true,
        ),
        own("may serve, not sign", leaf().usage(KEY_ENCIPHERMENT), true),
        own("for another name", Draft::server(&["elsewhere.example"]), false),
        own("for no name", Draft::new("localhost"), false),
        own("expired", leaf().until("20210101000000Z"), false),
        own("not valid yet", authority().from("20980101000000Z"), false),
        own("of version 1", Draft::new("localhost").version(1), false),
        own(
            "a critical unknown extension",
            leaf().extension(&[0x2a, 3, 4], true, &[5, 0]),
            false,
        ),
        own(
            "an unknown extension",
            leaf().extension(&[0x2a, 3, 4], false, &[5, 0]),
            true,
        ),
        own(
            "a limit on names below",
            authority().limits(&["example.com"], &[]),
            true,
        ),
        own("Netscape's client", leaf().netscape(0x80), false),
        own("Netscape's server", leaf().netscape(0x40), true),
        own(
            "its own key's identifier",
            leaf().key_id(b"k").issuer_key_id(b"k"),
            true,
        ),
        case("not trusted", bundle(&[&root]), alone.shown_with(&[]), false),
        case(
            "a mimic of a trusted one",
            bundle(&[&alone]),
            mimic.shown_with(&[]),
            false,
        ),
        case(
            "a mimic that shows the trusted one",
            bundle(&[&alone]),
            mimic.shown_with(&[&alone]),
            false,
        ),
        case(
            "issued, without its root",
            bundle(&[&issued]),
            issued.shown_with(&[]),
            false,
        ),
        case(
            "issued, with its root",
            bundle(&[&issued, &root]),
            issued.shown_with(&[]),
            true,
        ),
        case("twice", bundle(&[&twice, &twice]), twice.shown_with(&[]), true),
    ]);
}

/// Returns a case with a root made of `draft` and a server's certificate below it.
fn below(what: &str, draft: Draft, good: bool) -> Case {
    let root = draft.self_signed();
    case(
        what,
        bundle(&[&root]),
        leaf().signed_by(&root).shown_with(&[]),
        good,
    )
}

#[test]
fn a_root_is_checked_like_the_others() {
    let authority = || Draft::authority("root");
    let plain = || Draft::new("root");
    agree(vec![
        below("of version 1", plain().version(1), true),
        below("nothing said", plain(), false),
        below(
            "not an authority, may sign",
            plain().constraints(false, None).usage(CERT_SIGN),
            false,
        ),
        below("only that it may sign", plain().usage(CERT_SIGN), true),
        below("only that it may serve", plain().usage(DIGITAL_SIGNATURE), false),
        below(
            "an authority that may not sign",
            authority().usage(DIGITAL_SIGNATURE | CRL_SIGN),
            false,
        ),
        below(
            "an authority that may sign",
            authority().usage(CERT_SIGN | CRL_SIGN),
            true,
        ),
        below("for clients alone", authority().extended(&[CLIENT]), false),
        below("for any use", authority().extended(&[ANY]), false),
        below("for servers", authority().extended(&[SERVER]), true),
        below("Netscape's authority", plain().netscape(0x04), true),
        below("Netscape's authority for mail", plain().netscape(0x02), false),
        below("Netscape's server", plain().netscape(0x40), false),
        below("expired", authority().until("20210101000000Z"), false),
        below("not valid yet", authority().from("20980101000000Z"), false),
        below(
            "a critical unknown extension",
            authority().extension(&[0x2a, 3, 4], true, &[5, 0]),
            false,
        ),
        below(
            "an unknown extension",
            authority().extension(&[0x2a, 3, 4], false, &[5, 0]),
            true,
        ),
        below(
            "a path of none",
            Draft::new("root").constraints(true, Some(0)),
            true,
        ),
        below(
            "another key's identifier",
            authority().key_id(b"a").issuer_key_id(b"b"),
            false,
        ),
        below("its own serial number", authority().serial(7), true),
    ]);
}

#[test]
fn an_intermediate_is_an_authority_within_its_limits() {
    let root = root();
    let between = |what: &str, draft: Draft, good: bool| {
        let made = draft.signed_by(&root);
        let shown = leaf().signed_by(&made).shown_with(&[&made]);
        case(what, bundle(&[&root]), shown, good)
    };
    let authority = || Draft::authority("between");
    let plain = || Draft::new("between");
    let path = |what: &str, root_length: Option<u8>, lengths: &[Option<u8>], good: bool| {
        let root = Draft::new("root").constraints(true, root_length).self_signed();
        let mut chain = vec![root.clone()];
        for (number, length) in lengths.iter().enumerate() {
            let draft = Draft::new(&format!("level {number}")).constraints(true, *length);
            chain.push(draft.signed_by(chain.last().unwrap()));
        }
        let shown = leaf().signed_by(chain.last().unwrap());
        let others: Vec<&Made> = chain[1..].iter().rev().collect();
        case(what, bundle(&[&root]), shown.shown_with(&others), good)
    };
    let tampered = {
        let mut made = leaf().signed_by(&root);
        let last = made.der.len() - 1;
        made.der[last] ^= 1;
        made.shown_with(&[])
    };
    agree(vec![
        between("of version 1", plain().version(1), false),
        between("nothing said", plain(), false),
        between("only that it may sign", plain().usage(CERT_SIGN), false),
        between("an authority that may sign", authority().usage(CERT_SIGN), true),
        between(
            "an authority that may not",
            authority().usage(DIGITAL_SIGNATURE),
            false,
        ),
        between("for clients alone", authority().extended(&[CLIENT]), false),
        between("for servers", authority().extended(&[SERVER, CLIENT]), true),
        between("expired", authority().until("20210101000000Z"), false),
        between("not valid yet", authority().from("20980101000000Z"), false),
        between(
            "a critical unknown extension",
            authority().extension(&[0x2a, 3, 4], true, &[5, 0]),
            false,
        ),
        path("one under a path of none", Some(0), &[None], false),
        path("one under a path of one", Some(1), &[None], true),
        path("two under a path of one", Some(1), &[None, None], false),
        path("two, the upper of none", None, &[Some(0), None], false),
        path("two, the lower of none", None, &[None, Some(0)], true),
        path("three, the upper of one", None, &[Some(1), None, None], false),
        path("five", None, &[None; 5], true),
        case("a signature that is changed", bundle(&[&root]), tampered, false),
    ]);
}

#[test]
fn a_servers_certificate_is_checked_for_its_use_and_dates() {
    let root = root();
    let served = |what: &str, draft: Draft, good: bool| {
        case(
            what,
            bundle(&[&root]),
            draft.signed_by(&root).shown_with(&[]),
            good,
        )
    };
    agree(vec![
        served("for servers", leaf().extended(&[SERVER]), true),
        served("for clients", leaf().extended(&[CLIENT]), false),
        served("for both", leaf().extended(&[CLIENT, SERVER]), true),
        served("for any use", leaf().extended(&[ANY]), false),
        served("may sign", leaf().usage(DIGITAL_SIGNATURE), true),
        served("may agree on keys", leaf().usage(KEY_AGREEMENT), true),
        served("may encrypt keys", leaf().usage(KEY_ENCIPHERMENT), true),
        served("may only sign certificates", leaf().usage(CERT_SIGN), false),
        served("Netscape's client", leaf().netscape(0x80), false),
        served("Netscape's server", leaf().netscape(0x40), true),
        served("expired", leaf().until("20210101000000Z"), false),
        served("not valid yet", leaf().from("20980101000000Z"), false),
        served(
            "a critical unknown extension",
            leaf().extension(&[0x2a, 3, 4], true, &[5, 0]),
            false,
        ),
        served("of version 1", Draft::new("localhost").version(1), false),
        served(
            "the root's key by another identifier",
            leaf().issuer_serial(&root, 9),
            false,
        ),
        served(
            "the root's serial number",
            leaf().issuer_serial(&root, root.serial()),
            true,
        ),
    ]);
}

#[test]
fn a_servers_certificate_may_be_marked_as_an_authority() {
    let root = root();
    let under = Draft::authority("under").signed_by(&root);
    let pinned = Draft::new("pinned").constraints(false, None).signed_by(&root);
    let short = Draft::new("short").constraints(true, Some(0)).self_signed();
    let old = Draft::authority("root").until("20210101000000Z").self_signed();
    let stranger = Draft::authority("root").self_signed();
    let shown = |draft: Draft, issuer: &Made| draft.signed_by(issuer).shown_with(&[issuer]);
    let authority = || leaf().constraints(true, None);
    agree(vec![
        case("under a root", bundle(&[&root]), shown(authority(), &root), true),
        case(
            "with a path",
            bundle(&[&root]),
            shown(leaf().constraints(true, Some(0)), &root),
            true,
        ),
        case(
            "below another",
            bundle(&[&root]),
            shown(authority(), &under),
            true,
        ),
        case(
            "below one in the bundle",
            bundle(&[&root, &under]),
            authority().signed_by(&under).shown_with(&[]),
            true,
        ),
        case(
            "below one without its root",
            bundle(&[&under]),
            shown(authority(), &under),
            false,
        ),
        case(
            "below a path of none",
            bundle(&[&short]),
            shown(authority(), &short),
            true,
        ),
        case(
            "below a pinned one",
            bundle(&[&root, &pinned]),
            shown(authority(), &pinned),
            false,
        ),
        case(
            "below a stranger",
            bundle(&[&root]),
            shown(authority(), &stranger),
            false,
        ),
        case(
            "below an expired root",
            bundle(&[&old]),
            shown(authority(), &old),
            false,
        ),
        case(
            "expired",
            bundle(&[&root]),
            shown(authority().until("20210101000000Z"), &root),
            false,
        ),
        case(
            "for clients",
            bundle(&[&root]),
            shown(authority().extended(&[CLIENT]), &root),
            false,
        ),
        case(
            "may only sign",
            bundle(&[&root]),
            shown(authority().usage(CERT_SIGN), &root),
            false,
        ),
        case(
            "for another name",
            bundle(&[&root]),
            shown(Draft::server(&["a.example"]).constraints(true, None), &root),
            false,
        ),
    ]);
}

#[test]
fn the_right_one_of_several_authorities_of_one_name_is_found() {
    let named = |id: &[u8]| Draft::authority("twin").key_id(id).self_signed();
    let (one, two) = (named(b"one"), named(b"two"));
    let by = |issuer: &Made, id: &[u8]| leaf().issuer_key_id(id).signed_by(issuer).shown_with(&[]);
    let renewed = Draft::authority("twin").key_of(&one).serial(2).self_signed();
    let expired = Draft::authority("twin")
        .key_of(&one)
        .until("20210101000000Z")
        .self_signed();

    // A new root that an old one has signed too.
    let old = Draft::authority("old root").self_signed();
    let new = Draft::authority("new root").self_signed();
    let cross = Draft::authority("new root").key_of(&new).signed_by(&old);
    let gone = Draft::authority("old root")
        .key_of(&old)
        .until("20210101000000Z")
        .self_signed();
    let under = Draft::authority("under").signed_by(&new);
    let crossed = || leaf().signed_by(&under).shown_with(&[&under, &cross]);
    agree(vec![
        case("the first", bundle(&[&one, &two]), by(&one, b"one"), true),
        case("the second", bundle(&[&one, &two]), by(&two, b"two"), true),
        case(
            "the second, first in the file",
            bundle(&[&two, &one]),
            by(&two, b"two"),
            true,
        ),
        case(
            "another",
            bundle(&[&one, &two]),
            by(&named(b"three"), b"three"),
            false,
        ),
        case(
            "the first by the second's identifier",
            bundle(&[&one, &two]),
            by(&one, b"two"),
            false,
        ),
        case(
            "renewed",
            bundle(&[&one, &renewed]),
            leaf().signed_by(&one).shown_with(&[]),
            true,
        ),
        case(
            "renewed, the old one expired",
            bundle(&[&expired, &renewed]),
            leaf().signed_by(&one).shown_with(&[]),
            true,
        ),
        case(
            "the same the other way round",
            bundle(&[&renewed, &expired]),
            leaf().signed_by(&one).shown_with(&[]),
            true,
        ),
        case("crossed, the new root trusted", bundle(&[&new]), crossed(), true),
        case("crossed, the old root trusted", bundle(&[&old]), crossed(), true),
        case("crossed, both trusted", bundle(&[&old, &new]), crossed(), true),
        case("crossed, the old one expired", bundle(&[&gone]), crossed(), false),
        case(
            "crossed, the old one expired, the new one trusted",
            bundle(&[&gone, &new]),
            crossed(),
            true,
        ),
        case("crossed, neither trusted", bundle(&[&one]), crossed(), false),
        case("the crossing alone trusted", bundle(&[&cross]), crossed(), false),
        case(
            "the crossing and the old root trusted",
            bundle(&[&cross, &old]),
            leaf().signed_by(&under).shown_with(&[&under]),
            true,
        ),
    ]);
}

#[test]
fn the_key_of_a_pinned_server_gets_no_client_secret_of_azure() {
    let root = root();
    let inner = Draft::server(&["inner.example"])
        .constraints(false, None)
        .signed_by(&root);
    let folder = temp_dir();
    let file = folder.path().join("bundle.pem");
    std::fs::write(&file, bundle(&[&root, &inner])).unwrap();
    for (issuer, status) in [(&root, 0), (&inner, 5)] {
        let shown = Draft::server(&AZURE_NAMES)
            .signed_by(issuer)
            .shown_with(&[issuer]);
        let server = azure(&shown);
        let proxy = Tunnel::start(server.port);
        let output = ask_azure(&format!("http://127.0.0.1:{}", proxy.port), json!({}))
            .env("REQUESTS_CA_BUNDLE", &file)
            .args(["--no-fallback", "get-var", "hello"])
            .run();
        assert_eq!(output.status, status, "{}", output.stderr);
        assert_eq!(server.take().is_empty(), status != 0);
    }
}
