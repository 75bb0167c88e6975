//! The codes of findings: stable names that people filter by and documents are named after.

use serde::{Serialize, Serializer};

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The API refuses it, drops it, or a verdict hangs on it.
    Error,
    /// It works, but most likely not as meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// The word for it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Note => "note",
        }
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident = $word:literal, $severity:ident, $sentence:literal;)*) => {
        /// What kind of thing a finding is. Each has a page under `docs/lint/`.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $(#[doc = $sentence] $(#[$doc])* $variant,)*
        }

        impl Code {
            /// Every code, in the order of the documents.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The stable word for it.
            pub fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What it says, in one sentence.
            pub fn sentence(self) -> &'static str {
                match self { $(Self::$variant => $sentence),* }
            }

            /// Its page: what it means, why it matters, a wrong example and a right one.
            pub fn page(self) -> &'static str {
                match self {
                    $(Self::$variant => include_str!(concat!(
                        env!("CARGO_MANIFEST_DIR"), "/docs/lint/", $word, ".md"
                    ))),*
                }
            }

            /// The code that is called `word`.
            pub fn of(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.word() == word)
            }

            /// How grave it is unless a rule says otherwise.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }
        }
    };
}

codes! {
    // What can be read.
    UnreadableFile = "unreadable-file", Error,
        "A file cannot be read: it is not there, too long, or no UTF-8 text.";
    YamlSyntax = "yaml-syntax", Error,
        "A document cannot be read as YAML or JSON.";
    NotAnObject = "not-an-object", Error,
        "A document is no Kubernetes object: it has no `apiVersion`, `kind` or name.";
    NoSuchKind = "no-such-kind", Error,
        "No API has the kind under that `apiVersion`, or the given version of Calico has it not.";
    UnknownKind = "unknown-kind", Note,
        "An object of a kind that bears on no verdict was left aside.";
    UnknownField = "unknown-field", Error,
        "A field that the API does not know is refused or silently dropped.";
    WrongType = "wrong-type", Error,
        "A value is of another type than the API takes.";
    MissingField = "missing-field", Error,
        "A field that the API requires is missing.";
    AmbiguousScalar = "ambiguous-scalar", Warning,
        "A value without quotes means one thing to kubectl and another to readers of YAML 1.2.";
    DuplicateObject = "duplicate-object", Error,
        "Two objects of one kind have one name, and only the last one applied holds.";
    UnknownIgnore = "unknown-ignore", Warning,
        "A `palisade:ignore` comment names no code there is, so it ignores nothing.";
    // Names and metadata.
    ObjectName = "object-name", Error,
        "The name of an object is not one that its kind may have.";
    ReferencedName = "referenced-name", Error,
        "A field that names another object holds what cannot be a name.";
    PolicyNameTier = "policy-name-tier", Error,
        "The name of a policy does not begin with its tier, as Calico 3.29 to 3.31 want it.";
    DefaultPrefix = "default-prefix", Warning,
        "The name of a policy begins with `default.`, the prefix that Calico adds and removes itself.";
    StoredNameClash = "stored-name-clash", Error,
        "Two policies of different names are stored under one, so each overwrites the other.";
    StoredTier = "stored-tier", Error,
        "A policy in storage form names one tier in `spec.tier` and another by its name.";
    StorageForm = "storage-form", Note,
        "Objects are given in Calico's storage form, which nothing validates and nothing completes.";
    NamespaceScope = "namespace-scope", Error,
        "An object that lies in no namespace names one.";
    DefaultNamespace = "default-namespace", Note,
        "An object that lies in a namespace names none, so the caller decides where it goes.";
    LabelSyntax = "label-syntax", Error,
        "A label's key or value is not one that Kubernetes accepts.";
    AnnotationSyntax = "annotation-syntax", Error,
        "An annotation's key is not one that Kubernetes accepts, or all of them are too long.";
    ReservedName = "reserved-name", Error,
        "A name or label that Calico keeps for itself is used.";
    TierLabel = "tier-label", Warning,
        "The label `projectcalico.org/tier` is not what Calico will set it to.";
    LabelCase = "label-case", Warning,
        "Two label keys or values differ only in upper and lower case.";
    // Selectors.
    SelectorSyntax = "selector-syntax", Error,
        "A selector does not parse.";
    GlobalSelector = "global-selector", Error,
        "`global()` stands where it means nothing.";
    SelectorMatchesNothing = "selector-matches-nothing", Warning,
        "A policy selects none of the endpoints that the input knows.";
    // Policies.
    UnknownTier = "unknown-tier", Note,
        "A policy is in a tier that neither Calico nor the input has.";
    PolicyTypes = "policy-types", Error,
        "The directions of a policy are not a list of `Ingress` and `Egress`, each once.";
    TypesMissing = "types-missing", Warning,
        "A policy in storage form names no directions, so Felix applies it to both.";
    IneffectiveRules = "ineffective-rules", Warning,
        "Rules stand for a direction that the policy does not govern, so they do nothing.";
    UntrackedPreDnat = "untracked-pre-dnat", Error,
        "A policy is both `doNotTrack` and `preDNAT`.";
    PreDnatEgress = "pre-dnat-egress", Error,
        "A `preDNAT` policy has to do with egress.";
    ApplyOnForwardMissing = "apply-on-forward-missing", Error,
        "A `preDNAT` or `doNotTrack` policy does not say `applyOnForward: true`.";
    PerformanceHint = "performance-hint", Error,
        "A performance hint is unknown or stands twice.";
    StagedAction = "staged-action", Error,
        "A staged policy's action is unknown, or it deletes and says more than that.";
    OrderTie = "order-tie", Warning,
        "Two policies of equal order decide differently, so their names decide which comes first.";
    LimitExceeded = "limit-exceeded", Error,
        "A list or a text is longer than the API lets it be.";
    DuplicateEntry = "duplicate-entry", Warning,
        "An entry of a list stands twice.";
    EmptyList = "empty-list", Warning,
        "A list that is there but empty restricts nothing.";
    // Rules.
    RuleAction = "rule-action", Error,
        "The action of a rule is not one that rules of its kind of policy have.";
    IpVersion = "ip-version", Error,
        "The IP version of a rule is neither 4 nor 6.";
    ProtocolName = "protocol-name", Error,
        "A protocol is not one that the API knows by that name or number.";
    ProtocolWithoutPorts = "protocol-without-ports", Error,
        "A rule asks for ports of a protocol that has none.";
    PortsWithoutProtocol = "ports-without-protocol", Error,
        "A rule asks for ports and names no protocol.";
    PortSyntax = "port-syntax", Error,
        "A port is not a number, a range or a name that the API accepts.";
    IcmpProtocol = "icmp-protocol", Error,
        "A rule asks for an ICMP type and its protocol is not ICMP.";
    IcmpValue = "icmp-value", Error,
        "An ICMP type or code is out of range, or a code stands without a type.";
    IcmpIpVersion = "icmp-ip-version", Error,
        "A rule's ICMP protocol belongs to the other IP version.";
    CidrSyntax = "cidr-syntax", Error,
        "An address block is not in CIDR notation.";
    CidrHostBits = "cidr-host-bits", Error,
        "An address block has bits set behind its prefix.";
    MixedIpFamilies = "mixed-ip-families", Error,
        "One rule holds address blocks of both IP versions, or of another than its own.";
    NotNetsEverything = "not-nets-everything", Error,
        "`notNets` holds every address, so the rule can match nothing.";
    HttpMatch = "http-match", Error,
        "An HTTP match stands where none may, or is itself malformed.";
    ServicesSide = "services-side", Error,
        "A rule names services on the side where Calico cannot match them.";
    ServicesCombined = "services-combined", Error,
        "A rule combines services with what they exclude.";
    ServicesNamespace = "services-namespace", Warning,
        "A service is named without its namespace, and Calico then finds none.";
    // Host endpoints.
    HostEndpointTarget = "host-endpoint-target", Error,
        "A host endpoint has neither an interface nor an address, so it stands for nothing.";
    InterfaceName = "interface-name", Error,
        "The interface of a host endpoint is not one that Linux can have.";
    ExpectedIp = "expected-ip", Error,
        "An expected address of a host endpoint is not a plain IP address.";
    SharedInterface = "shared-interface", Warning,
        "Two host endpoints claim one interface of one node, and only one of them holds.";
    // Tiers.
    TierAction = "tier-action", Error,
        "The default action of a tier is neither `Deny` nor `Pass`.";
    BuiltInTier = "built-in-tier", Error,
        "A tier that Calico brings along is given another order or action than its own.";
    // Kubernetes policies.
    KubernetesPeer = "kubernetes-peer", Error,
        "A peer of a Kubernetes policy names nobody, or is named in several ways at once.";
    IpBlockExcept = "ip-block-except", Error,
        "An exception does not lie inside its address block.";
    EndPort = "end-port", Error,
        "A port range of a Kubernetes policy does not begin with a number, or runs backwards.";
    LabelSelector = "label-selector", Error,
        "A label selector has an unknown operator, or values that do not go with its operator.";
    PolicySubject = "policy-subject", Error,
        "The subject of a policy for the whole cluster is nobody, or is named in two ways.";
    PolicyPrecedence = "policy-precedence", Error,
        "The tier or the priority of a policy for the whole cluster is not one that Kubernetes has.";
    KindNotEnforced = "kind-not-enforced", Warning,
        "The given version of Calico does not enforce Kubernetes policies of that kind.";
    UnconvertedRule = "unconverted-rule", Warning,
        "Calico cannot take a rule of a Kubernetes policy over, and does something else instead.";
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
