//! What is rendered of plans, with templates of the user's own.

use std::path::PathBuf;

use clap::Args;

use crate::bundle::{Bundle, Part, Plan, Templates};
use crate::finding::Error;
use crate::source::text::read_folder;

use super::parallel::each;
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
        let parts = plans.iter().enumerate().flat_map(|(index, plan)| {
            let parts = Part::of(plan).into_iter();
            parts.map(move |part| (index, plan, part))
        });
        let parts: Vec<(usize, &Plan, Part)> = parts.collect();
        let rendered = each(&parts, |(_, plan, part)| part.render(plan, &templates));
        let mut all = vec![Vec::new(); plans.len()];
        for ((index, _, _), rendered) in parts.iter().zip(rendered) {
            let (bundle, note) = rendered?;
            if let Some(note) = note {
                terminal::tell_note(&note);
            }
            if let Some(bundles) = all.get_mut(*index) {
                bundles.extend(bundle);
            }
        }
        Ok(all)
    }
}
