//! Addresses, ports and protocols: small checked value types.
