//! The one integration binary: every module is a subject, `support` holds what they share.
#![expect(
    clippy::unwrap_used,
    reason = "a test that cannot go on fails where it stands"
)]
#![expect(
    clippy::print_stderr,
    reason = "seeds and skips are for whoever reads the test's output"
)]
#![expect(
    unreachable_pub,
    reason = "the modules of a test binary are seen by no other crate"
)]

#[cfg(target_os = "linux")]
mod action;
mod akeyless;
mod aws;
mod aws_service;
mod azure;
#[cfg(target_os = "linux")]
mod bounds;
mod canary;
#[cfg(unix)]
mod check;
#[cfg(unix)]
mod cli;
mod code;
mod config;
mod conformance;
mod connection;
#[cfg(unix)]
mod databases;
mod diff;
mod differences;
mod docs;
#[cfg(unix)]
mod doctor;
mod drivers;
mod explain;
#[cfg(target_os = "linux")]
mod faults;
mod google;
mod inject;
mod kubernetes;
mod list;
mod load;
mod local;
#[cfg(unix)]
mod metastore;
#[cfg(unix)]
mod names;
mod package;
mod packaging;
mod policy;
mod settings;
mod support;
mod tls;
mod vault;
mod yandex;
