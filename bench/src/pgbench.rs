//! PostgreSQL alone, driven by its own load generator: what the statements of a request cost with nothing around them.

use std::{fs, path::Path, process::Stdio};

use embedded_postgres::Search;
use tokio::process::Command;
use url::Url;
use uuid::Uuid;

use crate::failure::{Failure, Result};

/// What the posts service sets for its connections (`subgraphs/posts/src/db/plans.rs`), for its own statements.
pub const SERVICE_SETTINGS: &str = "-c plan_cache_mode=force_generic_plan -c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

/// What a script's statements are about.
pub struct Subject {
    pub viewer: Uuid,
    pub posts: Vec<Uuid>,
    pub authors: Vec<Uuid>,
}

/// What it measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Outcome {
    pub transactions: u64,
    pub per_second: f64,
    pub mean_ms: f64,
}

/// How to run it.
pub struct Run<'a> {
    pub url: &'a str,
    /// In `PGOPTIONS`; empty for PostgreSQL's defaults.
    pub settings: &'a str,
    pub connections: usize,
    pub seconds: f64,
    pub folder: &'a Path,
}

impl Subject {
    /// A statement with its placeholders filled in. Literals: with `-M prepared` they are parsed and planned once a connection,
    /// which is in favour of pgbench.
    pub fn fill(&self, statement: &str) -> String {
        statement
            .replace("{viewer}", &format!("'{}'::uuid", self.viewer))
            .replace("{posts}", &array(&self.posts))
            .replace("{authors}", &array(&self.authors))
    }
}

fn array(ids: &[Uuid]) -> String {
    let ids: Vec<String> = ids.iter().map(Uuid::to_string).collect();
    format!("'{{{}}}'::uuid[]", ids.join(","))
}

impl Run<'_> {
    /// Runs one script a viewer, chosen at random each time, after a moment of warming up.
    pub async fn scripts(&self, scripts: &[String]) -> Result<Outcome> {
        let mut files = Vec::new();
        for (number, script) in scripts.iter().enumerate() {
            let file = self.folder.join(format!("script_{number}.sql"));
            fs::write(&file, script)?;
            files.push(file);
        }
        if self.seconds >= 5.0 {
            self.once(self.seconds / 5.0, &files).await?;
        }
        self.once(self.seconds, &files).await
    }

    async fn once(&self, seconds: f64, files: &[std::path::PathBuf]) -> Result<Outcome> {
        let url: Url = self.url.parse()?;
        let found = tokio::task::spawn_blocking(|| Search::from_env()?.find(None)).await??;
        let beside = found.folder().join("pgbench");
        let mut command = Command::new(if beside.is_file() {
            beside.as_path()
        } else {
            Path::new("pgbench")
        });
        // Whole seconds are all that it takes.
        let seconds = format!("{:.0}", seconds.max(1.0));
        let connections = self.connections.to_string();
        command
            .args([
                "--no-vacuum",
                "--protocol=prepared",
                "--random-seed=1",
                "--time",
                &seconds,
            ])
            .args(["--client", &connections, "--jobs", "1"])
            .env("PGHOST", url.host_str().unwrap_or("127.0.0.1"))
            .env("PGPORT", url.port().unwrap_or(5432).to_string())
            .env("PGUSER", url.username())
            .env("PGPASSWORD", url.password().unwrap_or_default())
            .env("PGDATABASE", url.path().trim_start_matches('/'))
            .env("PGOPTIONS", self.settings)
            .stdin(Stdio::null())
            .kill_on_drop(true);
        for file in files {
            command.arg("--file").arg(file);
        }
        let output = command.output().await.map_err(|error| {
            Failure::new(format!(
                "cannot run pgbench ({error}): install Debian's postgresql-contrib"
            ))
        })?;
        let text = String::from_utf8_lossy(&output.stdout);
        match read(&text) {
            Some(outcome) if output.status.success() => Ok(outcome),
            _ => Err(Failure::new(format!(
                "pgbench failed: {}",
                String::from_utf8_lossy(&output.stderr)
                    .lines()
                    .last()
                    .unwrap_or_default()
            ))),
        }
    }
}

/// The first numbers of its report; those of the single scripts follow.
fn read(report: &str) -> Option<Outcome> {
    let number = |begin: &str| {
        let rest = report.lines().find_map(|line| line.strip_prefix(begin))?;
        rest.split(|c: char| !c.is_ascii_digit() && c != '.')
            .find(|word| !word.is_empty())?
            .parse::<f64>()
            .ok()
    };
    let transactions = report.lines().find_map(|line| {
        let rest = line.strip_prefix("number of transactions actually processed:")?;
        rest.trim().split('/').next()?.parse().ok()
    });
    Some(Outcome {
        transactions: transactions?,
        per_second: number("tps =")?,
        mean_ms: number("latency average =")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_report_is_read() {
        let report = "transaction type: multiple scripts\nnumber of transactions actually processed: 4711\n\
            number of failed transactions: 0 (0.000%)\nlatency average = 2.125 ms\ninitial connection time = 3.1 ms\n\
            tps = 1882.35 (without initial connection time)\nSQL script 1: x\n - latency average = 9.9 ms\n";
        let expected = Outcome {
            transactions: 4_711,
            per_second: 1_882.35,
            mean_ms: 2.125,
        };
        assert_eq!(read(report), Some(expected));
    }

    #[test]
    fn placeholders_become_literals() {
        let subject = Subject {
            viewer: Uuid::nil(),
            posts: vec![],
            authors: vec![Uuid::nil()],
        };
        let zero = Uuid::nil();
        assert_eq!(
            subject.fill("{viewer} {authors} {posts}"),
            format!("'{zero}'::uuid '{{{zero}}}'::uuid[] '{{}}'::uuid[]")
        );
    }
}
