//! `sqlx::migrate!` watches the files that it found, not the folders for new ones.

fn main() {
    for folder in ["users", "posts", "messaging"] {
        println!("cargo::rerun-if-changed={folder}");
    }
}
