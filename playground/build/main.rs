//! Builds the page in `app/` with npm and Vite, and lists its files for the crate.
//!
//! A machine without Node, or without a network, gets a crate without the page: the list is then why. The page is built in
//! the folder that Cargo gives, and again when a file of it has changed. `ROOKERY_PLAYGROUND=off` leaves it out;
//! `ROOKERY_PLAYGROUND=required` fails the build when it cannot be built.

mod bundle;
mod command;
mod missing;
mod node;
mod sources;

use std::{
    error::Error,
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use command::Step;
use missing::Missing;
use node::{Node, npm_ci};
use sources::Sources;

const VARIABLE: &str = "ROOKERY_PLAYGROUND";
/// The npm workspace: its members `app`, the page, and `node`, a Node to build it with, share one lock file.
const WORKSPACE: [&str; 5] = [".npmrc", "app", "node", "package-lock.json", "package.json"];

/// What the build does about the page.
enum Wish {
    Auto,
    Off,
    Required,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("playground: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-env-changed={VARIABLE}");
    let wish = match variable(VARIABLE).unwrap_or_default().as_str() {
        "" | "auto" => Wish::Auto,
        "off" => Wish::Off,
        "required" => Wish::Required,
        other => {
            return Err(format!("{VARIABLE} is {other}; it may be auto, off or required").into());
        }
    };
    let root = PathBuf::from(given("CARGO_MANIFEST_DIR")?);
    let out = PathBuf::from(given("OUT_DIR")?);
    let sources = Sources::read(&root, &WORKSPACE)?;
    for path in sources.paths() {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    let list = match wish {
        Wish::Off => bundle::none(&format!("it was left out of this build ({VARIABLE}=off)")),
        Wish::Auto | Wish::Required => match build(&sources, &out) {
            Ok(folder) => bundle::list(&folder)?,
            Err(missing) if matches!(wish, Wish::Required) => {
                return Err(missing.report().join("\n").into());
            }
            Err(missing) => {
                // Whoever installs Node by a version manager has another PATH afterwards.
                println!("cargo:rerun-if-env-changed=PATH");
                for line in missing.report() {
                    println!("cargo:warning={line}");
                }
                bundle::none(missing.reason())
            }
        },
    };
    fs::write(out.join("bundle.rs"), list)?;
    Ok(())
}

/// Builds the page unless the present one was built from the same files, and returns its folder.
fn build(sources: &Sources, out: &Path) -> Result<PathBuf, Missing> {
    let (folder, built, stamp) = (
        out.join("page"),
        out.join("dist"),
        out.join("dist.fingerprint"),
    );
    let fingerprint = sources.fingerprint();
    if fs::read_to_string(&stamp).is_ok_and(|known| known == fingerprint) {
        return Ok(built);
    }
    let node = Node::find(sources, &out.join("node"))?;
    install(sources, &folder)?;
    let _ = fs::remove_file(&stamp);
    Step {
        name: "the build of the page (vite build)",
        log: &out.join("vite.log"),
        folder: &folder.join("app"),
        patience: Duration::from_mins(5),
    }
    .run(node.command().args([
        "../node_modules/vite/bin/vite.js",
        "build",
        "--outDir=../../dist",
        "--emptyOutDir",
        "--logLevel=error",
    ]))?;
    fs::write(&stamp, fingerprint)?;
    Ok(built)
}

/// Copies the sources, and installs the page's packages if the lock file has changed.
fn install(sources: &Sources, folder: &Path) -> Result<(), Missing> {
    let modules = folder.join("node_modules");
    // Within what npm deletes first.
    let stamp = modules.join(".installed");
    let lock = sources.text("package-lock.json")?;
    sources.copy(folder)?;
    if fs::read_to_string(&stamp).is_ok_and(|known| known == lock) {
        return Ok(());
    }
    npm_ci(
        folder,
        &["--workspace=app", "--omit=dev", "--include=optional"],
    )?;
    fs::write(&stamp, lock)?;
    Ok(())
}

fn given(name: &str) -> Result<String, String> {
    variable(name).ok_or_else(|| format!("Cargo does not set {name}"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is how Cargo configures a build script"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
