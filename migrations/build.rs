//! `sqlx::migrate!` makes cargo watch the migrations that it found. New files are found by watching their folder.

fn main() {
    for context in contexts::Context::ALL {
        println!("cargo::rerun-if-changed={context}");
    }
}
