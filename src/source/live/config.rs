//! How a cluster is reached: what a kubeconfig says, or what a pod is given.

use std::env;
use std::path::{Path, PathBuf};

use kube::config::{AuthInfo, Config, Kubeconfig, KubeconfigError};
use serde_json::Value;

use crate::finding::{InputError, OutsideError};

use super::secrets::Secrets;
use super::{Options, exec};

/// The variable that names kubeconfigs.
const KUBECONFIG: &str = "KUBECONFIG";

/// The variable that every pod has.
const IN_CLUSTER: &str = "KUBERNETES_SERVICE_HOST";

/// Values of a user's entry that are shown to nobody.
const SECRET: [&str; 3] = ["token", "password", "client-key-data"];

/// How a cluster is reached.
pub(super) struct Reached {
    pub(super) config: Config,
    /// The context; nothing within the cluster.
    pub(super) context: Option<String>,
    pub(super) secrets: Secrets,
    pub(super) notes: Vec<String>,
}

impl Reached {
    /// The cluster as a source.
    pub(super) fn source_name(&self) -> String {
        match &self.context {
            Some(context) => format!("live:{context}"),
            None => "live".to_owned(),
        }
    }
}

/// Finds out how to reach the cluster of `context`, and gets the credentials that the kubeconfig
/// says to get from a program.
pub(super) fn reach(context: Option<&str>, options: &Options) -> Result<Reached, OutsideError> {
    let Some(kubeconfig) = kubeconfig(options.kubeconfig.as_deref())? else {
        return in_cluster(context);
    };
    let mut kubeconfig = kubeconfig;
    let context = chosen(&kubeconfig, context)?;
    kubeconfig.current_context = Some(context.clone());
    let mut config = Config::try_from(kubeconfig).map_err(|error| unusable(&context, &error))?;
    let mut secrets = Secrets::default();
    keep_secrets(&mut secrets, &config.auth_info);
    if let Some(password) = config.proxy_url.as_ref().and_then(user_of) {
        secrets.keep(password);
    }
    let mut notes = Vec::new();
    if config.accept_invalid_certs {
        notes.push(format!(
            "the kubeconfig says not to verify the server of `{context}` \
             (insecure-skip-tls-verify): anyone in between can answer in its place"
        ));
    }
    refuse_plain(&context, &config)?;
    if let Some(plugin) = config.auth_info.exec.take() {
        let credentials = exec::run(&plugin, &secrets, options.patience.program)?;
        credentials.put_into(&mut config.auth_info);
        keep_secrets(&mut secrets, &config.auth_info);
    }
    Ok(Reached {
        config,
        context: Some(context),
        secrets,
        notes,
    })
}

/// The kubeconfig that is named, or that is where kubectl looks.
fn kubeconfig(named: Option<&Path>) -> Result<Option<Kubeconfig>, OutsideError> {
    if let Some(path) = named {
        return read(path).map(Some);
    }
    // As with kubectl: a variable that is set to nothing is not set, and of several files those
    // that are not there are passed over.
    let variable = env::var_os(KUBECONFIG).filter(|paths| !paths.is_empty());
    let paths: Vec<PathBuf> = match &variable {
        Some(paths) => env::split_paths(paths)
            .filter(|path| !path.as_os_str().is_empty())
            .collect(),
        None => env::home_dir()
            .map(|home| home.join(".kube").join("config"))
            .into_iter()
            .collect(),
    };
    let there: Vec<&PathBuf> = paths.iter().filter(|path| path.exists()).collect();
    let mut merged: Option<Kubeconfig> = None;
    for path in there {
        let next = read(path)?;
        merged = Some(match merged {
            None => next,
            Some(first) => first
                .merge(next)
                .map_err(|error| OutsideError::of_source(format!("{}: {error}", path.display())))?,
        });
    }
    if merged.is_some() || env::var_os(IN_CLUSTER).is_some() {
        return Ok(merged);
    }
    let looked = match (&variable, paths.first()) {
        (Some(_), Some(first)) => format!("{KUBECONFIG} names {}", first.display()),
        (_, Some(usual)) => format!("{KUBECONFIG} is not set and {}", usual.display()),
        (_, None) => format!("{KUBECONFIG} is not set and the home folder"),
    };
    Err(OutsideError::Source {
        message: format!("no kubeconfig: {looked} is not there"),
        hint: Some(
            "`ibmcloud ks cluster config --cluster NAME` writes one; `--kubeconfig FILE` names one"
                .to_owned(),
        ),
    })
}

fn read(path: &Path) -> Result<Kubeconfig, OutsideError> {
    Kubeconfig::read_from(path).map_err(|error| {
        let shown = path.display();
        OutsideError::of_source(match error {
            KubeconfigError::ReadConfig(error, _) => {
                format!("cannot read the kubeconfig {shown}: {error}")
            }
            // What the parser says shows the line, and a line of a kubeconfig may be a secret.
            KubeconfigError::Parse(error) => match error.location() {
                Some(at) => format!("{shown} is no kubeconfig: see line {}", at.line()),
                None => format!("{shown} is no kubeconfig"),
            },
            _ => format!("{shown} is no kubeconfig: what it says does not fit together"),
        })
    })
}

/// The context that is asked for, or the current one.
fn chosen(kubeconfig: &Kubeconfig, asked: Option<&str>) -> Result<String, OutsideError> {
    let known: Vec<&str> = kubeconfig
        .contexts
        .iter()
        .map(|context| context.name.as_str())
        .collect();
    if known.is_empty() {
        return Err(OutsideError::of_source("the kubeconfig has no context"));
    }
    let current = kubeconfig.current_context.as_deref();
    let Some(name) = asked.or(current.filter(|name| !name.is_empty())) else {
        let error = InputError::new("the kubeconfig has no current context");
        return Err(error.suggest("", known.iter().copied()).into());
    };
    if known.contains(&name) {
        return Ok(name.to_owned());
    }
    let error = InputError::new(format!("the kubeconfig has no context `{name}`"));
    Err(error.suggest(name, known).into())
}

fn unusable(context: &str, error: &KubeconfigError) -> OutsideError {
    let what = match error {
        KubeconfigError::LoadClusterOfContext(name) => format!("names no cluster `{name}`"),
        KubeconfigError::MissingClusterUrl => "says no server".to_owned(),
        KubeconfigError::ParseClusterUrl(_) => "says a server that is no URL".to_owned(),
        KubeconfigError::ParseProxyUrl(_) => "says a proxy that is no URL".to_owned(),
        KubeconfigError::LoadCertificateAuthority(error) => {
            format!("says a certificate authority that cannot be read: {error}")
        }
        KubeconfigError::ParseCertificates(_) => {
            "says a certificate authority that is no PEM".to_owned()
        }
        _ => "cannot be used".to_owned(),
    };
    OutsideError::of_source(format!("the context `{context}` of the kubeconfig {what}"))
}

/// Refuses to send credentials where anyone can read them. A server on this machine is another
/// matter: `kubectl proxy` is one.
fn refuse_plain(context: &str, config: &Config) -> Result<(), OutsideError> {
    let host = config.cluster_url.host().unwrap_or_default();
    let here = host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback());
    if config.cluster_url.scheme_str() == Some("https") || here {
        return Ok(());
    }
    Err(OutsideError::Source {
        message: format!("the server of the context `{context}` is reached without TLS"),
        hint: Some("its address in the kubeconfig has to begin with `https://`".to_owned()),
    })
}

fn keep_secrets(secrets: &mut Secrets, user: &AuthInfo) {
    // The only way to all of them: their types do not show what they hold.
    let Ok(Value::Object(fields)) = serde_json::to_value(user) else {
        return;
    };
    for key in SECRET {
        if let Some(secret) = fields.get(key).and_then(Value::as_str) {
            secrets.keep(secret);
        }
    }
    let provider = fields.get("auth-provider").and_then(|p| p.get("config"));
    let provider = provider.and_then(Value::as_object).into_iter().flatten();
    let variables = fields.get("exec").and_then(|exec| exec.get("env"));
    let variables = variables.and_then(Value::as_array).into_iter().flatten();
    let variables = variables.filter_map(|variable| variable.get("value"));
    for secret in provider.map(|(_, value)| value).chain(variables) {
        if let Some(secret) = secret.as_str() {
            secrets.keep(secret);
        }
    }
}

/// The name and password in an address.
fn user_of(address: &http::Uri) -> Option<String> {
    let (user, _) = address.authority()?.as_str().rsplit_once('@')?;
    Some(user.to_owned())
}

/// How a pod reaches the cluster that it runs in.
fn in_cluster(context: Option<&str>) -> Result<Reached, OutsideError> {
    if let Some(context) = context {
        return Err(OutsideError::Source {
            message: format!("there is no kubeconfig, and so no context `{context}`"),
            hint: Some("`live` alone is the cluster that this runs in".to_owned()),
        });
    }
    let config = Config::incluster().map_err(|error| {
        OutsideError::of_source(format!(
            "no kubeconfig, and the cluster that this runs in cannot be reached: {error}"
        ))
    })?;
    Ok(Reached {
        config,
        context: None,
        secrets: Secrets::default(),
        notes: Vec::new(),
    })
}
