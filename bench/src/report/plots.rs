//! Plots, as SVG.

use std::path::Path;

use plotters::{
    chart::{ChartBuilder, SeriesLabelPosition},
    coord::combinators::IntoLogRange,
    prelude::{
        BLACK, Circle, Color, IntoDrawingArea, LineSeries, PathElement, RGBColor, SVGBackend, WHITE,
    },
};

use crate::{
    dataset::Kind,
    failure::{Failure, Result},
    results::{Results, Row},
};

const SIZE: (u32, u32) = (820, 420);
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(86, 180, 233),
    RGBColor(120, 120, 120),
];

/// A plot that was drawn.
pub struct Plot {
    pub scenario: &'static str,
    pub title: String,
    pub file: String,
}

/// A line: its name and its points, both coordinates above 0.
type Line = (String, Vec<(f64, f64)>);

/// Axes of a plot, both logarithmic.
struct Axes {
    x: &'static str,
    y: &'static str,
}

/// Draws what there are numbers for.
pub fn draw(results: &[Results], folder: &Path) -> Result<Vec<Plot>> {
    let rows: Vec<&Row> = results.iter().flat_map(|run| &run.rows).collect();
    let mut plots = Vec::new();
    let mut plot =
        |scenario, title: &str, file: &str, axes: &Axes, lines: Vec<Line>| -> Result<()> {
            let lines: Vec<Line> = lines
                .into_iter()
                .filter(|(_, points)| !points.is_empty())
                .collect();
            if !lines.is_empty() {
                chart(&folder.join(file), title, axes, &lines)?;
                plots.push(Plot {
                    scenario,
                    title: title.to_owned(),
                    file: file.to_owned(),
                });
            }
            Ok(())
        };
    let axes = Axes {
        x: "followees",
        y: "milliseconds",
    };
    plot(
        "followees",
        "Mean latency of a page by followees, one connection",
        "cost.svg",
        &axes,
        cost(&rows),
    )?;
    let axes = Axes {
        x: "followees",
        y: "requests a second",
    };
    for kind in Kind::ALL {
        let title = format!(
            "Requests a second by followees ({}), 16 connections",
            kind.name()
        );
        let file = format!("throughput-{}.svg", kind.name());
        plot("opponent", &title, &file, &axes, throughput(&rows, kind))?;
    }
    let axes = Axes {
        x: "one in so many requests is slower",
        y: "milliseconds",
    };
    plot(
        "tail",
        "Latency at half of saturation",
        "latency.svg",
        &axes,
        percentiles(&rows),
    )?;
    Ok(plots)
}

fn cost(rows: &[&Row]) -> Vec<Line> {
    let of = |scenario: &str, target: &str, kind| {
        points(rows, |row| {
            let wanted = row.scenario == scenario && row.target == target && row.kind == Some(kind);
            (wanted && row.connections == 1).then_some(row.latency_ms.mean)
        })
    };
    Kind::ALL
        .into_iter()
        .map(|kind| {
            (
                format!("router graph, {}", kind.name()),
                of("followees", "router graph", kind),
            )
        })
        .collect()
}

fn throughput(rows: &[&Row], kind: Kind) -> Vec<Line> {
    let of = |scenario: &str, target: &str| {
        points(rows, |row| {
            let wanted = row.scenario == scenario && row.target == target && row.kind == Some(kind);
            (wanted && row.connections > 1).then_some(row.throughput)
        })
    };
    vec![
        ("router graph".to_owned(), of("opponent", "router graph")),
        ("router REST".to_owned(), of("opponent", "router REST")),
        ("opponent".to_owned(), of("opponent", "opponent")),
    ]
}

/// By the number of followees.
fn points(rows: &[&Row], value: impl Fn(&Row) -> Option<f64>) -> Vec<(f64, f64)> {
    let mut points: Vec<(f64, f64)> = rows
        .iter()
        .filter_map(|row| Some((f64::from(row.followees?), value(row)?)))
        .filter(|(_, value)| *value > 0.0)
        .collect();
    points.sort_by(|left, right| left.0.total_cmp(&right.0));
    points
}

/// By how rare a slower request is: 2 for the median, 100 for p99.
fn percentiles(rows: &[&Row]) -> Vec<Line> {
    rows.iter()
        .filter(|row| row.scenario == "tail" && row.rate.is_some())
        .map(|row| {
            let latency = row.latency_ms;
            let points = [
                (2.0, latency.p50),
                (10.0, latency.p90),
                (20.0, latency.p95),
                (100.0, latency.p99),
                (1_000.0, latency.p999),
            ];
            let kind = row.kind.map_or("", Kind::name);
            let name = format!(
                "{}, {} {kind}",
                row.target,
                row.followees.unwrap_or_default()
            );
            (
                name,
                points
                    .into_iter()
                    .filter(|(_, value)| *value > 0.0)
                    .collect(),
            )
        })
        .collect()
}

fn chart(file: &Path, title: &str, axes: &Axes, lines: &[Line]) -> Result<()> {
    draw_chart(file, title, axes, lines)
        .map_err(|problem| Failure::new(format!("{}: {problem}", file.display())))
}

fn draw_chart(
    file: &Path,
    title: &str,
    axes: &Axes,
    lines: &[Line],
) -> std::result::Result<(), String> {
    let words = |error: &dyn std::fmt::Display| error.to_string();
    let area = SVGBackend::new(file, SIZE).into_drawing_area();
    area.fill(&WHITE).map_err(|error| words(&error))?;
    let x = range(lines, |point| point.0, 1.5);
    // The legend has the upper part.
    let y = range(lines, |point| point.1, 30.0);
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 18))
        .margin(12)
        .x_label_area_size(44)
        .y_label_area_size(68)
        .build_cartesian_2d((x.0..x.1).log_scale(), (y.0..y.1).log_scale())
        .map_err(|error| words(&error))?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .light_line_style(BLACK.mix(0.04))
        .bold_line_style(BLACK.mix(0.12))
        .x_label_formatter(&|value| label(*value))
        .y_label_formatter(&|value| label(*value))
        .draw()
        .map_err(|error| words(&error))?;
    for ((name, points), colour) in lines.iter().zip(COLOURS.iter().cycle()) {
        chart
            .draw_series(LineSeries::new(
                points.iter().copied(),
                colour.stroke_width(2),
            ))
            .map_err(|error| words(&error))?
            .label(name)
            .legend(|(x, y)| PathElement::new([(x, y), (x + 18, y)], colour.stroke_width(2)));
        chart
            .draw_series(
                points
                    .iter()
                    .map(|point| Circle::new(*point, 3, colour.filled())),
            )
            .map_err(|error| words(&error))?;
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.2))
        .draw()
        .map_err(|error| words(&error))?;
    area.present().map_err(|error| words(&error))
}

/// A little more than the points need, and so many times the largest above them.
fn range(lines: &[Line], coordinate: impl Fn(&(f64, f64)) -> f64, above: f64) -> (f64, f64) {
    let values = lines.iter().flat_map(|(_, points)| points).map(coordinate);
    let (least, most) = values.fold((f64::INFINITY, 0.0_f64), |(least, most), value| {
        (least.min(value), most.max(value))
    });
    (least / 1.5, most * above)
}

fn label(value: f64) -> String {
    if value >= 1.0 {
        format!("{value:.0}")
    } else {
        format!("{value}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_range_holds_every_point_and_is_never_empty() {
        let lines = [("a".to_owned(), vec![(10.0, 1.0), (100.0, 4.0)])];
        assert_eq!(range(&lines, |point| point.1, 1.5), (1.0 / 1.5, 6.0));
        let one = [("a".to_owned(), vec![(10.0, 2.0)])];
        let (least, most) = range(&one, |point| point.1, 1.5);
        assert!(least < most);
    }
}
