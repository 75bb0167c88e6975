//! Credentials from a program that the kubeconfig names, within a time limit.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use k8s_openapi::ByteString;
use kube::config::{AuthInfo, ExecConfig, ExecInteractiveMode};
use serde::Deserialize;
use serde_json::json;

use crate::finding::{Input, OutsideError};
use crate::yaml;

use super::secrets::Secrets;

/// The most that is read of a program's output, in bytes.
const MOST: u64 = 1 << 20;

/// The most lines of a program's standard error that are shown.
const LINES: usize = 10;

/// How often to look whether the program has ended.
const LOOK: Duration = Duration::from_millis(10);

/// What a program answered.
#[derive(Deserialize)]
pub(super) struct Credentials {
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
}

impl Credentials {
    /// Makes them those of `user`.
    pub(super) fn put_into(self, user: &mut AuthInfo) {
        let encoded = |pem: Option<String>| pem.map(|pem| json!(ByteString(pem.into_bytes())));
        let given = json!({
            "token": self.status.token,
            "client-certificate-data": encoded(self.status.client_certificate_data),
            "client-key-data": encoded(self.status.client_key_data),
        });
        // INVARIANT: every value is a text or null, as the fields are.
        let given: AuthInfo = serde_json::from_value(given).unwrap_or_default();
        if given.token.is_some() {
            user.token = given.token;
        }
        if given.client_certificate_data.is_some() {
            user.client_certificate_data = given.client_certificate_data;
            user.client_key_data = given.client_key_data;
        }
    }
}

/// Runs `plugin` and reads what it answers. What it says on standard error is shown where it
/// fails.
pub(super) fn run(
    plugin: &ExecConfig,
    secrets: &Secrets,
    limit: Duration,
) -> Result<Credentials, OutsideError> {
    let Some(program) = &plugin.command else {
        return Err(OutsideError::of_source(
            "the kubeconfig wants credentials from a program and does not say which",
        ));
    };
    if plugin.interactive_mode == Some(ExecInteractiveMode::Always) {
        return Err(OutsideError::Source {
            message: format!(
                "`{program}`, which the kubeconfig wants credentials from, has to ask you something"
            ),
            hint: Some("it cannot from here: a context with a token or certificate can".to_owned()),
        });
    }
    let mut child = command(plugin, program).spawn().map_err(|error| {
        let message = format!(
            "`{program}`, which the kubeconfig wants credentials from, {}",
            {
                if error.kind() == io::ErrorKind::NotFound {
                    "is not there".to_owned()
                } else {
                    format!("cannot be run: {error}")
                }
            }
        );
        let hint = plugin
            .install_hint
            .as_deref()
            .map(|hint| secrets.without(hint));
        OutsideError::Source { message, hint }
    })?;
    let output = reading(child.stdout.take());
    let errors = reading(child.stderr.take());
    let ended = wait(&mut child, limit);
    // A program's children may hold its output open; they are not waited for.
    let of = |bytes: &Receiver<Vec<u8>>| {
        bytes
            .recv_timeout(Duration::from_secs(1))
            .unwrap_or_default()
    };
    let failed = |what: String| {
        let said = secrets.without(&String::from_utf8_lossy(&of(&errors)));
        let lines: Vec<&str> = said
            .lines()
            .filter(|line| !line.trim().is_empty())
            .collect();
        let last = lines.split_at(lines.len().saturating_sub(LINES)).1;
        let said = if last.is_empty() {
            String::new()
        } else {
            format!("; it said:\n{}", last.join("\n"))
        };
        OutsideError::of_source(format!(
            "`{program}`, which the kubeconfig wants credentials from, {what}{said}"
        ))
    };
    match ended {
        Ok(Some(status)) if status.success() => {}
        Ok(Some(status)) => return Err(failed(format!("failed ({status})"))),
        Ok(None) => {
            return Err(failed(format!(
                "had not ended after {} seconds",
                limit.as_secs_f64()
            )));
        }
        Err(error) => return Err(failed(format!("could not be waited for: {error}"))),
    }
    // What it answered is a secret: no error shows any of it.
    let answer = String::from_utf8(of(&output)).unwrap_or_default();
    let read = yaml::typed::<Credentials>(&Input::new("", answer));
    let credentials = read.map_err(|_| failed("answered no ExecCredential".to_owned()))?;
    let status = &credentials.status;
    if status.token.is_none() && status.client_certificate_data.is_none() {
        return Err(failed("answered without a token or certificate".to_owned()));
    }
    Ok(credentials)
}

fn command(plugin: &ExecConfig, program: &str) -> Command {
    let mut command = Command::new(program);
    command
        .args(plugin.args.iter().flatten())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    for variable in plugin.env.iter().flatten() {
        if let (Some(name), Some(value)) = (variable.get("name"), variable.get("value")) {
            command.env(name, value);
        }
    }
    let mut spec = json!({"interactive": false});
    if let (Some(cluster), Some(spec)) = (&plugin.cluster, spec.as_object_mut()) {
        spec.insert("cluster".to_owned(), json!(cluster));
    }
    let asked = json!({
        "apiVersion": plugin.api_version,
        "kind": "ExecCredential",
        "spec": spec,
    });
    command.env("KUBERNETES_EXEC_INFO", asked.to_string());
    command
}

/// Reads a stream to its end, up to a bound, while the program runs.
fn reading(stream: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (send, receive) = channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(stream) = stream {
            // What came before a failure is all that there is to show.
            let _ = stream.take(MOST).read_to_end(&mut bytes);
        }
        // Nobody listens any more where the program was given up.
        let _ = send.send(bytes);
    });
    receive
}

/// Waits for the end of `child`, and ends it where that does not come; nothing then.
fn wait(child: &mut Child, limit: Duration) -> io::Result<Option<std::process::ExitStatus>> {
    let until = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= until {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(LOOK);
    }
}
