//! Faults in the answer to a login.

use super::Pauses::{Retries, RetriesOfKeyVault};
use super::Right::{TimeIsUp, Unavailable};
use super::{Fault, HEAD, Peer, json, peer};
use crate::support::server::Reply;

const fn login(name: &'static str, reply: fn() -> Reply) -> Fault {
    peer(name, Unavailable, Peer::Login(reply))
}

pub const FAULTS: &[Fault] = &[
    peer("no answer to the login", TimeIsUp, Peer::Login(Reply::hang)),
    login("a login cut before the head", Reply::cut).pausing(RetriesOfKeyVault),
    login("a login reset before the head", || Reply::cut().reset()).pausing(RetriesOfKeyVault),
    login("a login cut in the body", || Reply::raw(format!("{HEAD}{{\""))).pausing(RetriesOfKeyVault),
    login("a login answered 429 every time", || Reply::status(429)).pausing(Retries),
    login("a login answered 500 every time", || Reply::status(500)).pausing(RetriesOfKeyVault),
    login("a login answered 503 every time", || Reply::html(503)).pausing(Retries),
    login("a login answered in HTML", || Reply::html(200)),
    login("a login's JSON that is cut off", || {
        json("{\"auth\": {\"client_token\": \"hvs.")
    }),
    login("a login's XML that is cut off", || {
        json("<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</Acc")
    }),
    login("a login's XML without its keys", || {
        json("<AssumeRoleResponse><AssumeRoleResult><Credentials/></AssumeRoleResult></AssumeRoleResponse>")
    }),
    login("a login's XML with a key of two lines", || {
        json(
            "<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>A&#13;&#10;B</AccessKeyId><SecretAccessKey>s\
             </SecretAccessKey><SessionToken>t</SessionToken><Expiration>2100-01-01T00:00:00Z</Expiration></Credentials>\
             </AssumeRoleResult></AssumeRoleResponse>",
        )
    }),
    login("a login answered with nothing", || Reply::status(200)),
    login("a login answered with status 204", || Reply::status(204)),
    login("a login without a token", || {
        json("{\"auth\": {}, \"expires_in\": 3600}")
    }),
    login("a login with something else as the token", || {
        json("{\"auth\": {\"client_token\": {}}, \"access_token\": [], \"expires_in\": 3600}")
    }),
    login("a login with a token that does not fit into a header", || {
        json(
            "{\"auth\": {\"client_token\": \"a\\r\\nb\"}, \"access_token\": \"a\\r\\nb\", \"expires_in\": 3600}",
        )
    }),
    login("a login of 40 MB", || {
        Reply::status(200).header("Content-Length", "40000000")
    }),
    login("a login redirected to another host", || {
        Reply::status(307).header("Location", "https://elsewhere.example.com/")
    }),
];
