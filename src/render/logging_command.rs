//! The escapes of Azure Pipelines' logging commands (`##vso[…]`). Source: the agent's `Command.cs`, which undoes them.

/// Appends the escaped data of a command.
pub(super) fn escape(text: &mut Vec<u8>, data: &[u8]) {
    for &byte in data {
        match byte {
            b'%' => text.extend_from_slice(b"%AZP25"),
            b'\r' => text.extend_from_slice(b"%0D"),
            b'\n' => text.extend_from_slice(b"%0A"),
            b']' => text.extend_from_slice(b"%5D"),
            b';' => text.extend_from_slice(b"%3B"),
            byte => text.push(byte),
        }
    }
}
