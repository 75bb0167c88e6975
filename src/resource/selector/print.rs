//! The canonical text of an expression (SEL-24).

use std::fmt::{self, Display, Formatter};

use super::expr::Expr;

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all()"),
            Self::Global => f.write_str("global()"),
            Self::Has(label) => write!(f, "has({label})"),
            Self::Eq { label, value } => comparison(f, label, "==", value),
            Self::Ne { label, value } => comparison(f, label, "!=", value),
            Self::In { label, values } => membership(f, label, "in", values),
            Self::NotIn { label, values } => membership(f, label, "not in", values),
            Self::Contains { label, value } => comparison(f, label, "contains", value),
            Self::StartsWith { label, value } => comparison(f, label, "starts with", value),
            Self::EndsWith { label, value } => comparison(f, label, "ends with", value),
            Self::Not(operand) => {
                f.write_str("!")?;
                operand.fmt(f)
            }
            Self::And(operands) => group(f, operands, " && "),
            Self::Or(operands) => group(f, operands, " || "),
        }
    }
}

fn comparison(f: &mut Formatter<'_>, label: &str, operator: &str, value: &str) -> fmt::Result {
    write!(f, "{label} {operator} ")?;
    quoted(f, value)
}

fn membership(
    f: &mut Formatter<'_>,
    label: &str,
    operator: &str,
    values: &[String],
) -> fmt::Result {
    write!(f, "{label} {operator} {{")?;
    for (index, value) in values.iter().enumerate() {
        if index > 0 {
            f.write_str(", ")?;
        }
        quoted(f, value)?;
    }
    f.write_str("}")
}

fn group(f: &mut Formatter<'_>, operands: &[Expr], connective: &str) -> fmt::Result {
    f.write_str("(")?;
    for (index, operand) in operands.iter().enumerate() {
        if index > 0 {
            f.write_str(connective)?;
        }
        operand.fmt(f)?;
    }
    f.write_str(")")
}

fn quoted(f: &mut Formatter<'_>, value: &str) -> fmt::Result {
    let quote = if value.contains('"') { '\'' } else { '"' };
    write!(f, "{quote}{value}{quote}")
}
