//! Answers of servers and of tools that expand to much more.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;

use crate::azure::support::{VAULT, World, values};
use crate::support::memory::peak;
use crate::support::server::{Reply, Server};
use crate::vault::vault;

/// The most memory for an answer, including the test binary's share: one of 8 MiB is read and unpacked.
const MOST: u64 = 96 << 20;

/// 31 MB of `[],`, compressed to 31 KB.
fn bomb() -> Reply {
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(b"[").unwrap();
    for _ in 0..31 {
        packed.write_all(&b"[],".repeat((1 << 20) / 3)).unwrap();
    }
    packed.write_all(b"0]").unwrap();
    Reply::status(200)
        .header("Content-Type", "application/json")
        .header("Content-Encoding", "gzip")
        .body(packed.finish().unwrap())
}

/// JSON of nearly 8 MiB.
fn many() -> Reply {
    let text = format!("[{}0]", "[],".repeat((8 << 20) / 3 - 10));
    Reply::status(200)
        .header("Content-Type", "application/json")
        .body(text)
}

#[test]
fn answers_that_expand_are_refused_before_they_use_memory() {
    for (words, reply) in [
        ("more than 8 MB", bomb as fn() -> Reply),
        ("JSON of more than 200000 values", many),
    ] {
        let server = Server::start(move |_| reply());
        let kwargs = json!({"url": server.url(), "token": "t", "auth_type": "token"});
        let (status, stderr, memory) = peak(&vault(&kwargs).args(["get-var", "hello"]));
        assert_eq!(status, 5, "{stderr}");
        assert!(stderr.contains(words), "{stderr}");
        assert!(memory < MOST, "{} MiB", memory >> 20);

        let world = World::start();
        for (vault, login, machine) in [
            (vec![reply(); 9], vec![], vec![]),
            (vec![], vec![reply(); 9], vec![]),
            (vec![], vec![], vec![reply(); 9]),
        ] {
            let (kwargs, env) = if machine.is_empty() {
                (values(), json!({}))
            } else {
                (
                    json!({"vault_url": format!("https://{VAULT}/")}),
                    json!({"AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential"}),
                )
            };
            world.tell(&json!({}), &vault, &login, &machine);
            // A metadata service that answers with anything else counts as absent.
            let words = if machine.is_empty() {
                words
            } else {
                "stopped answering"
            };
            let (status, stderr, memory) = peak(&world.program(&kwargs, &env).args(["get-var", "hello"]));
            assert!(matches!(status, 4 | 5), "{status}: {stderr}");
            assert!(stderr.contains(words), "{stderr}");
            assert!(memory < MOST, "{} MiB", memory >> 20);
        }
    }
}

/// The longest accepted answer: its only value is printed.
#[test]
fn the_longest_answer_uses_memory_in_proportion() {
    let bytes = (8 << 20) - 1000;
    let value = "x".repeat(bytes);
    let server = Server::start(move |_| Reply::json(200, crate::vault::kv2(&json!({"value": value}))));
    let kwargs = json!({"url": server.url(), "token": "t", "auth_type": "token"});
    super::bounded(
        "a long answer",
        &vault(&kwargs).args(["get-var", "hello"]),
        bytes,
        0,
    );
}

#[test]
fn the_output_of_a_tool_is_parsed_within_limits() {
    let world = World::start();
    world.tell(&json!({}), &[], &[], &[]);
    world.tool(
        "az",
        "printf '['; /usr/bin/yes '[],' | /usr/bin/head -c 8000000; printf '0]'",
    );
    let program = world.program(
        &json!({"vault_url": format!("https://{VAULT}/")}),
        &json!({"AZURE_TOKEN_CREDENTIALS": "AzureCliCredential"}),
    );
    let (status, stderr, memory) = peak(&program.args(["get-var", "hello"]));
    assert_eq!(status, 4, "{stderr}");
    assert!(memory < MOST, "{} MiB", memory >> 20);
}
