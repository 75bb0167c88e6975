//! How a cluster is reached: what a kubeconfig says, or what a pod is given.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use k8s_openapi::ByteString;
use kube::config::{AuthInfo, Config, Kubeconfig, KubeconfigError};
use serde_json::{Value, json};

use crate::finding::{InputError, OutsideError};

use super::proxy::{ProxyEnvironment, address_of, is_here};
use super::secrets::Secrets;
use super::{Options, exec};

/// The variable that names kubeconfigs.
const KUBECONFIG: &str = "KUBECONFIG";

/// The variables that every pod has.
const IN_CLUSTER: [&str; 2] = ["KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"];

/// What the cluster is called that a pod runs in.
const POD: &str = "in-cluster";

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
    let found = kubeconfig(options.kubeconfig.as_deref())?;
    let of_pod = found.is_none();
    let mut kubeconfig = match found {
        Some(kubeconfig) => kubeconfig,
        None => in_cluster(context, &options.service_account)?,
    };
    let context = chosen(&kubeconfig, context)?;
    kubeconfig.current_context = Some(context.clone());
    let own_proxy = take_proxy(&mut kubeconfig, &context);
    let mut config = Config::try_from(kubeconfig).map_err(|error| unusable(&context, &error))?;
    take_token(&mut config.auth_info)?;
    let mut secrets = Secrets::default();
    keep_secrets(&mut secrets, &config.auth_info);
    config.proxy_url = proxy(own_proxy.as_deref(), &config.cluster_url, &mut secrets)?;
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
        context: (!of_pod).then_some(context),
        secrets,
        notes,
    })
}

/// Reads the token of a user who has it in a file. As with kubectl the file goes before a token that is
/// written down, and spaces around what it says are none of the token's.
fn take_token(user: &mut AuthInfo) -> Result<(), OutsideError> {
    let Some(path) = user.token_file.take() else {
        return Ok(());
    };
    let token = fs::read_to_string(&path).map_err(|error| {
        OutsideError::of_source(format!("cannot read the token {path}: {error}"))
    })?;
    // INVARIANT: a user may have nothing but a token.
    let read: AuthInfo = serde_json::from_value(json!({"token": token.trim()})).unwrap_or_default();
    user.token = read.token;
    Ok(())
}

/// Takes the proxy out of the cluster of `context`: the client would hold `NO_PROXY` against the
/// proxy's own address.
fn take_proxy(kubeconfig: &mut Kubeconfig, context: &str) -> Option<String> {
    let contexts = kubeconfig.contexts.iter();
    let mut contexts = contexts.filter(|one| one.name == context);
    let cluster = contexts.find_map(|one| Some(one.context.as_ref()?.cluster.clone()))?;
    let mut clusters = kubeconfig.clusters.iter_mut();
    let named = clusters.find(|named| named.name == cluster)?;
    let proxy = named.cluster.as_mut()?.proxy_url.take()?;
    (!proxy.trim().is_empty()).then_some(proxy)
}

/// The proxy by which `server` is reached: the kubeconfig's `own`, else what the environment says.
fn proxy(
    own: Option<&str>,
    server: &http::Uri,
    secrets: &mut Secrets,
) -> Result<Option<http::Uri>, OutsideError> {
    let environment = ProxyEnvironment::read();
    let (proxy, said_by) = match (own, environment.proxy_for(&server.to_string())) {
        (Some(own), _) => (own, "the kubeconfig"),
        (None, Some(proxy)) => (proxy, "the environment"),
        (None, None) => return Ok(None),
    };
    let Some(address) = address_of(proxy) else {
        // It may have a password in it, so it is not shown.
        let message = format!("{said_by} says a proxy that is no URL");
        return Err(OutsideError::of_source(message));
    };
    if let Some(user) = user_of(&address) {
        if let Some((_, password)) = user.split_once(':') {
            secrets.keep(password);
        }
        secrets.keep(encoded(&user));
        secrets.keep(user);
    }
    Ok(Some(address))
}

/// A text as it is sent in a header of a user and password.
fn encoded(text: &str) -> String {
    let encoded = serde_json::to_value(ByteString(text.as_bytes().to_vec()));
    let encoded = encoded.ok().and_then(|one| Some(one.as_str()?.to_owned()));
    encoded.unwrap_or_default()
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
    let [host, _] = IN_CLUSTER;
    if merged.is_some() || env::var_os(host).is_some() {
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
        // The client looks at what the environment says, too, before it is told otherwise.
        KubeconfigError::ParseProxyUrl(_) => {
            return OutsideError::of_source("the environment says a proxy that is no URL");
        }
        KubeconfigError::ParseNoProxy(error) => {
            return OutsideError::of_source(format!("`NO_PROXY` cannot be read: {error}"));
        }
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
    if config.cluster_url.scheme_str() == Some("https") || is_here(host) {
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
    let text = |key: &str| fields.get(key).and_then(Value::as_str);
    if let (Some(name), Some(password)) = (text("username"), text("password")) {
        secrets.keep(encoded(&format!("{name}:{password}")));
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

/// How a pod reaches the cluster that it runs in, as a kubeconfig would say it. `folder` is where it
/// finds its token and the certificate authority.
fn in_cluster(context: Option<&str>, folder: &Path) -> Result<Kubeconfig, OutsideError> {
    if let Some(context) = context {
        return Err(OutsideError::Source {
            message: format!("there is no kubeconfig, and so no context `{context}`"),
            hint: Some("`live` alone is the cluster that this runs in".to_owned()),
        });
    }
    let failed = |what: String| {
        OutsideError::of_source(format!(
            "no kubeconfig, and the cluster that this runs in cannot be reached: {what}"
        ))
    };
    let value = |name: &str| env::var(name).map_err(|_| failed(format!("{name} is not set")));
    let [host, port] = IN_CLUSTER;
    let (host, port) = (value(host)?, value(port)?);
    let host = match host.parse() {
        Ok(std::net::Ipv6Addr { .. }) => format!("[{host}]"),
        Err(_) => host,
    };
    let file = |name: &str| {
        let path = folder.join(name);
        match fs::metadata(&path) {
            Ok(_) => Ok(path),
            Err(error) => Err(failed(format!("{}: {error}", path.display()))),
        }
    };
    let said = json!({
        "current-context": POD,
        "clusters": [{"name": POD, "cluster": {
            "server": format!("https://{host}:{port}"),
            "certificate-authority": file("ca.crt")?,
        }}],
        "users": [{"name": POD, "user": {"tokenFile": file("token")?}}],
        "contexts": [{"name": POD, "context": {"cluster": POD, "user": POD}}],
    });
    serde_json::from_value(said).map_err(|error| failed(error.to_string()))
}
