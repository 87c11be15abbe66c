//! Templates in Python's texts: literals, f-strings, and what is put together of them.

use ruff_python_ast::{self as ast, Expr, Operator};
use ruff_text_size::{Ranged, TextSize};

use super::builtin;
use super::report::Finder;
use super::template;
use super::template_values::HOLE;
use super::value::{Value, Values};

/// Reports the names in a text that is a template. The answer is whether the expression has been looked at as a whole, so
/// that its parts are no templates of their own.
pub(super) fn report<'a>(finder: &mut Finder<'_, '_, 'a>, expr: &'a Expr) -> bool {
    match expr {
        Expr::StringLiteral(literal) => {
            let text = literal.value.to_str();
            if template::is_template(text) {
                let (base, exact) = source_of(finder.module.text, literal);
                finder.report_template(text, base, exact);
            } else if let Some(name) = file_name(text) {
                finder.files_named.push(name);
            }
            true
        }
        Expr::FString(_) | Expr::BinOp(_) | Expr::Call(_) => {
            if !has_braces(expr) {
                return false;
            }
            let values = finder.evaluator.values_in_calls(expr, finder.at);
            for value in &values.options {
                if let Value::Text(text) = value
                    && template::is_template(text)
                {
                    finder.report_template(text, expr.start(), false);
                }
            }
            if !values.complete
                && let Some(text) = with_holes(finder, expr)
                && template::is_template(&text)
            {
                finder.report_template(&text, expr.start(), false);
            }
            true
        }
        _ => false,
    }
}

/// Whether this is a call such as `"…".format(…)`, of which the owner is a part of a text.
pub(super) fn is_text_method(call: &ast::ExprCall) -> bool {
    match &*call.func {
        Expr::Attribute(attribute) => {
            matches!(
                attribute.attr.as_str(),
                "format" | "replace" | "strip" | "join" | "lstrip" | "rstrip"
            ) && matches!(
                &*attribute.value,
                Expr::StringLiteral(_) | Expr::FString(_) | Expr::BinOp(_)
            )
        }
        _ => false,
    }
}

/// Whether a text put together has a part that can open a block.
fn has_braces(expr: &Expr) -> bool {
    match expr {
        Expr::StringLiteral(literal) => literal.value.to_str().contains('{'),
        Expr::FString(text) => text.value.iter().any(|part| match part {
            ast::FStringPart::Literal(literal) => literal.contains('{'),
            ast::FStringPart::FString(f_string) => f_string.elements.iter().any(|element| match element {
                ast::InterpolatedStringElement::Literal(literal) => literal.value.contains('{'),
                ast::InterpolatedStringElement::Interpolation(_) => false,
            }),
        }),
        Expr::BinOp(operation) => match operation.op {
            Operator::Add => has_braces(&operation.left) || has_braces(&operation.right),
            Operator::Mod => has_braces(&operation.left),
            _ => false,
        },
        Expr::Call(call) if is_text_method(call) => match &*call.func {
            Expr::Attribute(attribute) => has_braces(&attribute.value),
            _ => false,
        },
        _ => false,
    }
}

/// The text with what is not known as holes.
fn with_holes<'a>(finder: &Finder<'_, '_, 'a>, expr: &'a Expr) -> Option<String> {
    match expr {
        Expr::StringLiteral(literal) => Some(literal.value.to_str().to_owned()),
        Expr::FString(text) => {
            let mut all = String::new();
            for part in &text.value {
                match part {
                    ast::FStringPart::Literal(literal) => all.push_str(literal),
                    ast::FStringPart::FString(f_string) => {
                        for element in &f_string.elements {
                            let values = finder.evaluator.f_string_element(element, finder.at);
                            all.push_str(&single(&values));
                        }
                    }
                }
            }
            Some(all)
        }
        Expr::BinOp(operation) if operation.op == Operator::Add => {
            let part = |expr: &'a Expr| {
                let known = finder.evaluator.values(expr, finder.at);
                if known.complete && known.options.len() == 1 {
                    single(&known)
                } else {
                    with_holes(finder, expr).unwrap_or_else(|| HOLE.to_owned())
                }
            };
            Some(part(&operation.left) + &part(&operation.right))
        }
        Expr::BinOp(operation) if operation.op == Operator::Mod => {
            let text = with_holes(finder, &operation.left)?;
            Some(text.replace("%s", HOLE).replace("%d", HOLE).replace("%%", "%"))
        }
        Expr::Call(call) => {
            let Expr::Attribute(attribute) = &*call.func else {
                return None;
            };
            let text = with_holes(finder, &attribute.value)?;
            if attribute.attr.as_str() != "format" {
                return Some(text);
            }
            let filled =
                |expr: &'a Expr| Values::one(Value::text(&single(&finder.evaluator.values(expr, finder.at))));
            let positional: Vec<Values> = call.arguments.args.iter().map(filled).collect();
            let keywords: Vec<(&str, Values)> = call
                .arguments
                .keywords
                .iter()
                .filter_map(|keyword| Some((keyword.arg.as_ref()?.as_str(), filled(&keyword.value))))
                .collect();
            let values = builtin::method(&Value::text(&text), "format", &positional, &keywords);
            match values.as_ref().map(|values| values.options.as_slice()) {
                Some([Value::Text(text)]) => Some(text.to_string()),
                // Fields of other forms: at least the blocks of what is there.
                _ => Some(text.replace("{{", "{").replace("}}", "}")),
            }
        }
        _ => None,
    }
}

fn single(values: &Values) -> String {
    match values.options.as_slice() {
        [value] if values.complete => value
            .as_str()
            .map_or_else(|| HOLE.to_owned(), |text| text.to_string()),
        _ => HOLE.to_owned(),
    }
}

/// The last part of a text that can be the path of a file.
fn file_name(text: &str) -> Option<&str> {
    let name = text.rsplit('/').next()?;
    let (stem, end) = name.rsplit_once('.')?;
    let is_name = |part: &str| !part.is_empty() && part.len() < 100 && !part.contains(char::is_whitespace);
    (is_name(stem) && is_name(end)).then_some(name)
}

/// Where the text of a literal starts in the source, and whether it stands there as it is.
fn source_of(source: &str, literal: &ast::ExprStringLiteral) -> (TextSize, bool) {
    if let [single] = literal.value.as_slice() {
        let range = single.content_range();
        if source.get(range.start().to_usize()..range.end().to_usize()) == Some(single.as_str()) {
            return (range.start(), true);
        }
    }
    (literal.start(), false)
}
