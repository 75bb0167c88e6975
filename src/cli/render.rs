//! What is rendered of plans, with templates of the user's own.

use std::path::PathBuf;

use clap::Args;

use crate::bundle::{Bundle, Plan, Templates, render};
use crate::finding::Error;
use crate::source::text::read_folder;

use super::terminal;

/// Which templates render.
#[derive(Debug, Args)]
pub(super) struct TemplateArguments {
    /// Take templates of the same path from this folder
    #[arg(long, value_name = "DIR")]
    pub(super) templates: Option<PathBuf>,
}

impl TemplateArguments {
    fn read(&self) -> Result<Templates, Error> {
        let texts = match &self.templates {
            Some(folder) => read_folder(folder, ".yaml.j2")?,
            None => Vec::new(),
        };
        Ok(Templates::with(texts)?)
    }

    /// What is rendered of each plan; the user is told what he should know of it.
    pub(super) fn render(&self, plans: &[Plan]) -> Result<Vec<Vec<Bundle>>, Error> {
        let templates = self.read()?;
        let mut all = Vec::with_capacity(plans.len());
        for plan in plans {
            let (bundles, notes) = render(plan, &templates)?;
            for note in notes {
                terminal::tell_note(&note);
            }
            all.push(bundles);
        }
        Ok(all)
    }
}
