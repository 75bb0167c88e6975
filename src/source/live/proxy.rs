//! By which proxy a server is reached, as kubectl decides it: the kubeconfig's goes before the
//! environment's, and only that one is kept from hosts by `NO_PROXY`.

use std::env;
use std::net::IpAddr;

use http::Uri;
use hyper_util::client::proxy::matcher::Matcher;

/// What the environment says of proxies. Which of two spellings counts is curl's and Go's rule: the
/// upper case one.
#[derive(Debug, Default)]
pub struct ProxyEnvironment {
    /// `HTTPS_PROXY`, for servers with TLS.
    pub https: Option<String>,
    /// `HTTP_PROXY`, for those without.
    pub http: Option<String>,
    /// `NO_PROXY`: hosts that no proxy is for.
    pub none_for: Option<String>,
}

impl ProxyEnvironment {
    /// The environment of this process.
    pub fn read() -> Self {
        let of = |name: &str| {
            let spellings = [name.to_owned(), name.to_ascii_lowercase()];
            let mut values = spellings.into_iter().filter_map(|name| env::var(name).ok());
            values.find(|value| !value.trim().is_empty())
        };
        Self {
            https: of("HTTPS_PROXY"),
            http: of("HTTP_PROXY"),
            none_for: of("NO_PROXY"),
        }
    }

    /// The proxy for `server`, as it is written; nothing where it is reached directly. A server on
    /// this machine always is.
    pub fn proxy_for(&self, server: &str) -> Option<&str> {
        let server: Uri = server.parse().ok()?;
        let (proxy, usual_port) = match server.scheme_str() {
            Some("http") => (self.http.as_deref()?, 80),
            _ => (self.https.as_deref()?, 443),
        };
        let host = server.host()?;
        if is_here(host) {
            return None;
        }
        let entries = self.none_for.as_deref().unwrap_or_default();
        let port = server.port_u16().unwrap_or(usual_port);
        let entries: Vec<&str> = entries
            .split(',')
            .filter_map(|entry| for_port(entry.trim(), port))
            .collect();
        if entries.contains(&"*") {
            return None;
        }
        let kept = Matcher::builder()
            .all("http://proxy")
            .no(entries.join(","))
            .build();
        let asked = format!("http://{}", server.authority()?).parse().ok()?;
        kept.intercept(&asked).map(|_| proxy.trim())
    }
}

/// An entry of `NO_PROXY` without its port; nothing where that is another one.
fn for_port(entry: &str, port: u16) -> Option<&str> {
    // `*.example.com` is `.example.com`.
    let entry = match entry.strip_prefix('*') {
        Some(rest) if rest.starts_with('.') => rest,
        _ => entry,
    };
    let (host, own) = match entry.rsplit_once(':') {
        Some((host, own)) if !host.contains(':') || host.ends_with(']') => (host, own),
        _ => (entry, ""),
    };
    let host = host.trim_matches(['[', ']']);
    match own.parse::<u16>() {
        Ok(own) if own == port => Some(host),
        Ok(_) => None,
        Err(_) => Some(entry.trim_matches(['[', ']'])),
    }
}

/// Whether `host` is this machine.
pub(super) fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

/// The address of a proxy; one without a scheme speaks HTTP.
pub(super) fn address_of(proxy: &str) -> Option<Uri> {
    let address = if proxy.contains("://") {
        proxy.to_owned()
    } else {
        format!("http://{proxy}")
    };
    address
        .parse()
        .ok()
        .filter(|uri: &Uri| uri.host().is_some())
}
