//! The clusters that a test asks: the recorded ones, in every mode, or the real one that
//! `PALISADE_TEST_KUBECONFIG` names. `tests/live/README.md` says what must be in that.

#![allow(dead_code, clippy::unwrap_used, clippy::indexing_slicing)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use palisade::resource::Api;
use palisade::source::live::{self, Options};
use serde_json::{Value, json};

use super::api_server::{ApiServer, TOKEN};

/// The variable that names a kubeconfig. Nothing is written to its cluster.
pub const VARIABLE: &str = "PALISADE_TEST_KUBECONFIG";

/// What of a kubeconfig names files, which it does from its own folder.
const FILES: [&str; 4] = [
    "certificate-authority",
    "client-certificate",
    "client-key",
    "tokenFile",
];

/// What of a kubeconfig nobody is to be shown.
const SECRETS: [&str; 3] = ["token", "client-key-data", "password"];

/// A cluster with the recorded objects in it.
pub struct TestCluster {
    /// `v3`, `v1` or `both`; what a real one serves is one of the first two.
    pub mode: &'static str,
    /// The context by which it is reached.
    pub context: String,
    kubeconfig: Value,
    // A recorded one answers as long as this is here.
    server: Option<ApiServer>,
}

impl TestCluster {
    /// One for each mode that was recorded, or the real one.
    pub fn all() -> Vec<Self> {
        match env::var_os(VARIABLE) {
            Some(path) => vec![Self::real(Path::new(&path))],
            None => ["v3", "v1", "both"].map(Self::recorded).into(),
        }
    }

    /// Those that serve Calico's objects in the form of its users.
    pub fn of_v3() -> Vec<Self> {
        let mut all = Self::all();
        all.retain(|cluster| cluster.mode != "v1");
        all
    }

    /// Those that serve them in the form in which they are stored, and no other.
    pub fn of_v1() -> Vec<Self> {
        let mut all = Self::all();
        all.retain(|cluster| cluster.mode == "v1");
        all
    }

    fn recorded(mode: &'static str) -> Self {
        let server = ApiServer::replaying(mode);
        Self {
            mode,
            context: "loopback".to_owned(),
            kubeconfig: serde_yaml::from_str(&server.kubeconfig_by_token()).unwrap(),
            server: Some(server),
        }
    }

    fn real(path: &Path) -> Self {
        let text = fs::read_to_string(path).unwrap();
        let mut kubeconfig: Value = serde_yaml::from_str(&text).unwrap();
        let folder = fs::canonicalize(path).unwrap();
        absolute(&mut kubeconfig, folder.parent().unwrap());
        let options = Options {
            kubeconfig: Some(PathBuf::from(path)),
            ..Options::default()
        };
        let cluster = live::read(None, &options, &|_| {}).unwrap();
        Self {
            mode: match cluster.api {
                Some(Api::CalicoV1) => "v1",
                _ => "v3",
            },
            context: kubeconfig["current-context"].as_str().unwrap().to_owned(),
            kubeconfig,
            server: None,
        }
    }

    /// Whether it is no recording.
    pub fn is_real(&self) -> bool {
        self.server.is_none()
    }

    /// Its kubeconfig, which holds good in any folder.
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig.to_string()
    }

    /// The same with `user` in place of the user that it has.
    pub fn kubeconfig_of(&self, user: &Value) -> String {
        let mut kubeconfig = self.kubeconfig.clone();
        let name = &self.of_context("contexts", &self.context)["context"]["user"];
        for known in kubeconfig["users"].as_array_mut().unwrap() {
            if known["name"] == *name {
                known["user"] = user.clone();
            }
        }
        kubeconfig.to_string()
    }

    /// The same, and the current context is `context`; nothing where there is no such context.
    pub fn kubeconfig_in(&self, context: &str) -> Option<String> {
        let contexts = self.kubeconfig["contexts"].as_array()?;
        let is_there = contexts.iter().any(|known| known["name"] == context);
        is_there.then(|| {
            let mut kubeconfig = self.kubeconfig.clone();
            kubeconfig["current-context"] = json!(context);
            kubeconfig.to_string()
        })
    }

    /// The address of its server.
    pub fn address(&self) -> String {
        let name = &self.of_context("contexts", &self.context)["context"]["cluster"];
        let cluster = self.of_context("clusters", name.as_str().unwrap());
        cluster["cluster"]["server"].as_str().unwrap().to_owned()
    }

    fn of_context(&self, list: &str, name: &str) -> &Value {
        let mut all = self.kubeconfig[list].as_array().unwrap().iter();
        all.find(|known| known["name"] == name).unwrap()
    }

    /// Whether a text tells something of the kubeconfig that nobody is to be shown.
    pub fn is_betrayed_by(&self, text: &str) -> bool {
        let users = self.kubeconfig["users"].as_array().unwrap().iter();
        let secrets = users.flat_map(|user| SECRETS.map(|key| user["user"][key].as_str()));
        let mut secrets = secrets.flatten().chain([TOKEN, "PRIVATE KEY"]);
        secrets.any(|secret| text.contains(secret))
    }
}

/// Makes the paths in a kubeconfig good for any folder.
fn absolute(value: &mut Value, folder: &Path) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                match value {
                    Value::String(path) if FILES.contains(&key.as_str()) => {
                        *path = folder.join(&path).display().to_string();
                    }
                    value => absolute(value, folder),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| absolute(item, folder)),
        _ => {}
    }
}
