//! `bench check`: whether generator, driver, opponent and report work, and answers are right. Asserts no times.

use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
};

use uuid::Uuid;

use crate::{
    database::{Database, Purpose},
    dataset::{Generate, Kind, Posts, generate},
    driver::{Api, Connection, Target},
    failure::{Failure, Result},
    live::{Live, live},
    report::{Report, report},
    run::{Run, run},
    system::{Choice, Stack, System, beside_this_program, with_system},
    truth::Truth,
};

const CHECKSUMS: &str = include_str!("../sql/checksums.sql");
const INCONSISTENCIES: &str = include_str!("../sql/inconsistencies.sql");
/// Pages of a viewer that are compared; the smallest timelines end before.
const PAGES: usize = 5;
/// All of a kind and size.
const VIEWERS: usize = 10;

/// Checks everything on a data set of its own, which is removed afterwards.
#[derive(clap::Args)]
pub struct Check {
    /// Posts of the data set
    #[arg(long, default_value = "3000")]
    posts: Posts,
    /// Of each measurement
    #[arg(long, default_value_t = 0.2)]
    seconds: f64,
    /// Folder of users, posts, messaging and router [default: that of this program]
    #[arg(long, value_name = "DIR")]
    bin_dir: Option<PathBuf>,
}

/// Fails with what is wrong.
pub async fn check(check: &Check) -> Result<()> {
    let folder = tempfile::Builder::new()
        .prefix("rookery-bench-check")
        .tempdir()?;
    // PostgreSQL's account has to get through.
    fs::set_permissions(
        folder.path(),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )?;
    let data_dir = folder.path().join("data");
    let first = made(check.posts, &data_dir).await?;
    let second = made(check.posts, &folder.path().join("again")).await?;
    if first != second {
        return Err(Failure::new(format!(
            "one seed gave two data sets: {first} and {second}"
        )));
    }
    println!("the same seed gives the same data");
    let bin_dir = match &check.bin_dir {
        Some(folder) => folder.clone(),
        None => beside_this_program()?,
    };
    let choice = Choice {
        data_dir: data_dir.clone(),
        bin_dir: bin_dir.clone(),
        set: Vec::new(),
        stack: Stack::Timeline,
    };
    let pages = with_system(&choice, async |system| pages(system).await).await?;
    println!("{pages} pages of five targets are what PostgreSQL says");
    let results = folder.path().join("results.json");
    run(&Run {
        data_dir: data_dir.clone(),
        scenario: Vec::new(),
        seconds: check.seconds,
        out: results.clone(),
        bin_dir: Some(bin_dir.clone()),
        // A set compared with itself: what is compared is not the point.
        compare: Some(data_dir.clone()),
        set: Vec::new(),
    })
    .await?;
    let after = checksums(&data_dir, check.posts).await?;
    if after != first {
        return Err(Failure::new(
            "a run leaves another data set behind than it found",
        ));
    }
    reported(folder.path(), results)?;
    live(&Live::small(folder.path(), bin_dir)).await?;
    println!("every live message has arrived");
    println!("bench check: everything works; its times mean nothing");
    Ok(())
}

/// Makes a data set, and gives the checksums of its tables.
async fn made(posts: Posts, data_dir: &Path) -> Result<String> {
    let arguments = Generate {
        posts,
        authors: None,
        seed: 1,
        data_dir: data_dir.to_owned(),
    };
    generate(&arguments).await?;
    checksums(data_dir, posts).await
}

async fn checksums(data_dir: &Path, posts: Posts) -> Result<String> {
    let database = Database::open(data_dir, Purpose::Serve, posts.0).await?;
    let mut truth = Truth::connect(&database).await?;
    let wrong = truth.text(INCONSISTENCIES).await?;
    let checksums = truth.text(CHECKSUMS).await?;
    database.stop().await?;
    if wrong.is_empty() {
        Ok(checksums)
    } else {
        Err(Failure::new(format!(
            "the data set is not consistent: {wrong}"
        )))
    }
}

/// Compares pages of everybody: with the truth, and so of each target with the others.
async fn pages(system: &System) -> Result<usize> {
    let mut session = crate::scenarios::Session::new(system, 1.0).await?;
    let targets = [
        system.target(Api::RouterGraph)?,
        system.target(Api::RouterRest)?,
        system.target(Api::PostsGraph)?,
        system.target(Api::PostsRest)?,
        system.target(Api::Opponent)?,
    ];
    let mut compared = 0;
    for target in targets {
        let mut connection = Connection::open(target.address).await?;
        for kind in Kind::ALL {
            for followees in session.sizes(kind) {
                // What clients see, for everybody; the other ways to it, for some.
                let viewers = session.viewers(kind, followees).into_iter();
                let some = if target.api == Api::RouterGraph {
                    VIEWERS
                } else {
                    3
                };
                for (viewer, id) in viewers.take(some) {
                    let whom = format!("{} of {}", target.name(), viewer.username());
                    let token = system.token(id)?;
                    compared += turn(&mut connection, &mut session.truth, target, &token, id)
                        .await
                        .map_err(|failure| Failure::new(format!("{whom}: {failure}")))?;
                }
            }
        }
    }
    Ok(compared)
}

/// Turns the pages of a viewer.
async fn turn(
    connection: &mut Connection,
    truth: &mut Truth,
    target: Target,
    token: &str,
    viewer: Uuid,
) -> Result<usize> {
    let (mut after, mut seen) = (None::<String>, HashSet::new());
    for number in 1..=PAGES {
        let page = connection
            .page(&target.read(token, after.as_deref())?)
            .await?;
        let expected = truth.page(viewer, after.as_deref()).await?;
        if page.ids != expected {
            return Err(Failure::new(format!(
                "page {number} is {:?}, not {expected:?}",
                page.ids
            )));
        }
        if !page.ids.iter().all(|id| seen.insert(*id)) {
            return Err(Failure::new(format!(
                "a post of page {number} was on one before"
            )));
        }
        match page.end_cursor.filter(|_| page.has_next) {
            Some(cursor) => after = Some(cursor),
            None => return Ok(number),
        }
    }
    Ok(PAGES)
}

/// The report is written, and written again without a difference.
fn reported(folder: &Path, results: PathBuf) -> Result<()> {
    let docs = folder.join("docs");
    let arguments = Report {
        results: vec![results],
        docs: docs.clone(),
    };
    report(&arguments)?;
    let page = docs.join("benchmarks.md");
    let once = fs::read_to_string(&page)?;
    report(&arguments)?;
    if once != fs::read_to_string(&page)? {
        return Err(Failure::new("the second report differs from the first"));
    }
    Ok(())
}
