//! How wide a match can be.

use super::Parser;
use crate::python::re::tree::{NO_LIMIT, Node};

/// A width that has no limit: Python's `MAXWIDTH`.
const WIDEST: u128 = 1 << 64;

/// The least and the greatest width.
pub(super) type Width = (u128, u128);

impl Parser {
    /// Returns the least and the greatest width of what `sequence` matches: `SubPattern.getwidth`.
    pub(super) fn width(&self, sequence: &[Node]) -> Width {
        let (mut least, mut most) = (0, 0);
        for node in sequence {
            let (low, high) = match node {
                Node::Literal(_) | Node::NotLiteral(_) | Node::Any | Node::Set(_) => (1, 1),
                Node::At(_) | Node::Look(..) => (0, 0),
                Node::Branch(items) => items
                    .iter()
                    .map(|item| self.width(item))
                    .fold((WIDEST, 0), |(least, most), (low, high)| {
                        (least.min(low), most.max(high))
                    }),
                Node::Group(.., inner) | Node::Atomic(inner) => self.width(inner),
                Node::Repeat(repeat, body) => {
                    let (low, high) = self.width(body);
                    let high = if repeat.max == NO_LIMIT && high > 0 {
                        WIDEST
                    } else {
                        high * u128::from(repeat.max)
                    };
                    (low * u128::from(repeat.min), high)
                }
                Node::Reference(group) => self.widths.get(*group).copied().flatten().unwrap_or((0, 0)),
                Node::Conditional(_, yes, no) => {
                    let (yes, no) = (self.width(yes), self.width(no));
                    (yes.0.min(no.0), yes.1.max(no.1))
                }
            };
            least = WIDEST.min(least + low);
            most = WIDEST.min(most + high);
        }
        (least, most)
    }
}
