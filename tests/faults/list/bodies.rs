//! Bodies that are too long, compressed, broken, or from another service.

use super::Pauses::Retries;
use super::Right::{Found, FoundInClouds, Large, Malformed, Unavailable};
use super::{Fault, MB, fault, gzip, json};
use crate::support::server::Reply;

pub const FAULTS: &[Fault] = &[
    fault("a value of 7 MB", Large(7 * MB), |at| {
        at.with(&"x".repeat(7 * MB))
    })
    .not_google()
    .heavy(),
    fault("a value of 10 MB", Unavailable, |at| {
        at.with(&"x".repeat(10 * MB))
    })
    .heavy(),
    fault("40 MB that are announced", Unavailable, |_| {
        Reply::status(200)
            .header("Content-Length", "40000000")
            .body(vec![b' '; 1000])
    }),
    fault("40 MB that are not announced", Unavailable, |_| {
        let mut raw = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
        raw.resize(40 * MB, b' ');
        Reply::raw(raw)
    })
    .heavy(),
    fault("40 MB of chunks", Unavailable, |_| {
        let chunk = [b"100000\r\n".as_slice(), &vec![b' '; MB], b"\r\n"].concat();
        let head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        Reply::raw([head, chunk.repeat(40)].concat())
    })
    .heavy(),
    fault("a body that ends with the connection", Found, |at| {
        Reply::raw(format!("HTTP/1.1 200 OK\r\n\r\n{}", at.text()))
    }),
    fault("half a body that ends with the connection", Unavailable, |at| {
        let text = at.text();
        Reply::raw(format!("HTTP/1.1 200 OK\r\n\r\n{}", &text[..text.len() / 2]))
    }),
    fault("chunked", Found, |at| at.found().chunked()),
    fault("chunks with extensions and trailers", Found, |at| {
        let body = at.text();
        Reply::raw(format!(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x};a=b\r\n{body}\r\n0\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
            body.len()
        ))
        .keep()
    }),
    fault("a chunk without a length", Unavailable, |_| {
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n")
    })
    .pausing(Retries),
    fault("a chunk with a far too large length", Unavailable, |_| {
        Reply::raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}\r\n")
    })
    .pausing(Retries),
    fault("gzip", Found, |at| {
        let (packed, reply) = at.gzip();
        reply.body(packed)
    }),
    fault("gzip that is cut off", Unavailable, |at| {
        let (packed, reply) = at.gzip();
        reply.body(&packed[..packed.len() / 2])
    })
    .pausing(Retries),
    fault("gzip with a wrong checksum", Unavailable, |at| {
        let (mut packed, reply) = at.gzip();
        let checksum = packed.len() - 8;
        packed[checksum] ^= 1;
        reply.body(packed)
    })
    .pausing(Retries),
    fault("gzip that is not gzip", Unavailable, |at| {
        at.found().header("Content-Encoding", "gzip")
    })
    .pausing(Retries),
    fault("gzip that expands to 40 MB", Unavailable, |at| {
        let (_, reply) = at.gzip();
        reply.body(gzip(&vec![b' '; 40 * MB]))
    })
    .heavy(),
    fault("gzip in gzip", Unavailable, |at| {
        let (packed, reply) = at.gzip();
        reply.body(gzip(&packed))
    }),
    fault("an encoding that was not requested", Unavailable, |at| {
        Reply::status(200)
            .header("Content-Encoding", "br")
            .body(at.gzip().0)
    }),
    fault("HTML with status 200", Unavailable, |_| Reply::html(200)),
    fault("HTML with status 404", Unavailable, |_| Reply::html(404)),
    fault("the value as HTML", Found, |at| {
        Reply::status(200)
            .header("Content-Type", "text/html")
            .body(at.text())
    }),
    fault("JSON that is cut off", Unavailable, |at| {
        let body = at.text();
        Reply::status(200).body(&body.as_bytes()[..body.len() - 1])
    }),
    fault("something after the JSON", Unavailable, |at| {
        json(&format!("{} x", at.text()))
    }),
    fault("JSON after a byte order mark", FoundInClouds, |at| {
        json(&format!("\u{feff}{}", at.text()))
    })
    .not_aws(),
    fault("a name twice: the last one counts", Found, |at| {
        json(
            &at.text()
                .replace("{\"value\":", "{\"value\":\"not-this\",\"value\":"),
        )
    })
    .not_google()
    .not_aws(),
    fault("JSON in UTF-16", Unavailable, |at| {
        let units = at
            .text()
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect::<Vec<u8>>();
        json("").body(units)
    }),
    fault("JSON that is not UTF-8", Unavailable, |at| {
        let (before, behind) = at
            .text()
            .split_once(super::VALUE)
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        json("").body([before.as_bytes(), b"w\xffrld", behind.as_bytes()].concat())
    }),
    fault("JSON of another service", Unavailable, |_| json("[\"world\"]")),
    fault("a thousand levels of JSON next to the value", Found, |at| {
        beside(at, &format!("{}0{}", "[".repeat(900), "]".repeat(900)))
    }),
    fault("a hundred thousand levels of JSON", Malformed, |_| {
        json(&"[".repeat(100_000))
    }),
    fault("a million levels of JSON", Unavailable, |_| {
        json(&"[".repeat(1_000_000))
    }),
    fault("a number of a thousand digits next to the value", Found, |at| {
        beside(at, &"9".repeat(1000))
    }),
    fault("a far too large number next to the value", Found, |at| {
        beside(at, "1e999")
    }),
    fault("NaN next to the value", Found, |at| beside(at, "NaN")),
    fault(
        "the value in something that is not an object",
        Unavailable,
        |_| json("\"world\""),
    ),
    fault("only null", Unavailable, |_| json("null")),
    fault("no `value`", Malformed, |at| {
        json(&at.text().replace("\"value\"", "\"other\""))
    })
    .not_google()
    .not_aws(),
    fault("nothing, with status 200", Unavailable, |_| Reply::status(200)),
    fault("nothing, with status 204", Unavailable, |_| Reply::status(204)),
    fault("nothing, with status 205", Unavailable, |_| Reply::status(205)),
];

/// Returns the right answer with `text` as JSON under an unused name.
fn beside(at: &super::At<'_>, text: &str) -> Reply {
    json(&at.text().replacen('{', &format!("{{\"other\":{text},"), 1))
}
