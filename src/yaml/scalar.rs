//! What a scalar means: kubectl's reading, and where YAML 1.2's differs.

/// A scalar as it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Scalar {
    /// The text, escapes and folding undone.
    pub text: Box<str>,
    /// Whether it stood without quotes and outside a block scalar, so that its text decides
    /// its type.
    pub plain: bool,
}

/// What a scalar means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// Nothing.
    Null,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number with a fraction or beyond 64 bits.
    Float(f64),
    /// A text.
    String(&'a str),
}

impl Scalar {
    /// What kubectl reads (YAML 1.1 as Go's decoder has it: `yes`, `on` and `y` are booleans,
    /// `_` in a number is nothing, a leading 0 means octal).
    pub fn value(&self) -> Value<'_> {
        if self.plain {
            kubectl(&self.text)
        } else {
            Value::String(&self.text)
        }
    }

    /// What a YAML 1.2 reader with the core schema reads.
    pub fn core_value(&self) -> Value<'_> {
        if self.plain {
            core(&self.text)
        } else {
            Value::String(&self.text)
        }
    }
}

/// Whether `text`, written without quotes, is read as the same string by kubectl, by YAML 1.1
/// and by YAML 1.2 readers, in any block or flow context.
pub fn is_plain_safe(text: &str) -> bool {
    let Some(first) = text.chars().next() else {
        return false;
    };
    // Words that some YAML 1.1 reader takes for something else than text are few and short;
    // numbers, dates and base-60 all begin with a digit, a sign or a dot.
    let starts_well = first.is_ascii_alphabetic() || first == '_' || is_address(text);
    starts_well
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-_./ ='|()".contains(c))
        && !text.ends_with(' ')
        && kubectl(text) == Value::String(text)
        && core(text) == Value::String(text)
}

fn is_address(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok() || text.parse::<ipnet::Ipv4Net>().is_ok()
}

fn kubectl(text: &str) -> Value<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" | "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => {
            return Value::Bool(true);
        }
        "false" | "False" | "FALSE" | "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => {
            return Value::Bool(false);
        }
        _ => {}
    }
    if let Some(special) = special_float(text) {
        return Value::Float(special);
    }
    if !text.starts_with(|c: char| c.is_ascii_digit() || "+-.".contains(c)) {
        return Value::String(text);
    }
    let digits = text.replace('_', "");
    if let Some(number) = go_integer(&digits) {
        return Value::Int(number);
    }
    decimal_float(&digits).map_or(Value::String(text), Value::Float)
}

fn core(text: &str) -> Value<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Value::Null,
        "true" | "True" | "TRUE" => return Value::Bool(true),
        "false" | "False" | "FALSE" => return Value::Bool(false),
        _ => {}
    }
    if let Some(special) = special_float(text) {
        return Value::Float(special);
    }
    let based = [("0o", 8), ("0x", 16)]
        .into_iter()
        .find_map(|(prefix, base)| Some((text.strip_prefix(prefix)?, base)));
    if let Some((digits, base)) = based {
        let number = unsigned_digits(digits, base);
        return number.map_or(Value::String(text), Value::Int);
    }
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    if !unsigned.is_empty()
        && unsigned.bytes().all(|b| b.is_ascii_digit())
        && let Ok(number) = text.parse::<i64>()
    {
        return Value::Int(number);
    }
    decimal_float(text).map_or(Value::String(text), Value::Float)
}

fn special_float(text: &str) -> Option<f64> {
    match text {
        ".nan" | ".NaN" | ".NAN" => Some(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Some(f64::NEG_INFINITY),
        _ => None,
    }
}

/// A number as Go's `ParseInt(text, 0, 64)` reads it: the prefix decides the base, and a bare
/// leading 0 means octal.
fn go_integer(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = [("0x", 16), ("0o", 8), ("0b", 2)]
        .into_iter()
        .find_map(|(prefix, base)| Some((lower.strip_prefix(prefix)?, base)));
    let (digits, base) = match prefixed {
        Some(found) => found,
        None if lower.len() > 1 && lower.starts_with('0') => (lower.as_str(), 8),
        None => (lower.as_str(), 10),
    };
    let number = unsigned_digits(digits, base)?;
    if negative {
        number.checked_neg()
    } else {
        Some(number)
    }
}

fn unsigned_digits(digits: &str, base: u32) -> Option<i64> {
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(base)) {
        return None;
    }
    i64::from_str_radix(digits, base).ok()
}

/// A decimal number with an optional fraction and exponent, as both dialects write it.
fn decimal_float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let has_digits = !whole.is_empty() || !fraction.is_empty();
    let exponent_fits = exponent.is_none_or(|exponent| {
        let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        !exponent.is_empty() && digits(exponent)
    });
    if has_digits && digits(whole) && digits(fraction) && exponent_fits {
        text.parse().ok()
    } else {
        None
    }
}
