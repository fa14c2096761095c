//! Settings of PostgreSQL's planner.

use sqlx::PgPool;

/// Every statement of this service reads a bounded number of rows in the order of an index, for any parameters. So each
/// has one good plan, which is made once a connection. Without these settings, the planner was seen to
/// - plan each execution for its parameters, and with a page of 100 rows sort all posts of an author (0.4 ms became 150),
/// - compile a statement for 100 ms because it guessed it to be costly.
const SETTINGS: [(&str, &str); 4] = [
    ("plan_cache_mode", "force_generic_plan"),
    ("enable_seqscan", "off"),
    ("enable_bitmapscan", "off"),
    ("jit", "off"),
];

/// Applies the settings to every connection that the pool opens from now on.
pub fn fix(pool: &PgPool) {
    let options = pool.connect_options().as_ref().clone().options(SETTINGS);
    pool.set_connect_options(options);
}
