//! The names in a Jinja template: `var.value.x`, `var.json.x.y`, `conn.x.host`.
//!
//! Templates are parsed by minijinja and never rendered. Its syntax is nearly Jinja's; where it cannot parse a template, each
//! `{{ … }}` and `{% … %}` of it is parsed on its own.
//!
//! The names are what Airflow 3.3.2's `VariableAccessor` and `ConnectionAccessor` take
//! (task-sdk/src/airflow/sdk/execution_time/context.py).

use std::cell::Cell;
use std::collections::HashMap;

use minijinja::machinery;
use minijinja::machinery::ast::{CallArg, Expr, Stmt};
use minijinja::syntax::SyntaxConfig;

use super::template_values::{Finder, TemplateUse, Thing};
use crate::value::SecretKind;

/// A larger template is parsed in pieces, because the parser and its tree recurse.
const LARGE: usize = 64 * 1024;
/// A larger piece is not parsed.
const LARGE_PIECE: usize = 4 * 1024;
/// More expressions than this are not followed in one template.
const FUEL: u32 = 100_000;

/// A template's names, and where it stops being one.
#[derive(Debug, Default)]
pub(super) struct Parsed {
    pub(super) uses: Vec<TemplateUse>,
    /// The byte and the reason, if the whole could not be parsed.
    pub(super) error: Option<(usize, String)>,
}

/// Whether a text can be a template that is more than its text.
pub(super) fn is_template(text: &str) -> bool {
    text.contains("{{") || text.contains("{%")
}

/// Finds the names in a template.
pub(super) fn parse(text: &str) -> Parsed {
    let mut finder = Finder {
        fuel: Cell::new(FUEL),
        ..Finder::default()
    };
    if text.len() > LARGE {
        finder.pieces(text);
        return Parsed {
            uses: finder.uses,
            error: None,
        };
    }
    match machinery::parse(text, "", SyntaxConfig::default()) {
        Ok(template) => {
            finder.statement(&template);
            Parsed {
                uses: finder.uses,
                error: None,
            }
        }
        Err(error) => {
            let line = error.line().unwrap_or(1).max(1);
            let offset = text.split_inclusive('\n').take(line - 1).map(str::len).sum();
            let reason = error.detail().unwrap_or("not a Jinja template").to_owned();
            finder.pieces(text);
            Parsed {
                uses: finder.uses,
                error: Some((offset, reason)),
            }
        }
    }
}

impl<'t> Finder<'t> {
    fn statements(&mut self, statements: &[Stmt<'t>]) {
        self.locals.push(HashMap::new());
        for statement in statements {
            self.statement(statement);
        }
        self.locals.pop();
    }

    fn statement(&mut self, statement: &Stmt<'t>) {
        match statement {
            Stmt::Template(template) => self.statements(&template.children),
            Stmt::EmitExpr(emit) => self.expr(&emit.expr),
            Stmt::EmitRaw(_) => {}
            Stmt::ForLoop(each) => {
                self.expr(&each.iter);
                let element = match self.thing(&each.iter) {
                    Thing::List(element) => *element,
                    _ => Thing::Other,
                };
                self.locals.push(HashMap::new());
                self.bind(&each.target, element);
                if let Some(filter) = &each.filter_expr {
                    self.expr(filter);
                }
                self.statements(&each.body);
                self.locals.pop();
                self.statements(&each.else_body);
            }
            Stmt::IfCond(condition) => {
                self.expr(&condition.expr);
                // What is set in a branch is seen after it.
                for statement in condition.true_body.iter().chain(&condition.false_body) {
                    self.statement(statement);
                }
            }
            Stmt::WithBlock(with) => {
                self.locals.push(HashMap::new());
                for (target, value) in &with.assignments {
                    self.expr(value);
                    let thing = self.thing(value);
                    self.bind(target, thing);
                }
                self.statements(&with.body);
                self.locals.pop();
            }
            Stmt::Set(set) => {
                self.expr(&set.expr);
                let thing = self.thing(&set.expr);
                self.bind(&set.target, thing);
            }
            Stmt::SetBlock(set) => {
                self.bind(&set.target, Thing::Other);
                self.statements(&set.body);
            }
            Stmt::AutoEscape(block) => self.statements(&block.body),
            Stmt::FilterBlock(block) => {
                self.expr(&block.filter);
                self.statements(&block.body);
            }
            Stmt::Block(block) => self.statements(&block.body),
            Stmt::Import(import) => self.expr(&import.expr),
            Stmt::FromImport(import) => self.expr(&import.expr),
            Stmt::Extends(extends) => self.expr(&extends.name),
            Stmt::Include(include) => self.expr(&include.name),
            Stmt::Macro(own) => self.macro_body(&own.args, &own.defaults, &own.body),
            Stmt::CallBlock(call) => {
                self.arguments(&call.call.args);
                self.expr(&call.call.expr);
                self.macro_body(
                    &call.macro_decl.args,
                    &call.macro_decl.defaults,
                    &call.macro_decl.body,
                );
            }
            Stmt::Do(run) => {
                self.expr(&run.call.expr);
                self.arguments(&run.call.args);
            }
        }
    }

    fn macro_body(&mut self, arguments: &[Expr<'t>], defaults: &[Expr<'t>], body: &[Stmt<'t>]) {
        for default in defaults {
            self.expr(default);
        }
        self.locals.push(HashMap::new());
        for argument in arguments {
            self.bind(argument, Thing::Other);
        }
        self.statements(body);
        self.locals.pop();
    }

    fn bind(&mut self, target: &Expr<'t>, thing: Thing) {
        match target {
            Expr::Var(var) => {
                if let Some(locals) = self.locals.last_mut() {
                    locals.insert(var.id, thing);
                }
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.bind(item, Thing::Other)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.bind(item, Thing::Other)),
            _ => {}
        }
    }

    fn arguments(&mut self, arguments: &[CallArg<'t>]) {
        for argument in arguments {
            match argument {
                CallArg::Pos(expr)
                | CallArg::Kwarg(_, expr)
                | CallArg::PosSplat(expr)
                | CallArg::KwargSplat(expr) => {
                    self.expr(expr);
                }
            }
        }
    }

    /// Looks at an expression that is no part of a longer chain of attributes.
    fn expr(&mut self, expr: &Expr<'t>) {
        if let Thing::Used {
            kind,
            names,
            has_default,
            as_json,
            fields,
            ..
        } = self.thing(expr)
        {
            let offset = self.base + root(expr).span().start_offset as usize;
            for name in names {
                let found = TemplateUse {
                    kind,
                    name,
                    offset,
                    has_default,
                    as_json,
                    fields: fields.clone(),
                };
                self.uses.push(found);
            }
        }
        self.inside(expr, true);
    }

    /// Looks at the parts of an expression; `chain`: what it is an attribute of has been looked at with it.
    fn inside(&mut self, expr: &Expr<'t>, chain: bool) {
        let owner = |finder: &mut Self, expr: &Expr<'t>, is_used: bool| {
            if chain && is_used {
                finder.inside(expr, true);
            } else {
                finder.expr(expr);
            }
        };
        let is_used = matches!(
            self.thing(expr),
            Thing::Used { .. } | Thing::Variables { .. } | Thing::Connections
        );
        match expr {
            Expr::Var(_) | Expr::Const(_) => {}
            Expr::GetAttr(get) => owner(self, &get.expr, is_used),
            Expr::GetItem(get) => {
                owner(self, &get.expr, is_used);
                self.expr(&get.subscript_expr);
            }
            Expr::Call(call) => {
                owner(self, &call.expr, is_used);
                self.arguments(&call.args);
            }
            Expr::Slice(slice) => {
                self.expr(&slice.expr);
                for part in [&slice.start, &slice.stop, &slice.step].into_iter().flatten() {
                    self.expr(part);
                }
            }
            Expr::UnaryOp(operation) => self.expr(&operation.expr),
            Expr::BinOp(operation) => {
                self.expr(&operation.left);
                self.expr(&operation.right);
            }
            Expr::Compare(compare) => {
                self.expr(&compare.expr);
                compare
                    .ops
                    .iter()
                    .for_each(|operation| self.expr(&operation.expr));
            }
            Expr::IfExpr(condition) => {
                self.expr(&condition.test_expr);
                self.expr(&condition.true_expr);
                if let Some(other) = &condition.false_expr {
                    self.expr(other);
                }
            }
            Expr::Filter(filter) => {
                if let Some(expr) = &filter.expr {
                    self.expr(expr);
                }
                self.arguments(&filter.args);
            }
            Expr::Test(test) => {
                self.expr(&test.expr);
                self.arguments(&test.args);
            }
            Expr::List(list) => list.items.iter().for_each(|item| self.expr(item)),
            Expr::Tuple(tuple) => tuple.items.iter().for_each(|item| self.expr(item)),
            Expr::Map(map) => map
                .keys
                .iter()
                .chain(&map.values)
                .for_each(|item| self.expr(item)),
        }
    }

    /// Parses each block on its own.
    fn pieces(&mut self, text: &'t str) {
        self.locals.push(HashMap::new());
        let mut at = 0;
        while let Some(open) = text[at..].find('{').map(|found| at + found) {
            let close = match text.as_bytes().get(open + 1) {
                Some(b'{') => "}}",
                Some(b'%') => "%}",
                _ => {
                    at = open + 1;
                    continue;
                }
            };
            let start = open + 2;
            let Some(length) = text[start..].find(close) else {
                break;
            };
            self.piece(&text[start..start + length], start, close == "%}");
            at = start + length + 2;
        }
        self.locals.pop();
    }

    fn piece(&mut self, whole: &'t str, start: usize, is_statement: bool) {
        let mut piece = whole.trim_matches(['-', '+']);
        if is_statement {
            piece = piece.trim();
            piece = match piece.split_once(char::is_whitespace) {
                Some(("if" | "elif" | "do" | "include" | "call", rest)) => rest,
                Some(("set" | "with", rest)) => rest.split_once('=').map_or("", |(_, value)| value),
                Some(("for", rest)) => rest.split_once(" in ").map_or("", |(_, list)| list),
                _ => "",
            };
        }
        let at = start + whole.find(piece).unwrap_or(0);
        if piece.trim().is_empty() {
            return;
        }
        let parsed = if piece.len() > LARGE_PIECE {
            None
        } else {
            machinery::parse_expr(piece).ok()
        };
        match parsed {
            Some(expr) => {
                self.base = at;
                self.expr(&expr);
                self.base = 0;
            }
            None => {
                for (mark, kind) in [("var.", SecretKind::Variable), ("conn.", SecretKind::Connection)] {
                    if piece.contains(mark) {
                        self.uses.push(TemplateUse {
                            kind,
                            name: None,
                            offset: at,
                            has_default: false,
                            as_json: false,
                            fields: Vec::new(),
                        });
                    }
                }
            }
        }
    }
}

/// What a chain of attributes, items and calls starts with.
fn root<'e, 't>(expr: &'e Expr<'t>) -> &'e Expr<'t> {
    match expr {
        Expr::GetAttr(get) => root(&get.expr),
        Expr::GetItem(get) => root(&get.expr),
        Expr::Call(call) => root(&call.expr),
        other => other,
    }
}
