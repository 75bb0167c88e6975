//! The Calico selector language (SEL-1 to SEL-26).
