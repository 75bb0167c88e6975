//! Ends of rules between apps, as they are written.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, Visitor};
use serde::{Serialize, Serializer};

use crate::net::Cidr;
use crate::yaml::Located;

use super::super::{Name, NameError};
use super::{Labels, List};

/// The word for everybody.
pub(super) const ANYONE: &str = "anyone";

/// An app by name, or one of its tiers: `srv1`, `srv1/backend`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AppName {
    /// The app.
    pub app: Name,
    /// The tier; every pod of the app where not given.
    pub tier: Option<Name>,
}

/// An end of a rule.
#[derive(Debug, Clone, PartialEq)]
pub enum Peer {
    /// Everybody: every pod, worker and address. Opens nothing on their side.
    Anyone,
    /// An app or a tier.
    App(AppName),
    /// Pods that are no app of their own. Whatever is given must hold together.
    Pods {
        /// Their namespace.
        namespace: Option<Located<Name>>,
        /// Labels of their namespace.
        namespaces: Option<Located<Labels>>,
        /// Their own labels; every pod where not given.
        pods: Option<Located<Labels>>,
    },
    /// Addresses outside the cluster.
    Nets {
        /// The blocks.
        nets: List<Cidr>,
        /// Parts of the blocks that are not meant.
        except: Option<List<Cidr>>,
    },
}

/// An end of a rule that is written as a mapping.
#[derive(Debug, Clone, PartialEq, serde::Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Mapping {
    /// A namespace by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespace: Option<Located<Name>>,
    /// Namespaces by labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    namespaces: Option<Located<Labels>>,
    /// Pods by labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pods: Option<Located<Labels>>,
    /// Addresses outside the cluster.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nets: Option<List<Cidr>>,
    /// Parts of these addresses that are not meant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    except: Option<List<Cidr>>,
}

impl Mapping {
    fn peer(self) -> Result<Peer, String> {
        let is_pods = self.namespace.is_some() || self.namespaces.is_some() || self.pods.is_some();
        match (self.nets, is_pods) {
            (Some(_), true) => Err(
                "`nets` are addresses outside the cluster, and stand in an entry \
                 of their own"
                    .to_owned(),
            ),
            (Some(nets), false) => Ok(Peer::Nets {
                nets,
                except: self.except,
            }),
            (None, _) if self.except.is_some() => {
                Err("`except` goes with `nets`, and there are none".to_owned())
            }
            (None, false) => Err(
                "an entry names an app, or has `namespace`, `namespaces`, `pods` or `nets`"
                    .to_owned(),
            ),
            (None, true) if self.namespace.is_some() && self.namespaces.is_some() => Err(
                "`namespace` names one, and `namespaces` means all that have the labels: give one \
                 of them"
                    .to_owned(),
            ),
            (None, true) => Ok(Peer::Pods {
                namespace: self.namespace,
                namespaces: self.namespaces,
                pods: self.pods,
            }),
        }
    }
}

impl FromStr for AppName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let (app, tier) = match text.split_once('/') {
            Some((app, tier)) => (app, Some(tier)),
            None => (text, None),
        };
        Ok(Self {
            app: app.parse()?,
            tier: tier.map(str::parse).transpose()?,
        })
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.tier {
            Some(tier) => write!(f, "{}/{tier}", self.app),
            None => self.app.fmt(f),
        }
    }
}

impl fmt::Display for Peer {
    /// As it is told, and the same for the same peer.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let labels = |labels: &Labels| -> String {
            let all = labels
                .iter()
                .map(|(key, value)| format!("{key}={}", value.value));
            all.collect::<Vec<_>>().join(",")
        };
        match self {
            Self::Anyone => f.write_str(ANYONE),
            Self::App(name) => name.fmt(f),
            Self::Pods {
                namespace,
                namespaces,
                pods,
            } => {
                let namespace = namespace
                    .as_ref()
                    .map(|name| format!("namespace {}", name.value));
                let namespaces = namespaces.as_ref();
                let namespaces = namespaces.map(|all| format!("namespaces {}", labels(all)));
                let pods = pods.as_ref().map(|all| format!("pods {}", labels(all)));
                let parts = [namespace, namespaces, pods];
                f.write_str(&parts.into_iter().flatten().collect::<Vec<_>>().join(", "))
            }
            Self::Nets { nets, except } => {
                let texts = |nets: &List<Cidr>| -> String {
                    let all = nets.iter().map(|net| net.value.to_string());
                    all.collect::<Vec<_>>().join(" ")
                };
                f.write_str(&texts(nets))?;
                match except {
                    Some(except) => write!(f, " but {}", texts(except)),
                    None => Ok(()),
                }
            }
        }
    }
}

impl Serialize for Peer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let none = Mapping {
            namespace: None,
            namespaces: None,
            pods: None,
            nets: None,
            except: None,
        };
        match self.clone() {
            Self::Anyone | Self::App(_) => serializer.collect_str(self),
            Self::Pods {
                namespace,
                namespaces,
                pods,
            } => Mapping {
                namespace,
                namespaces,
                pods,
                ..none
            }
            .serialize(serializer),
            Self::Nets { nets, except } => Mapping {
                nets: Some(nets),
                except,
                ..none
            }
            .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Peer {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PeerVisitor;

        impl<'de> Visitor<'de> for PeerVisitor {
            type Value = Peer;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(
                    f,
                    "an app, `app/tier`, `{ANYONE}`, or a mapping with `namespace`, `namespaces`, \
                     `pods` or `nets`"
                )
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Peer, E> {
                if text == ANYONE {
                    return Ok(Peer::Anyone);
                }
                text.parse().map(Peer::App).map_err(E::custom)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Peer, A::Error> {
                let mapping = Mapping::deserialize(MapAccessDeserializer::new(map))?;
                mapping.peer().map_err(A::Error::custom)
            }
        }

        deserializer.deserialize_any(PeerVisitor)
    }
}

impl JsonSchema for Peer {
    fn schema_name() -> Cow<'static, str> {
        "Peer".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mapping = Mapping::json_schema(generator);
        json_schema!({
            "description": "An end of a rule: an app, a tier of one, everybody, or a mapping of which everything must hold together.",
            "anyOf": [
                {
                    "type": "string",
                    "pattern": "^[a-z0-9]([a-z0-9-]*[a-z0-9])?(/[a-z0-9]([a-z0-9-]*[a-z0-9])?)?$"
                },
                mapping
            ]
        })
    }
}
