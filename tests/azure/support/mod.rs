//! A world of Azure's on loopback: a login, a vault, the services of a machine, and the proxy that leads to them.
//!
//! The first two are at their real names and port: clients reach them through a proxy that knows where they are, with certificates of
//! the tests' authority. So nothing in a client's configuration differs from production but the proxy and the authority.

mod entra;
mod machine;
mod proxy;
mod token;
pub mod vault;
mod world;

pub use world::{World, values};

/// The tenant that everything belongs to.
pub const TENANT: &str = "11111111-2222-3333-4444-555555555555";

/// The application that may read the vault.
pub const CLIENT: &str = "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee";

/// Its secret.
pub const CLIENT_SECRET: &str = "s3cr3t~of/the+application=&%";

/// A user's name and password.
pub const USER: (&str, &str) = ("someone@contoso.example", "p4ssw0rd of a user");

/// The vault's host.
pub const VAULT: &str = "contoso.vault.azure.net";

/// The login's host.
pub const LOGIN: &str = "login.microsoftonline.com";
