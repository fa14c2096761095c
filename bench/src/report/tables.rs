//! Tables in Markdown.

use std::fmt::Write;

use crate::results::{Results, Row};

/// What stands above the numbers of each scenario.
const EXPLANATIONS: [(&str, &str); 8] = [
    (
        "followees",
        "One connection, closed loop: nothing waits for anything else, so that latency is cost.",
    ),
    ("depth", "As above, the 50th page beside the first."),
    ("size", "As above, on data sets of different sizes."),
    (
        "database",
        "16 connections. pgbench sends the statements of one request, prepared, with nothing around them; its latency is a mean only.",
    ),
    (
        "opponent",
        "16 connections, closed loop, in turns of the targets: one process (axum, sqlx) with one joined statement, beside the router.",
    ),
    (
        "tail",
        "Closed loop to find saturation, then open loop at half of it; latency counts from when a request was to be sent.",
    ),
    (
        "freshness",
        "Writing a post and reading the timeline of a follower, one after the other, by pairs at the same time.",
    ),
    (
        "writes",
        "Posts: 4 connections, closed loop, in turns with a bare INSERT into a table of the same shape. Reads: open loop, with and without posts beside.",
    ),
];

/// Everything between the markers.
pub fn numbers(results: &[Results]) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    write(&mut text, results).unwrap_or_default();
    text
}

fn write(text: &mut String, results: &[Results]) -> std::fmt::Result {
    for run in results {
        let machine = &run.machine;
        writeln!(
            text,
            "Measured {} on {} with {} cores and {} GiB, Linux {}, PostgreSQL {}, {}, commit `{}`, {} build. Load generator,",
            machine.measured_at,
            machine.cpu,
            machine.cores,
            machine.memory_gib,
            machine.kernel,
            machine.postgresql,
            machine.rustc,
            machine.commit,
            machine.profile
        )?;
        writeln!(
            text,
            "services and database share this machine. Data: {}. Each number is of a window of {} s, after warming up.\n",
            run.dataset, run.window_seconds
        )?;
    }
    writeln!(
        text,
        "### Targets\n\n| scenario | what | target | measured | met? |\n| --- | --- | ---: | ---: | --- |"
    )?;
    for ratio in results.iter().flat_map(|run| &run.ratios) {
        writeln!(
            text,
            "| {} | {} | {} | {} | {} |",
            ratio.scenario,
            ratio.name,
            ratio.bound,
            short(ratio.measured),
            ratio.verdict()
        )?;
    }
    for (scenario, explanation) in EXPLANATIONS {
        let rows: Vec<&Row> = results
            .iter()
            .flat_map(|run| &run.rows)
            .filter(|row| row.scenario == scenario)
            .collect();
        if rows.is_empty() {
            continue;
        }
        writeln!(
            text,
            "\n### {scenario}\n\n{explanation} Latencies and CPU time are in milliseconds; CPU is that of all processes but the load generator, a request.\n"
        )?;
        loads(text, &rows)?;
        processes(text, &rows)?;
    }
    Ok(())
}

fn loads(text: &mut String, rows: &[&Row]) -> std::fmt::Result {
    writeln!(
        text,
        "| target | posts | followees | page | load | requests/s | mean | p50 | p90 | p95 | p99 | p99.9 | max | CPU |"
    )?;
    writeln!(
        text,
        "| --- | ---: | ---: | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
    )?;
    for row in rows {
        let latency = row.latency_ms;
        let quantiles = [
            latency.mean,
            latency.p50,
            latency.p90,
            latency.p95,
            latency.p99,
            latency.p999,
            latency.max,
        ]
        // pgbench has a mean only.
        .map(|value| {
            if value > 0.0 {
                short(value)
            } else {
                "–".to_owned()
            }
        });
        writeln!(
            text,
            "| {} | {} | {} | {} | {} | {} | {} | {} |",
            row.target,
            thousands(row.posts),
            whom(row),
            row.page,
            load(row),
            short(row.throughput),
            quantiles.join(" | "),
            row.cpu_ms_per_request.map_or_else(|| "–".to_owned(), short),
        )?;
    }
    Ok(())
}

/// CPU time by process, and memory: where the cost is.
fn processes(text: &mut String, rows: &[&Row]) -> std::fmt::Result {
    let mut names: Vec<&String> = rows.iter().flat_map(|row| row.costs.keys()).collect();
    names.sort();
    names.dedup();
    if names.is_empty() {
        return Ok(());
    }
    writeln!(
        text,
        "\n<details><summary>CPU milliseconds a request and peak resident MiB, by process</summary>\n"
    )?;
    write!(text, "| target | followees | load |")?;
    for name in &names {
        write!(text, " {name} |")?;
    }
    writeln!(
        text,
        "\n| --- | ---: | --- |{}",
        " ---: |".repeat(names.len())
    )?;
    for row in rows.iter().filter(|row| !row.costs.is_empty()) {
        write!(text, "| {} | {} | {} |", row.target, whom(row), load(row))?;
        for name in &names {
            let Some(cost) = row.costs.get(*name) else {
                write!(text, " – |")?;
                continue;
            };
            let cpu = cost.cpu_seconds * 1e3 / crate::driver::count(row.requests.max(1));
            write!(text, " {} / {} |", short(cpu), cost.peak_rss_bytes >> 20)?;
        }
        writeln!(text)?;
    }
    writeln!(text, "\n</details>")
}

fn whom(row: &Row) -> String {
    match (row.followees, row.kind) {
        (Some(followees), Some(kind)) => {
            format!("{} {}", thousands(u64::from(followees)), kind.name())
        }
        _ => "–".to_owned(),
    }
}

fn load(row: &Row) -> String {
    match row.rate {
        Some(rate) => format!("open, {}/s", short(rate)),
        None => format!("closed, {}", row.connections),
    }
}

/// Three digits say enough.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// `10,000`
fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_three_digits_and_separators() {
        assert_eq!(
            [0.123, 1.0, 12.34, 1234.5].map(short),
            ["0.12", "1.00", "12.3", "1234"]
        );
        assert_eq!(
            [7, 100, 1_000, 10_000_000].map(thousands),
            ["7", "100", "1,000", "10,000,000"]
        );
    }
}
