//! `bench run`: starts the system, asks the questions, stops everything, whatever happens.

use std::path::PathBuf;

use crate::{
    dataset::Manifest,
    failure::{Failure, Result},
    machine::Machine,
    results::{Ratio, Results, Row},
    scenarios::{Scenario, Session, compare_sizes},
    system::{Choice, Setting, Stack, beside_this_program, with_system},
};

/// Measures on a data set.
#[derive(clap::Args)]
pub struct Run {
    /// Folder of the data set
    #[arg(long, value_name = "DIR")]
    pub data_dir: PathBuf,
    /// What to measure; may be given several times [default: everything there are programs and data for]
    #[arg(long, value_enum)]
    pub scenario: Vec<Scenario>,
    /// Of each measurement, after warming up
    #[arg(long, default_value_t = 10.0)]
    pub seconds: f64,
    /// Where to write the results
    #[arg(long, value_name = "FILE", default_value = "results.json")]
    pub out: PathBuf,
    /// Folder of users, posts, messaging and router [default: that of this program]
    #[arg(long, value_name = "DIR")]
    pub bin_dir: Option<PathBuf>,
    /// Folder of a second, smaller data set, for `size`
    #[arg(long, value_name = "DIR")]
    pub compare: Option<PathBuf>,
    /// A variable for one service, over what the bench sets; may be given several times
    #[arg(long, value_name = "SERVICE:NAME=VALUE")]
    pub set: Vec<Setting>,
}

/// What one system gave.
struct Measured {
    machine: Machine,
    rows: Vec<Row>,
    ratios: Vec<Ratio>,
}

/// Measures and writes the file of results.
pub async fn run(run: &Run) -> Result<Results> {
    if !(run.seconds > 0.0 && run.seconds <= 3_600.0) {
        return Err(Failure::new(
            "--seconds has to be above 0, and an hour at most",
        ));
    }
    if run.scenario.contains(&Scenario::Size) && run.compare.is_none() {
        return Err(Failure::new(
            "size compares with a second data set: --compare DIR",
        ));
    }
    let dataset = Manifest::of(&run.data_dir)?;
    println!("{dataset}");
    let choice = run.choice()?;
    let size = run
        .compare
        .as_ref()
        .filter(|_| Scenario::Size.is_in(&run.scenario));
    let mut scenarios: Vec<_> = Vec::new();
    scenarios.extend(size.map(|_| Scenario::Size));
    scenarios.extend(Scenario::of_one_system(&run.scenario));
    let Measured {
        machine,
        mut rows,
        mut ratios,
    } = on(&choice, &scenarios, run.seconds).await?;
    if let Some(data_dir) = size {
        let choice = Choice {
            data_dir: data_dir.clone(),
            ..choice
        };
        let other = on(&choice, &[Scenario::Size], run.seconds).await?;
        ratios.extend(compare_sizes(&rows, &other.rows));
        rows.extend(other.rows);
    }
    let results = Results {
        machine,
        dataset,
        window_seconds: run.seconds,
        rows,
        ratios,
    };
    results.write(&run.out)?;
    println!("\n{}\n{}", results.table(), run.out.display());
    Ok(results)
}

impl Run {
    fn choice(&self) -> Result<Choice> {
        let bin_dir = match &self.bin_dir {
            Some(folder) => folder.clone(),
            None => beside_this_program()?,
        };
        Ok(Choice {
            data_dir: self.data_dir.clone(),
            bin_dir,
            set: self.set.clone(),
            stack: Stack::Timeline,
        })
    }
}

/// Asks the questions of a system that is started for them, and stopped in any case.
async fn on(choice: &Choice, scenarios: &[Scenario], seconds: f64) -> Result<Measured> {
    if scenarios.is_empty() {
        return Err(Failure::new("there is nothing to measure"));
    }
    with_system(choice, async |system| {
        let mut session = Session::new(system, seconds).await?;
        let machine = Machine::this(session.truth.text("SHOW server_version").await?);
        for scenario in scenarios {
            scenario.run(&mut session).await?;
        }
        Ok(Measured {
            machine,
            rows: session.rows,
            ratios: session.ratios,
        })
    })
    .await
}
