//! Strings as small numbers.

use std::sync::Arc;

use rustc_hash::FxHashMap;

/// A string known to an [`Interner`]: equal symbols of one interner mean equal strings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Symbol(u32);

/// Gives every distinct label name and label value a [`Symbol`], so that matching compares numbers.
#[derive(Debug, Clone, Default)]
pub struct Interner {
    symbols: FxHashMap<Arc<str>, Symbol>,
    texts: Vec<Arc<str>>,
}

impl Interner {
    /// An interner that knows no string yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The symbol of a string, a new one if the string is new.
    pub fn intern(&mut self, text: &str) -> Symbol {
        if let Some(symbol) = self.symbol(text) {
            return symbol;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "2^32 distinct strings do not fit into memory"
        )]
        let symbol = Symbol(self.texts.len() as u32);
        let text: Arc<str> = text.into();
        self.texts.push(Arc::clone(&text));
        self.symbols.insert(text, symbol);
        symbol
    }

    /// The symbol of a string that was interned before.
    pub fn symbol(&self, text: &str) -> Option<Symbol> {
        self.symbols.get(text).copied()
    }

    /// The string behind a symbol; `None` for a symbol of another interner that knows more.
    pub fn text(&self, symbol: Symbol) -> Option<&str> {
        let index = usize::try_from(symbol.0).ok()?;
        self.texts.get(index).map(AsRef::as_ref)
    }

    /// A set of labels in the form that [`CompiledSelector`](super::CompiledSelector) matches:
    /// sorted by name symbol. Of a name that occurs twice the first counts (RES-1).
    pub fn labels<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        labels: impl IntoIterator<Item = (K, V)>,
    ) -> Vec<(Symbol, Symbol)> {
        let mut pairs: Vec<_> = labels
            .into_iter()
            .map(|(name, value)| (self.intern(name.as_ref()), self.intern(value.as_ref())))
            .collect();
        pairs.sort_by_key(|(name, _)| *name);
        pairs.dedup_by_key(|(name, _)| *name);
        pairs
    }
}
