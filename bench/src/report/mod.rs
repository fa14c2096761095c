//! `bench report`: the page of numbers.

mod tables;

use std::{fs, io, path::PathBuf};

use crate::{
    failure::{Failure, Result},
    results::Results,
};

const PAGE: &str = "benchmarks.md";
const BEGIN: &str = "<!-- numbers: written by `bench report` -->";
const END: &str = "<!-- end of numbers -->";

/// Writes the numbers into DOCS/benchmarks.md, between its markers
#[derive(clap::Args)]
pub struct Report {
    /// Files that `bench run` has written
    #[arg(required = true, value_name = "FILE")]
    pub results: Vec<PathBuf>,
    /// Folder of the page, made when missing
    #[arg(long, value_name = "DIR", default_value = "docs")]
    pub docs: PathBuf,
}

/// Writes the page.
pub fn report(report: &Report) -> Result<()> {
    let results: Vec<Results> = report
        .results
        .iter()
        .map(|file| Results::read(file))
        .collect::<Result<_>>()?;
    fs::create_dir_all(&report.docs)?;
    let numbers = tables::numbers(&results);
    let page = report.docs.join(PAGE);
    let text = match fs::read_to_string(&page) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            format!("# Benchmarks\n\n{BEGIN}\n{END}\n")
        }
        Err(error) => return Err(error.into()),
    };
    let written = between(&text, &numbers).ok_or_else(|| {
        Failure::new(format!(
            "{} has no lines `{BEGIN}` and `{END}`",
            page.display()
        ))
    })?;
    fs::write(&page, written)?;
    println!("{}", page.display());
    Ok(())
}

/// The text with other numbers between its markers.
fn between(text: &str, numbers: &str) -> Option<String> {
    let (before, rest) = text.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!(
        "{before}{BEGIN}\n\n{}\n\n{END}{after}",
        numbers.trim()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prose_around_the_numbers_stays() {
        let page = format!("# Title\n\nBefore.\n{BEGIN}\nold\n{END}\nAfter.\n");
        let written = between(&page, "new").unwrap();
        assert_eq!(
            written,
            format!("# Title\n\nBefore.\n{BEGIN}\n\nnew\n\n{END}\nAfter.\n")
        );
        assert_eq!(between(&written, "new").unwrap(), written);
        assert_eq!(between("no markers", "new"), None);
    }
}
