//! A run on one system: who asks what, and what came of it.

use std::{collections::HashMap, sync::Arc, time::Duration};

use uuid::Uuid;

use crate::{
    dataset::{Kind, Manifest, Shape, Viewer, ids},
    driver::{
        Api, Call, Connection, Measurement, Place, Probe, Target, Window, closed, open, page_after,
    },
    failure::{Failure, Result},
    results::{Bound, Ratio, Row},
    system::System,
    truth::Truth,
};

/// Which page of whom is asked for, and of which target.
#[derive(Clone, Copy)]
pub struct Ask {
    pub target: Target,
    pub kind: Kind,
    pub followees: u32,
    /// 1 is the first.
    pub page: u32,
}

impl Ask {
    pub fn first(target: Target, kind: Kind, followees: u32) -> Self {
        Self {
            target,
            kind,
            followees,
            page: 1,
        }
    }
}

/// Pages of one viewer are known only once, however many targets are asked for them.
type PageKey = (Viewer, u32);

/// A run.
pub struct Session<'a> {
    pub system: &'a System,
    pub truth: Truth,
    pub probe: Probe,
    pub seconds: f64,
    pub rows: Vec<Row>,
    pub ratios: Vec<Ratio>,
    pub shape: Shape,
    viewers: Vec<(Viewer, Uuid)>,
    places: HashMap<PageKey, Option<Place>>,
    pages: HashMap<PageKey, Vec<Uuid>>,
}

impl<'a> Session<'a> {
    pub async fn new(system: &'a System, seconds: f64) -> Result<Self> {
        let shape = Manifest::of(&system.data_dir)?.shape;
        let first = shape.writers() as usize;
        let viewers = shape
            .viewers()
            .into_iter()
            .zip(ids(&shape).split_off(first));
        Ok(Self {
            system,
            truth: Truth::connect(&system.database).await?,
            probe: system.probe()?,
            seconds,
            rows: Vec::new(),
            ratios: Vec::new(),
            viewers: viewers.collect(),
            shape,
            places: HashMap::new(),
            pages: HashMap::new(),
        })
    }

    /// The viewers of a kind and size.
    pub fn viewers(&self, kind: Kind, followees: u32) -> Vec<(Viewer, Uuid)> {
        let wanted = |viewer: &Viewer| viewer.kind == kind && viewer.followees == followees;
        self.viewers
            .iter()
            .copied()
            .filter(|(viewer, _)| wanted(viewer))
            .collect()
    }

    /// The sizes of viewers that this data set has.
    pub fn sizes(&self, kind: Kind) -> Vec<u32> {
        self.shape.sizes(kind).collect()
    }

    /// The largest size that is at most this.
    pub fn size_up_to(&self, kind: Kind, most: u32) -> Result<u32> {
        let sizes = self.sizes(kind);
        sizes
            .into_iter()
            .rev()
            .find(|size| *size <= most)
            .ok_or_else(|| Failure::new("this data set is too small for any viewer"))
    }

    /// A window of a part of the seconds that a measurement has.
    pub fn window(&self, share: f64) -> Window {
        let measured = self.seconds * share;
        Window {
            warm_up: Duration::from_secs_f64((measured / 4.0).clamp(0.1, 3.0)),
            measured: Duration::from_secs_f64(measured),
        }
    }

    /// The requests, with the only answers that are right; nobody's page is asked for that has none.
    pub async fn calls(&mut self, ask: Ask) -> Result<Vec<Arc<Call>>> {
        let mut calls = Vec::new();
        for (viewer, id) in self.viewers(ask.kind, ask.followees) {
            let key = (viewer, ask.page);
            let token = self.system.token(id)?;
            let place = self.place(key, &token).await?;
            let after = place.as_ref().map(|place| place.cursor.as_str());
            if ask.page > 1 && after.is_none() {
                continue;
            }
            let known = self.pages.get(&key).cloned();
            let expected = match known {
                Some(page) => page,
                None => self.truth.page(id, after).await?,
            };
            self.pages.insert(key, expected.clone());
            calls.push(Arc::new(
                ask.target.read(&token, after)?.expecting(expected),
            ));
        }
        Ok(calls)
    }

    /// The requests while somebody writes: any page that is one is right.
    pub fn changing_calls(&self, ask: Ask) -> Result<Vec<Arc<Call>>> {
        self.viewers(ask.kind, ask.followees)
            .into_iter()
            .map(|(_, id)| Ok(Arc::new(ask.target.read(&self.system.token(id)?, None)?)))
            .collect()
    }

    async fn place(&mut self, key: PageKey, token: &str) -> Result<Option<Place>> {
        let (_, page) = key;
        if page == 1 {
            return Ok(None);
        }
        if let Some(place) = self.places.get(&key) {
            return Ok(place.clone());
        }
        let target = self.system.target(Api::PostsGraph)?;
        let mut connection = Connection::open(target.address).await?;
        let place = page_after(&mut connection, target, token, page as usize - 1).await?;
        self.places.insert(key, place.clone());
        Ok(place)
    }

    /// A row that waits for its numbers.
    pub fn row(&self, scenario: &str, ask: Ask, connections: usize, rate: Option<f64>) -> Row {
        Row {
            kind: Some(ask.kind),
            followees: Some(ask.followees),
            page: ask.page,
            ..self.empty_row(scenario, ask.target.name(), connections, rate)
        }
    }

    /// A row of something else than pages.
    pub fn empty_row(
        &self,
        scenario: &str,
        target: &str,
        connections: usize,
        rate: Option<f64>,
    ) -> Row {
        Row {
            scenario: scenario.to_owned(),
            target: target.to_owned(),
            posts: self.shape.posts,
            kind: None,
            followees: None,
            page: 1,
            connections,
            rate,
            seconds: 0.0,
            requests: 0,
            errors: 0,
            throughput: 0.0,
            latency_ms: crate::driver::Latency::default(),
            cpu_ms_per_request: None,
            costs: std::collections::BTreeMap::new(),
        }
    }

    /// Closed loop; `None` where nobody has that page.
    pub async fn closed(
        &mut self,
        scenario: &str,
        ask: Ask,
        connections: usize,
    ) -> Result<Option<Row>> {
        let calls = self.calls(ask).await?;
        if calls.is_empty() {
            return Ok(None);
        }
        let measurement = closed(&calls, connections, self.window(1.0), &self.probe).await?;
        let row = self.row(scenario, ask, connections, None);
        self.keep(row, measurement).map(Some)
    }

    /// Open loop.
    pub async fn open(
        &mut self,
        scenario: &str,
        ask: Ask,
        rate: f64,
        connections: usize,
    ) -> Result<Row> {
        let calls = self.calls(ask).await?;
        let measurement = open(&calls, rate, connections, self.window(1.0), &self.probe).await?;
        let row = self.row(scenario, ask, connections, Some(rate));
        self.keep(row, measurement)
    }

    /// Notes what was measured; a wrong answer ends the run.
    pub fn keep(&mut self, row: Row, measurement: Measurement) -> Result<Row> {
        let measurement = measurement.all_right(&format!("{} of {}", row.scenario, row.target))?;
        let row = row.measured(measurement);
        println!("{row}");
        self.rows.push(row.clone());
        Ok(row)
    }

    /// Notes a ratio.
    pub fn ratio(&mut self, scenario: &str, name: impl Into<String>, bound: Bound, measured: f64) {
        self.ratios.push(Ratio {
            scenario: scenario.to_owned(),
            name: name.into(),
            bound,
            measured,
        });
    }
}
