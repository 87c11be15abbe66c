//! Redirects: followed only to the same server. `vault::redirects` has those of Vault's standbys.

use super::Right::{NotFoundInGoogle, Unavailable};
use super::{Fault, fault};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    fault("to another path of the server", NotFoundInGoogle, |at| {
        at.once(at.redirect("").header("x-first", "1"))
    })
    .not_aws(),
    fault("to another host", Unavailable, |at| {
        let (old, port) = at.host().split_once(':').unwrap();
        let new = if old == "localhost" {
            "127.0.0.1"
        } else {
            "localhost"
        };
        let scheme = at.elsewhere.split_once(':').unwrap().0;
        at.redirect(&format!("{scheme}://{new}:{port}")).with_status(302)
    }),
    fault("to another port", Unavailable, |at| {
        at.redirect(at.elsewhere).with_status(302)
    }),
    fault("to another path of another host", Unavailable, |at| {
        at.redirect(&format!("{}/v1", at.elsewhere))
    }),
    fault("from https to http", Unavailable, |at| {
        at.redirect(&format!("http://{}", at.host()))
    })
    .https_only(),
    fault("to another host before an `@`", Unavailable, |at| {
        let place = at.elsewhere.split_once("://").unwrap().1;
        at.redirect(&format!("//{}@{place}", at.host()))
    }),
    fault("to another host after a backslash", Unavailable, |at| {
        let place = at.elsewhere.split_once("://").unwrap().1;
        at.redirect(&format!("//{place}\\@{}", at.host()))
    }),
    fault("without end", Unavailable, |at| at.redirect("")),
    fault("to something that is not a URL", Unavailable, |_| {
        Reply::status(302).header("Location", "https://[")
    }),
    fault("to another kind of URL", Unavailable, |_| {
        Reply::status(302).header("Location", "file:///etc/passwd")
    }),
    fault("without a `Location`", Unavailable, |_| Reply::status(302)),
    fault("to an empty `Location`", Unavailable, |_| {
        Reply::status(302).header("Location", "")
    }),
];
