//! Servers that speak PostgreSQL's or MySQL's protocol as far as one lookup needs, and misbehave at one point of it.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::time::Duration;

/// A protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Postgres,
    MySql,
}

/// What the server says, in this order. `PostgreSQL` greets by its answer to the question for TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    Greeting,
    Login,
    Transaction,
    Statement,
    Row,
}

/// What the server does instead of saying something.
#[derive(Clone, Debug)]
pub enum Act {
    /// Says half of it, and closes the connection.
    Cut,
    /// Says half of it, and no more.
    Hang,
    /// Says something of another protocol.
    Garbage,
    /// Refuses, with a SQLSTATE or a number, and words.
    Refuse(&'static str, String),
    /// Offers TLS, and passes the connection on to this port.
    Tls(u16),
}

/// A server on a port of its own. It lives as long as the tests.
#[derive(Clone)]
pub struct Scripted {
    protocol: Protocol,
    misbehaviour: Option<(Stage, Act)>,
    /// The columns of the one row: all of them are text.
    row: Vec<(String, String)>,
}

impl Scripted {
    pub fn new(protocol: Protocol, row: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self {
            protocol,
            misbehaviour: None,
            row: row.iter().map(owned).collect(),
        }
    }

    pub fn doing(mut self, stage: Stage, act: Act) -> Self {
        self.misbehaviour = Some((stage, act));
        self
    }

    /// Starts it, and returns its port.
    pub fn start(self) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (server, stream) = (self.clone(), stream.unwrap());
                std::thread::spawn(move || server.serve(stream));
            }
        });
        port
    }

    fn serve(&self, mut stream: TcpStream) {
        let _ = stream.set_read_timeout(Some(Duration::from_mins(1)));
        let _ = match self.protocol {
            Protocol::Postgres => self.postgres(&mut stream),
            Protocol::MySql => self.mysql(&mut stream),
        };
        let _ = stream.shutdown(Shutdown::Write);
        let _ = stream.read_to_end(&mut Vec::new());
    }

    /// Says something, unless the server misbehaves here: then the conversation is over.
    fn say(&self, stream: &mut TcpStream, stage: Stage, bytes: &[u8]) -> Option<()> {
        match &self.misbehaviour {
            Some((own, act)) if *own == stage => {
                match act {
                    Act::Cut => drop(stream.write_all(&bytes[..bytes.len() / 2])),
                    Act::Hang => {
                        drop(stream.write_all(&bytes[..bytes.len() / 2]));
                        drop(stream.read_to_end(&mut Vec::new()));
                    }
                    Act::Garbage => drop(stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
                    Act::Refuse(code, words) => {
                        drop(stream.write_all(&self.refusal(stage, code, words)));
                    }
                    Act::Tls(port) => self.pass_on(stream, *port),
                }
                None
            }
            _ => stream.write_all(bytes).ok(),
        }
    }

    fn refusal(&self, stage: Stage, code: &str, words: &str) -> Vec<u8> {
        match self.protocol {
            Protocol::Postgres => {
                let body = format!("SERROR\0VERROR\0C{code}\0M{words}\0\0");
                letter(b'E', body.as_bytes())
            }
            Protocol::MySql => {
                let number = code.parse::<u16>().unwrap().to_le_bytes();
                let (sequence, sql) = match stage {
                    Stage::Greeting => (0, ""),
                    Stage::Login => (2, "#HY000"),
                    _ => (1, "#HY000"),
                };
                packet(
                    sequence,
                    &[&[0xff], &number[..], sql.as_bytes(), words.as_bytes()].concat(),
                )
            }
        }
    }

    /// Says that there is TLS, and leaves the rest to the server at `port`.
    fn pass_on(&self, stream: &mut TcpStream, port: u16) {
        match self.protocol {
            Protocol::Postgres => drop(stream.write_all(b"S")),
            Protocol::MySql => {
                drop(stream.write_all(&packet(0, &greeting(true))));
                read_packet(stream);
            }
        }
        let mut server = TcpStream::connect(("127.0.0.1", port)).unwrap();
        let (mut from, mut to) = (stream.try_clone().unwrap(), server.try_clone().unwrap());
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from, &mut to);
            let _ = to.shutdown(Shutdown::Write);
        });
        let _ = std::io::copy(&mut server, stream);
    }

    fn postgres(&self, stream: &mut TcpStream) -> Option<()> {
        const SSL_REQUEST: [u8; 4] = 80_877_103_u32.to_be_bytes();
        while read_message(stream)?.starts_with(&SSL_REQUEST) {
            self.say(stream, Stage::Greeting, b"N")?;
        }
        // The password in clear.
        stream.write_all(&letter(b'R', &[0, 0, 0, 3])).ok()?;
        read_until(stream, b'p')?;
        let login = [
            letter(b'R', &[0; 4]),
            letter(b'S', b"server_version\x0015.0\0"),
            letter(b'Z', b"I"),
        ];
        self.say(stream, Stage::Login, &login.concat())?;
        for end in *b"QSQ" {
            read_until(stream, end)?;
        }
        let begun = [letter(b'C', b"BEGIN\0"), letter(b'Z', b"T")];
        self.say(stream, Stage::Transaction, &begun.concat())?;
        let count = u16::try_from(self.row.len()).unwrap().to_be_bytes();
        let (mut heads, mut values) = (count.to_vec(), count.to_vec());
        for (name, value) in &self.row {
            heads.extend(name.as_bytes());
            heads.extend([
                0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 255, 255, 255, 255, 255, 255, 0, 1,
            ]);
            values.extend(u32::try_from(value.len()).unwrap().to_be_bytes());
            values.extend(value.as_bytes());
        }
        let parsed = [letter(b'1', b""), letter(b'2', b""), letter(b'T', &heads)];
        self.say(stream, Stage::Statement, &parsed.concat())?;
        let row = [
            letter(b'D', &values),
            letter(b'C', b"SELECT 1\0"),
            letter(b'Z', b"T"),
            letter(b'C', b"COMMIT\0"),
            letter(b'Z', b"I"),
        ];
        self.say(stream, Stage::Row, &row.concat())
    }

    fn mysql(&self, stream: &mut TcpStream) -> Option<()> {
        const OK: &[u8] = &[0, 0, 0, 2, 0, 0, 0];
        const EOF: &[u8] = &[0xfe, 0, 0, 2, 0];
        self.say(stream, Stage::Greeting, &packet(0, &greeting(false)))?;
        read_packet(stream)?;
        self.say(stream, Stage::Login, &packet(2, OK))?;
        read_packet(stream)?;
        self.say(stream, Stage::Transaction, &packet(1, OK))?;
        let heads = |from: u8| -> Vec<u8> {
            let mut sequence = from;
            let mut bytes = Vec::new();
            for (name, _) in &self.row {
                bytes.extend(packet(sequence, &head(name)));
                sequence += 1;
            }
            bytes.extend(packet(sequence, EOF));
            bytes
        };
        let count = u8::try_from(self.row.len()).unwrap();
        loop {
            let command = read_packet(stream)?;
            match command.first()? {
                // A statement to prepare: it has one parameter.
                0x16 => {
                    let prepared = [
                        packet(1, &[0, 1, 0, 0, 0, count, 0, 1, 0, 0, 0, 0]),
                        packet(2, &head("?")),
                        packet(3, EOF),
                        heads(4),
                    ];
                    self.say(stream, Stage::Statement, &prepared.concat())?;
                }
                0x17 => {
                    let mut row = vec![0; 1 + (self.row.len() + 9) / 8];
                    for (_, value) in &self.row {
                        push_counted(&mut row, value);
                    }
                    let answer = [
                        packet(1, &[count]),
                        heads(2),
                        packet(count + 3, &row),
                        packet(count + 4, EOF),
                    ];
                    self.say(stream, Stage::Row, &answer.concat())?;
                }
                _ => return None,
            }
        }
    }
}

/// A message of `PostgreSQL`.
fn letter(letter: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[letter], length.as_slice(), body].concat()
}

/// Reads a message of `PostgreSQL` without its letter.
fn read_message(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 4];
    stream.read_exact(&mut length).ok()?;
    let mut body = vec![0; (u32::from_be_bytes(length) as usize).checked_sub(4)?];
    stream.read_exact(&mut body).ok()?;
    Some(body)
}

/// Reads messages of `PostgreSQL` up to and with one with this letter.
fn read_until(stream: &mut TcpStream, letter: u8) -> Option<()> {
    loop {
        let mut own = [0];
        stream.read_exact(&mut own).ok()?;
        read_message(stream)?;
        if own == [letter] {
            return Some(());
        }
    }
}

/// A packet of `MySQL`.
fn packet(sequence: u8, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_le_bytes();
    [&length[..3], &[sequence], payload].concat()
}

fn read_packet(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).ok()?;
    let mut payload = vec![0; u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize];
    stream.read_exact(&mut payload).ok()?;
    Some(payload)
}

/// The first packet of `MySQL`, for a login by `mysql_native_password`.
fn greeting(has_tls: bool) -> Vec<u8> {
    const TLS: u32 = 0x0800;
    let capabilities = 0x0008_a20d_u32 | if has_tls { TLS } else { 0 };
    let capabilities = capabilities.to_le_bytes();
    [
        b"\x0a8.4.0\0\x01\0\0\0".as_slice(),
        b"01234567\0",
        &capabilities[..2],
        &[45, 2, 0],
        &capabilities[2..],
        &[21],
        &[0; 10],
        b"89abcdefghij\0",
        b"mysql_native_password\0",
    ]
    .concat()
}

/// The head of a column of text in UTF-8.
fn head(name: &str) -> Vec<u8> {
    let mut head = vec![3, b'd', b'e', b'f', 0, 0, 0];
    push_counted(&mut head, name);
    head.extend([0, 12, 45, 0, 0, 1, 0, 0, 0xfc, 0, 0, 0, 0, 0]);
    head
}

/// Adds a text of at most 250 bytes, after its length.
fn push_counted(bytes: &mut Vec<u8>, text: &str) {
    assert!(text.len() <= 250);
    bytes.push(u8::try_from(text.len()).unwrap());
    bytes.extend(text.as_bytes());
}
