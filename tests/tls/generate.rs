//! Generated chains: one or two authorities and a server's certificate with random contents, trusted and sent in random ways.

use super::{ours, server, theirs};
use crate::support::server::draft::{
    ANY, CERT_SIGN, CLIENT, CRL_SIGN, DIGITAL_SIGNATURE, Draft, KEY_ENCIPHERMENT, Made, SERVER,
};
use crate::support::{Random, airflow, cases, random, temp_dir};

/// Returns a certificate's draft, and whether it limits names.
fn draft(random: &mut Random, name: &str, is_leaf: bool, limited: bool) -> (Draft, bool) {
    let mut draft = Draft::new(name);
    if !is_leaf && random.one_in(20) {
        return (draft.version(1), false);
    }
    if is_leaf {
        let names: [&[&str]; 5] = [
            &["localhost"],
            &["localhost"],
            &["localhost", "a.example"],
            &["a.example"],
            &["*"],
        ];
        draft = draft.names(names[random.below(5)]);
    }
    let odd = random.below(if is_leaf { 5 } else { 16 });
    draft = match (is_leaf, odd) {
        (true, 0) if !limited => draft.constraints(true, None),
        (true, 1) | (false, 0) => draft.constraints(false, None),
        (true, _) | (false, 1) => draft,
        (false, 2) => draft.constraints(true, Some(0)),
        (false, 3) => draft.constraints(true, Some(1)),
        (false, _) => draft.constraints(true, None),
    };
    if random.one_in(4) {
        let usages = [
            DIGITAL_SIGNATURE,
            KEY_ENCIPHERMENT,
            CERT_SIGN,
            CERT_SIGN | CRL_SIGN,
            CERT_SIGN | DIGITAL_SIGNATURE,
            CRL_SIGN,
        ];
        draft = draft.usage(*random.pick(&usages));
    }
    if random.one_in(7) {
        draft = match random.below(4) {
            0 => draft.extended(&[SERVER]),
            1 => draft.extended(&[CLIENT, SERVER]),
            2 => draft.extended(&[CLIENT]),
            _ => draft.extended(&[ANY]),
        };
    }
    if random.one_in(12) {
        draft = draft.netscape(*random.pick(&[0x80, 0x40, 0x04, 0xc4]));
    }
    draft = match random.below(24) {
        0 => draft.until("20210101000000Z"),
        1 => draft.from("20980101000000Z"),
        _ => draft,
    };
    if random.one_in(24) {
        draft = draft.extension(&[0x2a, 3, 4], random.one_in(2), &[5, 0]);
    }
    let limits = !is_leaf && random.one_in(10);
    if limits {
        draft = match random.below(3) {
            0 => draft.limits(&["localhost"], &[]),
            1 => draft.limits(&["example"], &[]),
            _ => draft.limits(&[], &["a.example"]),
        };
    }
    (draft, limits)
}

/// Adds identifiers of keys, which fit most of the time.
fn identified(random: &mut Random, draft: Draft, own: &[u8], issuers: &[u8]) -> Draft {
    if draft.is_old() {
        return draft;
    }
    let draft = if random.one_in(2) {
        draft.key_id(own)
    } else {
        draft
    };
    match random.below(8) {
        0..=2 => draft.issuer_key_id(issuers),
        3 if random.one_in(3) => draft.issuer_key_id(b"nobody's"),
        _ => draft,
    }
}

/// Returns a certificate as text of a bundle.
fn text(random: &mut Random, made: &Made) -> String {
    match random.below(16) {
        0 => made.trusted_pem(Some(&[SERVER]), &[]),
        1 => made.trusted_pem(Some(&[CLIENT]), &[]),
        2 => made.trusted_pem(None, &[SERVER]),
        3 => made.trusted_pem(None, &[CLIENT]),
        4 => format!("# {}", made.pem()),
        _ => made.pem(),
    }
}

#[test]
fn generated_chains_are_judged_alike() {
    let Some(judge) = airflow() else { return };
    let mut random = random("chains");
    let folder = temp_dir();
    let verify = folder.path().join("trusted.pem");
    let other = Draft::authority("other").self_signed();
    let (mut wrong, mut trusted_at_all) = (Vec::new(), 0);
    let count = cases(60, 2000);
    for number in 0..count {
        let random = &mut random;
        let (root, root_limits) = draft(random, "root", false, false);
        let root = identified(random, root, b"root", b"root").self_signed();
        let (under, under_limits) = draft(random, "under", false, false);
        // This is the difference `tls-expired-trust`.
        let is_current = under.is_current();
        let under = identified(random, under, b"under", b"root").signed_by(&root);
        let (leaf, _) = draft(random, "server", true, root_limits || under_limits);
        let leaf = match random.below(8) {
            0 => identified(random, leaf, b"leaf", b"leaf").self_signed(),
            1..=3 => identified(random, leaf, b"leaf", b"root").signed_by(&root),
            _ => identified(random, leaf, b"leaf", b"under").signed_by(&under),
        };
        let mut bundle = other.pem();
        for (made, rarity) in [(&leaf, 3), (&under, 2), (&root, 1)] {
            if random.one_in(rarity) && !random.one_in(9) {
                bundle += &match text(random, made) {
                    text if rarity == 2 && !is_current && text.contains("TRUSTED") => made.pem(),
                    text => text,
                };
            }
        }
        let others = match random.below(4) {
            0 => Vec::new(),
            1 => vec![&under, &root],
            _ => vec![&under],
        };
        std::fs::write(&verify, &bundle).unwrap();
        let server = server(&leaf.shown_with(&others));
        let ours = ours(&server, "localhost", &verify);
        let theirs = theirs(judge, &server, "localhost", &verify);
        trusted_at_all += usize::from(theirs.is_ok());
        if ours.is_ok() != theirs.is_ok() {
            let shown: String = [&leaf].into_iter().chain(others).map(Made::pem).collect();
            wrong.push(format!(
                "case {number}: {ours:?}, requests {theirs:?}\ntrusted:\n{bundle}shown:\n{shown}"
            ));
        }
    }
    eprintln!("{trusted_at_all} of {count} chains were trusted");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
