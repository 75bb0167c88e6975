//! Where texts and resources come from. Reading the outside happens here and nowhere below.

pub mod text;
