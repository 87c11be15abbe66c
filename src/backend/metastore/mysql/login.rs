//! The start of a session: the server's greeting, TLS, and the plugins that check the password.
//!
//! Owns the connection phase. Must not know what is asked of the database. Facts: MySQL 8.4, source code documentation, "Connection
//! Phase"; MariaDB 10.11, "Connecting" of its protocol.

use std::io;

use super::failures::{Problem, Refusal};
use super::options::{Charset, Encryption, Options};
use super::packets::{Fields, Packets, Stream, malformed};
use super::scramble;
use crate::secret::Secret;

// Capabilities of a connection.
const LONG_PASSWORD: u32 = 1;
const LONG_FLAG: u32 = 1 << 2;
const CONNECT_WITH_DB: u32 = 1 << 3;
const PROTOCOL_41: u32 = 1 << 9;
const SSL: u32 = 1 << 11;
const TRANSACTIONS: u32 = 1 << 13;
const SECURE_CONNECTION: u32 = 1 << 15;
const PLUGIN_AUTH: u32 = 1 << 19;

/// What a login may use: `PROTOCOL_41` and `SECURE_CONNECTION` are needed.
const WANTED: u32 = LONG_PASSWORD
    | LONG_FLAG
    | CONNECT_WITH_DB
    | PROTOCOL_41
    | SSL
    | TRANSACTIONS
    | SECURE_CONNECTION
    | PLUGIN_AUTH;

/// The size of a challenge.
const CHALLENGE: usize = 20;

/// The server's greeting.
struct Greeting {
    capabilities: u32,
    challenge: Vec<u8>,
    plugin: Vec<u8>,
}

/// Logs in. `secure` starts TLS over a stream.
pub(super) async fn log_in<F>(
    stream: Box<dyn Stream>,
    options: &Options,
    is_socket: bool,
    secure: impl FnOnce(Box<dyn Stream>) -> F,
) -> Result<Packets, Problem>
where
    F: Future<Output = Result<Box<dyn Stream>, Problem>>,
{
    let mut packets = Packets::new(stream);
    let greeting = Greeting::parse(&packets.receive().await?)?;
    let mut capabilities = WANTED & greeting.capabilities;
    if options.database.is_none() {
        capabilities &= !CONNECT_WITH_DB;
    }
    let uses_tls = match options.encryption {
        Encryption::Never => false,
        Encryption::Preferred => greeting.capabilities & SSL != 0,
        Encryption::Required if greeting.capabilities & SSL == 0 => return Err(Problem::NoTls),
        Encryption::Required => true,
    };
    if !uses_tls {
        capabilities &= !SSL;
    }
    let mut start = Vec::from(capabilities.to_le_bytes());
    start.extend(0xff_ffff_u32.to_le_bytes());
    start.push(options.charset.collation());
    start.extend([0; 23]);
    if uses_tls {
        packets.send(&start).await?;
        packets.stream = secure(packets.stream).await?;
    }
    let mut login = Login {
        packets: &mut packets,
        password: &options.password,
        is_private: uses_tls || is_socket,
        plugin: greeting.plugin,
        challenge: greeting.challenge,
    };
    let answer = login.first_answer();
    let mut response = start;
    response.extend(nul_ended(&options.user));
    response.push(u8::try_from(answer.len()).map_err(|_| malformed())?);
    response.extend(&answer);
    if let Some(database) = options
        .database
        .as_deref()
        .filter(|_| capabilities & CONNECT_WITH_DB != 0)
    {
        response.extend(nul_ended(database));
    }
    if capabilities & PLUGIN_AUTH != 0 {
        response.extend(&login.plugin);
        response.push(0);
    }
    let response = Secret::new(response);
    login.packets.send(response.expose()).await?;
    login.finish().await?;
    Ok(packets)
}

impl Charset {
    /// Returns the number of its usual collation: `utf8mb4_general_ci`, `utf8_general_ci`.
    fn collation(self) -> u8 {
        match self {
            Self::Utf8Mb4 => 45,
            Self::Utf8Mb3 => 33,
        }
    }
}

/// Returns a text up to its first NUL, and a NUL.
fn nul_ended(text: &str) -> Vec<u8> {
    let text = text.split('\0').next().unwrap_or_default();
    [text.as_bytes(), &[0]].concat()
}

impl Greeting {
    fn parse(packet: &Secret) -> Result<Self, Problem> {
        let mut fields = Fields(packet.expose());
        match fields.u8()? {
            10 => {}
            0xff => return Err(Refusal::parse(fields.0)?.into()),
            _ => return Err(malformed().into()),
        }
        fields.until_nul();
        fields.bytes(4)?;
        let mut challenge = fields.bytes(8)?.to_vec();
        fields.bytes(1)?;
        let low = fields.u16()?;
        fields.bytes(3)?;
        let high = fields.u16()?;
        let capabilities = u32::from(high) << 16 | u32::from(low);
        let size = usize::from(fields.u8()?);
        fields.bytes(10)?;
        challenge.extend(fields.bytes(size.saturating_sub(8).max(13))?);
        challenge.truncate(CHALLENGE);
        if capabilities & PROTOCOL_41 == 0 || capabilities & SECURE_CONNECTION == 0 {
            return Err(malformed().into());
        }
        let plugin = if capabilities & PLUGIN_AUTH == 0 {
            &b"mysql_native_password"[..]
        } else {
            fields.until_nul()
        };
        Ok(Self {
            capabilities,
            challenge,
            plugin: plugin.to_vec(),
        })
    }
}

/// A login under way.
struct Login<'a> {
    packets: &'a mut Packets,
    password: &'a Secret,
    /// Whether nobody can listen, so that the password itself may be sent.
    is_private: bool,
    plugin: Vec<u8>,
    challenge: Vec<u8>,
}

impl Login<'_> {
    /// Returns the answer in the first response. For a plugin that is not known, the one for the usual plugin: the server then
    /// switches to the account's own.
    fn first_answer(&mut self) -> Vec<u8> {
        match self.plugin.as_slice() {
            b"caching_sha2_password" => scramble::caching_sha2(self.password, &self.challenge),
            b"mysql_native_password" => scramble::native(self.password, &self.challenge),
            _ => {
                self.plugin = b"mysql_native_password".to_vec();
                scramble::native(self.password, &self.challenge)
            }
        }
    }

    /// Answers the server until it accepts or refuses the login.
    async fn finish(&mut self) -> Result<(), Problem> {
        /// The maximum number of packets in a login; a real one has fewer than five.
        const MAX_STEPS: usize = 16;
        for _ in 0..MAX_STEPS {
            let packet = self.packets.receive().await?;
            let mut fields = Fields(packet.expose());
            match fields.u8()? {
                0x00 => return Ok(()),
                0xff => return Err(Refusal::parse(fields.0)?.into()),
                0xfe => self.switch(fields).await?,
                0x01 => self.more(fields.0).await?,
                _ => return Err(malformed().into()),
            }
        }
        Err(malformed().into())
    }

    /// Answers with the plugin that the server wants.
    async fn switch(&mut self, mut fields: Fields<'_>) -> Result<(), Problem> {
        self.plugin = fields.until_nul().to_vec();
        let challenge = fields.0.strip_suffix(&[0]).unwrap_or(fields.0);
        self.challenge = challenge.to_vec();
        let answer = match self.plugin.as_slice() {
            b"mysql_native_password" => scramble::native(self.password, challenge),
            b"caching_sha2_password" => scramble::caching_sha2(self.password, challenge),
            b"client_ed25519" => scramble::ed25519(self.password, challenge),
            b"sha256_password" if self.password.is_empty() => vec![0],
            b"sha256_password" if self.is_private => return self.send_password().await,
            // It asks for the server's key.
            b"sha256_password" => vec![1],
            _ => {
                return Err(Problem::Plugin(
                    String::from_utf8_lossy(&self.plugin).into_owned(),
                ));
            }
        };
        Ok(self.packets.send(&answer).await?)
    }

    /// Answers what a plugin wants beyond its first answer.
    async fn more(&mut self, data: &[u8]) -> Result<(), Problem> {
        /// The server's cache has the password.
        const ACCEPTED: u8 = 3;
        /// It needs the password itself.
        const WHOLE: u8 = 4;
        const ASK_FOR_KEY: u8 = 2;
        match (self.plugin.as_slice(), data) {
            (b"caching_sha2_password", [ACCEPTED]) => Ok(()),
            (b"caching_sha2_password", [WHOLE]) if self.is_private => self.send_password().await,
            (b"caching_sha2_password", [WHOLE]) => Ok(self.packets.send(&[ASK_FOR_KEY]).await?),
            (b"caching_sha2_password" | b"sha256_password", key) => {
                let answer = scramble::encrypted(self.password, &self.challenge, key);
                Ok(self.packets.send(&answer.ok_or_else(malformed)?).await?)
            }
            _ => Err(malformed().into()),
        }
    }

    /// Sends the password over a connection to which nobody can listen.
    async fn send_password(&mut self) -> Result<(), Problem> {
        let password = Secret::new([self.password.expose(), &[0]].concat());
        Ok(self.packets.send(password.expose()).await?)
    }
}

impl From<io::Error> for Problem {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}
