//! One statement: prepared, executed with the name as its parameter if it has one, and its rows.
//!
//! Owns the binary form of rows. Must not know what the columns mean. Facts: MySQL 8.4, source code documentation, "Prepared
//! Statements" and "Binary Protocol Resultset".

use std::io;

use super::failures::{Problem, Refusal};
use super::packets::{Fields, Packets, malformed, push_counted};
use crate::backend::metastore::database::{Column, Row};
use crate::secret::Secret;

const QUERY: u8 = 3;
const PREPARE: u8 = 0x16;
const EXECUTE: u8 = 0x17;
const REFUSED: u8 = 0xff;
const END: u8 = 0xfe;

/// A prepared statement.
#[derive(Clone, Copy)]
pub(super) struct Prepared {
    id: u32,
    /// Whether its text arrives as UTF-8.
    pub(super) is_utf8: bool,
}

/// A column of a result.
struct Head {
    name: String,
    charset: u16,
    kind: u8,
    is_unsigned: bool,
}

/// Runs a statement without rows.
pub(super) async fn run(packets: &mut Packets, statement: &str) -> Result<(), Problem> {
    packets
        .command(&[&[QUERY], statement.as_bytes()].concat())
        .await?;
    let answer = packets.receive().await?;
    match answer.expose() {
        [0, ..] => Ok(()),
        [REFUSED, rest @ ..] => Err(Refusal::parse(rest)?.into()),
        _ => Err(malformed().into()),
    }
}

/// Prepares a statement with this number of parameters.
pub(super) async fn prepare(
    packets: &mut Packets,
    statement: &str,
    wanted: u16,
) -> Result<Prepared, Problem> {
    packets
        .command(&[&[PREPARE], statement.as_bytes()].concat())
        .await?;
    let answer = packets.receive().await?;
    let mut fields = Fields(answer.expose());
    match fields.u8()? {
        0 => {}
        REFUSED => return Err(Refusal::parse(fields.0)?.into()),
        _ => return Err(malformed().into()),
    }
    let id = fields.u32()?;
    let (columns, parameters) = (fields.u16()?, fields.u16()?);
    if parameters != wanted {
        return Err(malformed().into());
    }
    heads(packets, parameters.into()).await?;
    let heads = heads(packets, columns.into()).await?;
    Ok(Prepared {
        id,
        is_utf8: heads.iter().all(|head| is_utf8(head.charset)),
    })
}

/// Executes a prepared statement, and returns its rows. `name` is its parameter, if it has one.
pub(super) async fn execute(
    packets: &mut Packets,
    prepared: Prepared,
    name: Option<&str>,
) -> Result<Vec<Row>, Problem> {
    /// The type of a text.
    const VAR_STRING: u8 = 0xfd;
    /// Nobody has so many connections or variables. A server that never ends must not fill the memory.
    const MAX_ROWS: usize = 1_000_000;
    let mut command = vec![EXECUTE];
    command.extend(prepared.id.to_le_bytes());
    // No cursor; executed once.
    command.extend([0, 1, 0, 0, 0]);
    if let Some(name) = name {
        // The parameter is not NULL; its type follows.
        command.extend([0, 1, VAR_STRING, 0]);
        push_counted(&mut command, name.as_bytes());
    }
    packets.command(&command).await?;
    let answer = packets.receive().await?;
    let count = match answer.expose() {
        [REFUSED, rest @ ..] => return Err(Refusal::parse(rest)?.into()),
        [0, ..] => return Err(malformed().into()),
        count => {
            let mut fields = Fields(count);
            let count = fields.length()?;
            if !fields.0.is_empty() {
                return Err(malformed().into());
            }
            count
        }
    };
    let heads = heads(packets, count).await?;
    let mut rows = Vec::new();
    loop {
        let packet = packets.receive().await?;
        match packet.expose() {
            [0, values @ ..] => {
                if rows.len() == MAX_ROWS {
                    return Err(malformed().into());
                }
                rows.push(row(values, &heads)?);
            }
            [END, _, _, _, _] => return Ok(rows),
            [REFUSED, rest @ ..] => return Err(Refusal::parse(rest)?.into()),
            _ => return Err(malformed().into()),
        }
    }
}

/// Receives the heads of `count` columns, and what ends them.
async fn heads(packets: &mut Packets, count: usize) -> Result<Vec<Head>, Problem> {
    /// MySQL's limit for a table.
    const MAX_COLUMNS: usize = 4096;
    if count > MAX_COLUMNS {
        return Err(malformed().into());
    }
    let mut heads = Vec::new();
    for _ in 0..count {
        let packet = packets.receive().await?;
        heads.push(head(packet.expose())?);
    }
    if count > 0 {
        match packets.receive().await?.expose() {
            [END, _, _, _, _] => {}
            [REFUSED, rest @ ..] => return Err(Refusal::parse(rest)?.into()),
            _ => return Err(malformed().into()),
        }
    }
    Ok(heads)
}

fn head(packet: &[u8]) -> io::Result<Head> {
    const UNSIGNED: u16 = 0x20;
    let mut fields = Fields(packet);
    for _catalog_schema_table_and_its_own_name in 0..4 {
        fields.counted()?;
    }
    let name = String::from_utf8_lossy(fields.counted()?).into_owned();
    fields.counted()?;
    fields.length()?;
    let charset = fields.u16()?;
    fields.u32()?;
    let kind = fields.u8()?;
    let flags = fields.u16()?;
    Ok(Head {
        name,
        charset,
        kind,
        is_unsigned: flags & UNSIGNED != 0,
    })
}

/// Returns whether a collation's text is UTF-8, or no text: the numbers of `utf8mb4`, `utf8mb3`, `ascii` and `binary`.
fn is_utf8(collation: u16) -> bool {
    matches!(
        collation,
        11 | 33 | 45 | 46 | 63 | 65 | 76 | 83 | 192..=215 | 223..=247 | 255..=323 | 576.. )
}

/// Reads a row in binary form.
fn row(values: &[u8], heads: &[Head]) -> io::Result<Row> {
    /// The bitmap of NULLs begins with two bits that are not used.
    const UNUSED_BITS: usize = 2;
    let mut fields = Fields(values);
    let nulls = fields.bytes((heads.len() + 7 + UNUSED_BITS) / 8)?;
    let mut row = Row::default();
    for (index, head) in heads.iter().enumerate() {
        let bit = index + UNUSED_BITS;
        let is_null = nulls[bit / 8] & 1 << (bit % 8) != 0;
        let value = if is_null {
            Column::Null
        } else {
            value(&mut fields, head)?
        };
        row.push(head.name.as_str(), value);
    }
    Ok(row)
}

fn value(fields: &mut Fields<'_>, head: &Head) -> io::Result<Column> {
    let size = match head.kind {
        // TINYINT; SMALLINT and YEAR; INT and MEDIUMINT; BIGINT.
        1 => 1,
        2 | 13 => 2,
        3 | 9 => 4,
        8 => 8,
        // FLOAT and DOUBLE are not in Airflow's tables.
        4 => return Ok(Column::Text(Secret::new(fields.bytes(4)?))),
        5 => return Ok(Column::Text(Secret::new(fields.bytes(8)?))),
        _ => return Ok(Column::Text(Secret::new(fields.counted()?))),
    };
    let number = fields.uint(size)?;
    let unused = 64 - 8 * u32::try_from(size).map_err(|_| malformed())?;
    let signed = (number.cast_signed() << unused) >> unused;
    if head.is_unsigned {
        return Ok(match i64::try_from(number) {
            Ok(number) => Column::Int(number),
            Err(_) => Column::Text(Secret::from(number.to_string())),
        });
    }
    Ok(Column::Int(signed))
}
