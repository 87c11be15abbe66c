//! Packets of MySQL's protocol: their frames, and the fields in them.
//!
//! Owns lengths and sequence numbers, which are checked before anything is collected. Must not know what a packet means. Facts:
//! MySQL 8.4, source code documentation, "Protocol Basics".

use std::io;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};

use crate::secret::Secret;

/// The maximum size of a packet: above any value that Airflow's tables hold (`MEDIUMTEXT`).
const MAX_PACKET_BYTES: usize = 32 << 20;

/// The size of a frame that continues in the next one.
const FULL_FRAME: usize = 0xff_ffff;

/// A byte stream.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

/// A connection that sends and receives packets.
pub(super) struct Packets {
    pub(super) stream: Box<dyn Stream>,
    sequence: u8,
}

impl Packets {
    pub(super) fn new(stream: Box<dyn Stream>) -> Self {
        Self { stream, sequence: 0 }
    }

    /// Sends the first packet of a command.
    pub(super) async fn command(&mut self, payload: &[u8]) -> io::Result<()> {
        self.sequence = 0;
        self.send(payload).await
    }

    /// Sends a packet.
    pub(super) async fn send(&mut self, payload: &[u8]) -> io::Result<()> {
        let mut frames = Secret::default();
        for part in payload
            .chunks(FULL_FRAME)
            .chain((payload.len().is_multiple_of(FULL_FRAME)).then_some(&[][..]))
        {
            let length = u32::try_from(part.len()).unwrap_or_default().to_le_bytes();
            let head = [length[0], length[1], length[2], self.sequence];
            self.sequence = self.sequence.wrapping_add(1);
            frames = Secret::new([frames.expose(), &head, part].concat());
        }
        self.stream.write_all(frames.expose()).await?;
        self.stream.flush().await
    }

    /// Receives a packet.
    pub(super) async fn receive(&mut self) -> io::Result<Secret> {
        let mut payload = Secret::default();
        loop {
            let mut head = [0; 4];
            self.stream.read_exact(&mut head).await?;
            let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
            if head[3] != self.sequence || payload.expose().len() + length > MAX_PACKET_BYTES {
                return Err(malformed());
            }
            self.sequence = self.sequence.wrapping_add(1);
            let part = self.frame(length).await?;
            if length < FULL_FRAME && payload.is_empty() {
                return Ok(part);
            }
            payload = Secret::new([payload.expose(), part.expose()].concat());
            if length < FULL_FRAME {
                return Ok(payload);
            }
        }
    }

    /// Receives the contents of a frame. Memory grows with what arrives, not with what is announced.
    async fn frame(&mut self, length: usize) -> io::Result<Secret> {
        const STEP: usize = 1 << 16;
        let mut bytes = Vec::with_capacity(length.min(STEP));
        let mut limited = (&mut self.stream).take(length as u64);
        while bytes.len() < length {
            if limited.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(Secret::new(bytes))
    }
}

/// Returns the error of a packet that makes no sense.
pub(super) fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "a malformed packet")
}

/// The fields of a packet.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    /// Takes `count` bytes.
    pub(super) fn bytes(&mut self, count: usize) -> io::Result<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count).ok_or_else(malformed)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Takes an unsigned integer of up to 8 bytes.
    pub(super) fn uint(&mut self, size: usize) -> io::Result<u64> {
        let bytes = self.bytes(size)?;
        Ok(bytes
            .iter()
            .rev()
            .fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    /// Takes an unsigned integer of two bytes.
    pub(super) fn u16(&mut self) -> io::Result<u16> {
        u16::try_from(self.uint(2)?).map_err(|_| malformed())
    }

    /// Takes an unsigned integer of four bytes.
    pub(super) fn u32(&mut self) -> io::Result<u32> {
        u32::try_from(self.uint(4)?).map_err(|_| malformed())
    }

    /// Takes one byte.
    pub(super) fn u8(&mut self) -> io::Result<u8> {
        Ok(self.bytes(1)?[0])
    }

    /// Takes a length: one byte, or a mark and 2, 3 or 8 bytes.
    pub(super) fn length(&mut self) -> io::Result<usize> {
        let number = match self.u8()? {
            short @ 0..=0xfa => u64::from(short),
            0xfc => self.uint(2)?,
            0xfd => self.uint(3)?,
            0xfe => self.uint(8)?,
            _ => return Err(malformed()),
        };
        usize::try_from(number).map_err(|_| malformed())
    }

    /// Takes bytes with their length before them.
    pub(super) fn counted(&mut self) -> io::Result<&'a [u8]> {
        let length = self.length()?;
        self.bytes(length)
    }

    /// Takes bytes that end with NUL, or with the packet.
    pub(super) fn until_nul(&mut self) -> &'a [u8] {
        let end = memchr::memchr(0, self.0);
        let bytes = &self.0[..end.unwrap_or(self.0.len())];
        self.0 = self.0.get(bytes.len() + 1..).unwrap_or_default();
        bytes
    }
}

/// Appends bytes with their length before them.
pub(super) fn push_counted(packet: &mut Vec<u8>, bytes: &[u8]) {
    let length = bytes.len() as u64;
    let digits = length.to_le_bytes();
    match length {
        0..=0xfa => packet.push(digits[0]),
        0xfb..=0xffff => packet.extend([0xfc, digits[0], digits[1]]),
        0x1_0000..=0xff_ffff => packet.extend([0xfd, digits[0], digits[1], digits[2]]),
        _ => {
            packet.push(0xfe);
            packet.extend(digits);
        }
    }
    packet.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_they_are_written() {
        for length in [0, 1, 0xfa, 0xfb, 0xffff, 0x1_0000, 0xff_ffff, 0x100_0000] {
            let mut packet = Vec::new();
            push_counted(&mut packet, &vec![7; length]);
            let mut fields = Fields(&packet);
            assert_eq!(fields.counted().unwrap().len(), length);
            assert!(fields.0.is_empty());
            assert!(Fields(&packet[..packet.len() - 1]).counted().is_err());
        }
        assert!(Fields(&[0xfb]).length().is_err());
        assert!(
            Fields(&[0xfe, 255, 255, 255, 255, 255, 255, 255, 255, 1])
                .counted()
                .is_err()
        );
    }

    #[test]
    fn a_packet_of_many_frames_is_one() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            for length in [0, 5, FULL_FRAME - 1, FULL_FRAME, FULL_FRAME + 3] {
                let (near, far) = tokio::io::duplex(1 << 20);
                let (mut near, mut far) = (Packets::new(Box::new(near)), Packets::new(Box::new(far)));
                let payload = vec![3; length];
                let (sent, received) = futures_util::join!(near.command(&payload), far.receive());
                sent.unwrap();
                assert_eq!(received.unwrap().expose().len(), length);
            }
        });
    }
}
