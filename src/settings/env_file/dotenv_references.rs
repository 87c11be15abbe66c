//! References in python-dotenv's dialect: `${NAME}` and `${NAME:-default}`.
//!
//! A name runs to the first `}` or `:`, a default to the first `}`; neither contains references. Anything else is unchanged, including
//! `$NAME` and the operators of other readers.
//!
//! Source: python-dotenv 1.2.4, `dotenv/variables.py`.

use zeroize::Zeroizing;

use super::scope::Scope;
use crate::secret::Secret;

/// Replaces the references in `value`.
pub(super) fn replace(value: &Secret, scope: &mut Scope<'_>) -> Result<Secret, &'static str> {
    let value = value.expose();
    if !value.contains(&b'$') {
        return Ok(Secret::new(value));
    }
    let next = |from: usize, wanted: fn(u8) -> bool| {
        (from..value.len())
            .find(|index| wanted(value[*index]))
            .unwrap_or(value.len())
    };
    let mut replaced = Zeroizing::new(Vec::with_capacity(value.len()));
    // The index of the next `}` or `:`, and of the next `}`: searched once, even after many `${`.
    let (mut name_end, mut end) = (0, 0);
    let mut index = 0;
    while index < value.len() {
        if !value[index..].starts_with(b"${") {
            replaced.push(value[index]);
            index += 1;
            continue;
        }
        let start = index + 2;
        if name_end < start {
            name_end = next(start, |byte| matches!(byte, b'}' | b':'));
        }
        let name = &value[start..name_end];
        let default = match &value[name_end..] {
            [b'}', ..] => None,
            [b':', b'-', ..] => {
                if end < name_end {
                    end = next(name_end, |byte| byte == b'}');
                }
                Some(name_end + 2..end)
            }
            _ => Some(value.len()..value.len()),
        };
        let reference_end = default.as_ref().map_or(name_end, |default| default.end);
        if reference_end == value.len() {
            replaced.push(value[index]);
            index += 1;
            continue;
        }
        if !scope.append(name, &mut replaced)? {
            match default {
                Some(default) => replaced.extend_from_slice(&value[default]),
                None => scope.note_unset(),
            }
        }
        index = reference_end + 1;
    }
    Ok(Secret::new(replaced.to_vec()))
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::dotenv::{Variant, read};
    use super::super::problem::Problem;
    use super::*;
    use crate::env::Env;

    /// The value of the last line.
    fn replaced(text: &str, variant: Variant) -> Result<String, Problem> {
        let env = Env::from_iter([("P".to_owned(), Secret::from("process"))]);
        let mut scope = Scope::new(&env);
        read(text.as_bytes(), variant, &mut scope)?;
        let (_, last) = scope.variables().last().unwrap();
        Ok(last.value.as_ref().unwrap().expose_text().unwrap().to_owned())
    }

    #[test]
    fn references_use_earlier_lines_and_the_process() {
        for (text, expected) in [
            ("A=1\nB=${A}-${A}", "1-1"),
            ("A=1\nB=\"${A}\"", "1"),
            ("B=${P}${NONE}${NONE:-d${x}", "processd${x"),
            ("P=file\nB=${P}", "process"),
            ("A=\nB=[${A:-d}]", "[]"),
            ("A\nB=[${A:-d}]", "[]"),
            ("A=1\nB=$A $$A ${A ${A:+x} ${A:?x}", "$A $$A ${A ${A:+x} ${A:?x}"),
            ("A=1\nB=${A:+${A}}", "${A:+1}"),
            ("A=${A}x", "x"),
            ("A=1\nA=${A}2\nB=${A}", "12"),
            ("B=${", "${"),
            ("B=${NONE:-a:-b}", "a:-b"),
        ] {
            assert_eq!(replaced(text, Variant::Default).unwrap(), expected, "{text}");
        }
        let single = "A=1\nB='${A}'";
        assert_eq!(replaced(single, Variant::Default).unwrap(), "${A}");
        assert_eq!(replaced(single, Variant::Exact).unwrap(), "1");
        assert_eq!(replaced("A= #x", Variant::Exact).unwrap(), "");
    }

    #[test]
    fn growth_is_bounded_and_many_braces_cost_little() {
        let mut text = "A0=xxxxxxxxxxxxxxxx\n".to_owned();
        for index in 1..64 {
            writeln!(text, "A{index}=${{A{0}}}${{A{0}}}", index - 1).unwrap();
        }
        let problem = replaced(&text, Variant::Default).unwrap_err();
        assert_eq!(
            problem.message,
            "the references in this file expand to more than 16 MiB"
        );
        let many = format!("A={}", "${".repeat(1 << 20));
        assert_eq!(replaced(&many, Variant::Default).unwrap().len(), many.len() - 2);
    }
}
