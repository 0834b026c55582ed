//! Which fields of a record are read at all, so that nobody decodes the others.

use super::row_field::RowField;
use super::rule::{Compiled, What};
use super::sigma::document::DetectionRule;
use super::sigma_parts::{Part, PartGroup};
use crate::query::ast::{Expr, Term};
use crate::query::field::{Field, NumberField, TextField};

/// The fields of [`LogRow`](crate::record::LogRow) that must be filled. Its id and its two times always must.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the field of that name in LogRow")]
#[expect(clippy::struct_excessive_bools, reason = "it is a set")]
pub struct Columns {
    pub level: bool,
    pub severity: bool,
    pub facility: bool,
    pub source: bool,
    pub host: bool,
    pub app: bool,
    pub proc_id: bool,
    pub msg_id: bool,
    pub user_name: bool,
    pub format: bool,
    pub parse_error: bool,
    pub origin: bool,
    pub ip: bool,
    pub message: bool,
    pub raw: bool,
    pub attributes: bool,
}

impl Columns {
    /// What one rule reads: its filters, its groups, its message, and whom its alerts are about.
    pub(super) fn of(rule: &Compiled) -> Self {
        let mut columns = Self { ip: true, user_name: true, host: true, ..Self::default() };
        if let What::Sigma(part) = &rule.what {
            columns = columns.union(Self::of_sigma(part));
        }
        columns.add_expr(&rule.looks_at);
        if let What::Ratio { selects, .. } = &rule.what {
            columns.add_expr(selects);
        }
        let counted = if let What::Threshold { distinct, .. } = &rule.what { distinct.as_ref() } else { None };
        let named = rule.group_by.iter().chain(rule.value_field()).chain(counted).chain(rule.template.fields());
        named.for_each(|field: &RowField| columns.add(&field.field));
        columns
    }

    /// What conditions of log sources, fields and groups may be looked up in. Raw texts are large, and searched for words only.
    fn of_sigma(part: &Part) -> Self {
        let raw = part.members.iter().any(DetectionRule::searches_texts);
        let (level, facility, source, app, proc_id) = (true, true, true, true, true);
        let (msg_id, format, message, attributes) = (true, true, true, true);
        let mut columns =
            Self { level, facility, source, app, proc_id, msg_id, format, message, raw, attributes, ..Self::default() };
        if let PartGroup::Fields(fields) = &part.group {
            fields.iter().for_each(|field| columns.add(&field.field));
        }
        columns
    }

    /// The fields of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self {
            level: self.level || other.level,
            severity: self.severity || other.severity,
            facility: self.facility || other.facility,
            source: self.source || other.source,
            host: self.host || other.host,
            app: self.app || other.app,
            proc_id: self.proc_id || other.proc_id,
            msg_id: self.msg_id || other.msg_id,
            user_name: self.user_name || other.user_name,
            format: self.format || other.format,
            parse_error: self.parse_error || other.parse_error,
            origin: self.origin || other.origin,
            ip: self.ip || other.ip,
            message: self.message || other.message,
            raw: self.raw || other.raw,
            attributes: self.attributes || other.attributes,
        }
    }

    /// Whether it must be known what a stored column holds: one of a block of the spool, or of the store.
    #[must_use]
    pub fn holds(&self, column: &str) -> bool {
        match column {
            "level" => self.level,
            "severity" => self.severity,
            "facility" => self.facility,
            "source" => self.source,
            "host" => self.host,
            "app" => self.app,
            "proc_id" => self.proc_id,
            "msg_id" => self.msg_id,
            "ip" => self.ip,
            "user_name" => self.user_name,
            // The original bytes of a record are in part its message.
            "message" => self.message || self.raw,
            "raw" | "raw_head" | "raw_tail" | "raw_whole" => self.raw,
            "attributes" => self.attributes,
            "format" => self.format,
            "parse_error" => self.parse_error,
            "origin" => self.origin,
            // Its id and its times.
            _ => true,
        }
    }

    fn add_expr(&mut self, expr: &Expr) {
        match expr {
            Expr::All => {}
            Expr::Not(inner) => self.add_expr(inner),
            Expr::And(parts) | Expr::Or(parts) => parts.iter().for_each(|part| self.add_expr(part)),
            Expr::Term(term) => match term {
                Term::Text { field, .. } | Term::Decimal { field, .. } => self.add_text(field),
                Term::Number { field, .. } | Term::NumberExists(field) => self.add(&Field::Number(*field)),
                Term::Time { .. } => {}
                Term::Ip(_) => self.ip = true,
                Term::Level(_) => self.level = true,
            },
        }
    }

    fn add(&mut self, field: &Field) {
        match field {
            Field::Text(field) => self.add_text(field),
            Field::Number(NumberField::Severity) => self.severity = true,
            Field::Number(NumberField::Facility) => self.facility = true,
            Field::Number(NumberField::Id) | Field::Time(_) => {}
            Field::Ip => self.ip = true,
            Field::Level => self.level = true,
        }
    }

    fn add_text(&mut self, field: &TextField) {
        let column = match field {
            TextField::Message => &mut self.message,
            TextField::Raw => &mut self.raw,
            TextField::Source => &mut self.source,
            TextField::Host => &mut self.host,
            TextField::App => &mut self.app,
            TextField::ProcId => &mut self.proc_id,
            TextField::MsgId => &mut self.msg_id,
            TextField::UserName => &mut self.user_name,
            TextField::Format => &mut self.format,
            TextField::ParseError => &mut self.parse_error,
            TextField::Origin => &mut self.origin,
            TextField::Attribute(_) => &mut self.attributes,
        };
        *column = true;
    }
}
