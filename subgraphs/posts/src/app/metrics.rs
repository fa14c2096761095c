//! Metrics of this context: the plans and times of timeline pages, and the size of the index in memory.

use std::time::Duration;

use prometheus::{HistogramOpts, HistogramVec, IntCounter, IntGauge, Registry};

/// Seconds; a page takes about one millisecond.
const BUCKETS: [f64; 12] = [
    0.000_25, 0.000_5, 0.001, 0.002, 0.004, 0.008, 0.016, 0.032, 0.064, 0.25, 1.0, 4.0,
];

pub struct Metrics {
    registry: Registry,
    pages: HistogramVec,
    retries: IntCounter,
    index_ready: IntGauge,
    index_posts: IntGauge,
    index_authors: IntGauge,
    index_bytes: IntGauge,
    index_loads: IntCounter,
}

impl Metrics {
    #[expect(
        clippy::expect_used,
        reason = "the names are constants, and each is registered once"
    )]
    pub fn new() -> Self {
        Self::registered().expect("the names are good, and each is there once")
    }

    fn registered() -> Result<Self, prometheus::Error> {
        let pages = HistogramVec::new(
            HistogramOpts::new(
                "timeline_page_seconds",
                "Time to find a page of a timeline among the posts, by the plan that found it",
            )
            .buckets(BUCKETS.to_vec()),
            &["plan"],
        )?;
        let metrics = Self {
            registry: Registry::new(),
            pages,
            retries: IntCounter::new(
                "timeline_index_retries_total",
                "Pages that were asked for again because a post on them was deleted meanwhile, or too much had changed",
            )?,
            index_ready: IntGauge::new(
                "timeline_index_ready",
                "Whether there is an index in memory now, 1 or 0",
            )?,
            index_posts: IntGauge::new("timeline_index_posts", "Posts that the index holds")?,
            index_authors: IntGauge::new("timeline_index_authors", "Authors that the index knows")?,
            index_bytes: IntGauge::new(
                "timeline_index_bytes",
                "Memory that the index takes, about",
            )?,
            index_loads: IntCounter::new(
                "timeline_index_loads_total",
                "How often the whole index was read from the database",
            )?,
        };
        metrics.registry.register(Box::new(metrics.pages.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.retries.clone()))?;
        metrics
            .registry
            .register(Box::new(metrics.index_loads.clone()))?;
        for gauge in [
            &metrics.index_ready,
            &metrics.index_posts,
            &metrics.index_authors,
            &metrics.index_bytes,
        ] {
            metrics.registry.register(Box::new(gauge.clone()))?;
        }
        Ok(metrics)
    }

    pub fn registry(&self) -> Registry {
        self.registry.clone()
    }

    pub(super) fn page_found(&self, plan: &str, took: Duration) {
        self.pages
            .with_label_values(&[plan])
            .observe(took.as_secs_f64());
    }

    pub(super) fn page_retried(&self) {
        self.retries.inc();
    }

    pub(super) fn index_loaded(&self) {
        self.index_loads.inc();
        self.index_ready.set(1);
    }

    pub(super) fn index_dropped(&self) {
        self.index_ready.set(0);
        self.index_measured(0, 0, 0);
    }

    pub(super) fn index_measured(&self, posts: usize, authors: usize, bytes: usize) {
        for (gauge, value) in [
            (&self.index_posts, posts),
            (&self.index_authors, authors),
            (&self.index_bytes, bytes),
        ] {
            gauge.set(i64::try_from(value).unwrap_or(i64::MAX));
        }
    }
}
