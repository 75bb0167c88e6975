//! Addresses, ports and protocols: small checked value types that know nothing of Calico objects.

mod cidr;
mod port;
mod protocol;

pub use cidr::{Cidr, CidrError};
pub use port::{PortError, PortRange};
pub use protocol::{Protocol, ProtocolError};
