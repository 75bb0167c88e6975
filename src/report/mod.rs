//! What there is to tell, for people and for machines: one file a format.

pub mod terminal;
pub mod trace;
pub mod unified;
