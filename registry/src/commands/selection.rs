//! The subgraphs and the author of a publication.

use std::fs;
use std::path::Path;

use url::Url;

use super::arguments::{By, Publish};
use crate::check::sources;
use crate::compose::Subgraph;
use crate::failure::{Failure, Result};

/// The subgraphs to publish.
pub fn selected(root: &Path, arguments: &Publish) -> Result<Vec<Subgraph>> {
    if let (Some(file), Some(url)) = (&arguments.file, &arguments.routing_url) {
        let [name] = arguments.subgraphs.as_slice() else {
            return Err(Failure::new("--file is the SDL of one subgraph: name it"));
        };
        check_name(name)?;
        check_address(url)?;
        let sdl = fs::read_to_string(file).map_err(|e| Failure::file("read", file, &e))?;
        return Ok(vec![Subgraph {
            name: name.clone(),
            url: url.clone(),
            file: file.display().to_string(),
            sdl,
        }]);
    }
    let all = sources::read(root, "the working tree")?.schemas.subgraphs;
    let names: Vec<_> = all.iter().map(|subgraph| subgraph.name.clone()).collect();
    if let Some(unknown) = arguments
        .subgraphs
        .iter()
        .find(|name| !names.contains(name))
    {
        return Err(Failure::new(format!(
            "supergraph.yaml has no subgraph `{unknown}`, it has {}; another one needs --file and --routing-url",
            names.join(", ")
        )));
    }
    let is_meant =
        |name: &String| arguments.subgraphs.is_empty() || arguments.subgraphs.contains(name);
    Ok(all
        .into_iter()
        .filter(|subgraph| is_meant(&subgraph.name))
        .collect())
}

/// As composition, file names and log lines want it.
fn check_name(name: &str) -> Result<()> {
    let is_right = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    let begins = name.starts_with(|letter: char| letter.is_ascii_lowercase());
    if begins
        && name
            .chars()
            .all(|letter| is_right(letter) || "_-".contains(letter))
    {
        return Ok(());
    }
    Err(Failure::new(format!(
        "`{name}` is no name of a subgraph: expected lower-case letters, digits, `-` and `_`, a letter first"
    )))
}

/// As routers want it.
fn check_address(url: &str) -> Result<()> {
    let parsed = Url::parse(url);
    if parsed.is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host()) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "--routing-url {url}: expected an http or https URL, such as http://billing:4005/graphql"
    )))
}

/// The names of the subgraphs that are other than before, or are gone.
pub fn changed(before: &[Subgraph], after: &[Subgraph]) -> Vec<String> {
    let same = |subgraph: &&Subgraph| {
        before.iter().any(|known| {
            (&known.name, &known.url, &known.sdl) == (&subgraph.name, &subgraph.url, &subgraph.sdl)
        })
    };
    let is_gone = |known: &&Subgraph| !after.iter().any(|subgraph| subgraph.name == known.name);
    let new = after.iter().filter(|subgraph| !same(subgraph));
    let gone = before.iter().filter(is_gone);
    new.chain(gone)
        .map(|subgraph| subgraph.name.clone())
        .collect()
}

pub fn author(root: &Path, by: &By) -> Result<String> {
    if let Some(author) = &by.author {
        return Ok(author.clone());
    }
    let output = std::process::Command::new("git")
        .args(["var", "GIT_COMMITTER_IDENT"])
        .current_dir(root)
        .output();
    let said = output.ok().filter(|output| output.status.success());
    let said = said.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    // `Name <address> seconds zone`
    said.and_then(|text| Some(text.rsplit_once('>')?.0.to_owned() + ">"))
        .ok_or_else(|| Failure::new("git does not say who publishes: name them with --author"))
}
