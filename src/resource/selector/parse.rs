//! The grammar (SEL-10 to SEL-15), by recursive descent over the tokens.

use std::mem;

use super::error::{SelectorError, SelectorErrorKind};
use super::expr::{self, Expr};
use super::hint::{self, Wanted};
use super::token::{Lexeme, Lexer, Token};

/// How many groups a selector may nest, both as it is typed and as it is printed in canonical
/// form, where precedence becomes visible as parentheses (SEL-24).
///
/// Counting both keeps the promise that the canonical text of whatever parses also parses
/// (SEL-25).
pub const MAX_NESTING: usize = 128;

pub(super) fn parse(text: &str) -> Result<Expr, SelectorError> {
    let mut parser = Parser::new(text)?;
    if parser.current.token == Token::End {
        return Ok(Expr::All);
    }
    let expr = parser.disjunction()?;
    if parser.current.token != Token::End {
        return Err(parser.unexpected(Wanted::ConnectiveOrEnd));
    }
    if expr.nesting() > MAX_NESTING {
        return Err(SelectorError::new(
            0..text.len(),
            SelectorErrorKind::TooDeep,
        ));
    }
    Ok(expr)
}

/// VAL-24: the tokens are those of `global()` and no others.
pub(super) fn is_global_alone(text: &str) -> bool {
    let mut lexer = Lexer::new(text);
    [Token::Global, Token::CloseGroup, Token::End]
        .iter()
        .all(|wanted| lexer.next().is_ok_and(|lexeme| lexeme.token == *wanted))
}

struct Parser<'t> {
    lexer: Lexer<'t>,
    text: &'t str,
    current: Lexeme<'t>,
    previous: Option<Token<'t>>,
    open_groups: usize,
}

impl<'t> Parser<'t> {
    fn new(text: &'t str) -> Result<Self, SelectorError> {
        let mut lexer = Lexer::new(text);
        let current = lexer.next()?;
        Ok(Self {
            lexer,
            text,
            current,
            previous: None,
            open_groups: 0,
        })
    }

    /// Moves on by one token and returns the one that was current.
    fn advance(&mut self) -> Result<Token<'t>, SelectorError> {
        let passed = self.current.token;
        self.current = self.lexer.next().map_err(|error| {
            let at = error.range().start;
            error.with_hint(hint::after_backslash(passed, self.text, at))
        })?;
        self.previous = Some(passed);
        Ok(passed)
    }

    fn take(&mut self, token: Token<'t>, wanted: Wanted<'t>) -> Result<(), SelectorError> {
        if self.current.token != token {
            return Err(self.unexpected(wanted));
        }
        self.advance()?;
        Ok(())
    }

    fn unexpected(&self, wanted: Wanted<'t>) -> SelectorError {
        hint::unexpected(wanted, self.previous, &self.current, self.text)
    }

    fn disjunction(&mut self) -> Result<Expr, SelectorError> {
        self.operands(Token::Or, Self::conjunction, Expr::Or)
    }

    fn conjunction(&mut self) -> Result<Expr, SelectorError> {
        self.operands(Token::And, Self::negation, Expr::And)
    }

    fn operands(
        &mut self,
        connective: Token<'t>,
        operand: fn(&mut Self) -> Result<Expr, SelectorError>,
        join: fn(Vec<Expr>) -> Expr,
    ) -> Result<Expr, SelectorError> {
        let first = operand(self)?;
        if self.current.token != connective {
            return Ok(first);
        }
        let mut operands = vec![first];
        while self.current.token == connective {
            self.advance()?;
            operands.push(operand(self)?);
        }
        Ok(join(operands))
    }

    /// SEL-11. The loop keeps a long run of `!` off the stack.
    fn negation(&mut self) -> Result<Expr, SelectorError> {
        let mut negated = false;
        while self.current.token == Token::Not {
            self.advance()?;
            negated = !negated;
        }
        let operand = self.primary()?;
        Ok(if negated { operand.negated() } else { operand })
    }

    fn primary(&mut self) -> Result<Expr, SelectorError> {
        match self.current.token {
            Token::OpenGroup => self.group(),
            Token::Has => self.has(),
            Token::All => self.function(Expr::All),
            Token::Global => self.function(Expr::Global),
            Token::Label(label) => self.comparison(label),
            _ => Err(self.unexpected(Wanted::Condition)),
        }
    }

    fn has(&mut self) -> Result<Expr, SelectorError> {
        self.advance()?;
        let Token::Label(label) = self.current.token else {
            return Err(self.unexpected(Wanted::LabelName));
        };
        self.function(Expr::Has(label.to_owned()))
    }

    /// What is left of a function when its last token but `)` is the current one.
    fn function(&mut self, expr: Expr) -> Result<Expr, SelectorError> {
        self.advance()?;
        self.take(Token::CloseGroup, Wanted::CloseFunction)?;
        Ok(expr)
    }

    fn group(&mut self) -> Result<Expr, SelectorError> {
        if self.open_groups == MAX_NESTING {
            return Err(SelectorError::new(
                self.current.range.clone(),
                SelectorErrorKind::TooDeep,
            ));
        }
        self.open_groups += 1;
        self.advance()?;
        let expr = self.disjunction()?;
        self.take(Token::CloseGroup, Wanted::ConnectiveOrClose)?;
        self.open_groups -= 1;
        Ok(expr)
    }

    fn comparison(&mut self, name: &'t str) -> Result<Expr, SelectorError> {
        self.advance()?;
        let operator = self.current.token;
        if !matches!(
            operator,
            Token::Equal
                | Token::NotEqual
                | Token::Contains
                | Token::StartsWith
                | Token::EndsWith
                | Token::In
                | Token::NotIn
        ) {
            return Err(self.unexpected(Wanted::Operator { after: name }));
        }
        self.advance()?;
        let label = name.to_owned();
        if matches!(operator, Token::In | Token::NotIn) {
            let values = self.set()?;
            return Ok(match operator {
                Token::In => Expr::In { label, values },
                _ => Expr::NotIn { label, values },
            });
        }
        let value = self.value(Wanted::Value)?;
        Ok(match operator {
            Token::Equal => Expr::Eq { label, value },
            Token::NotEqual => Expr::Ne { label, value },
            Token::Contains => Expr::Contains { label, value },
            Token::StartsWith => Expr::StartsWith { label, value },
            _ => Expr::EndsWith { label, value },
        })
    }

    /// SEL-13: an empty set and one trailing comma are fine, a lone comma is not.
    fn set(&mut self) -> Result<Vec<String>, SelectorError> {
        self.take(Token::OpenSet, Wanted::Set)?;
        let mut values = Vec::new();
        while self.current.token != Token::CloseSet {
            values.push(self.value(Wanted::ValueOrCloseSet)?);
            match self.current.token {
                Token::Comma => mem::drop(self.advance()?),
                Token::CloseSet => {}
                _ => return Err(self.unexpected(Wanted::CommaOrCloseSet)),
            }
        }
        self.advance()?;
        Ok(expr::set(values))
    }

    /// SEL-12: a bare word is never a value.
    fn value(&mut self, wanted: Wanted<'t>) -> Result<String, SelectorError> {
        let Token::Value(value) = self.current.token else {
            return Err(self.unexpected(wanted));
        };
        self.advance()?;
        Ok(value.to_owned())
    }
}
