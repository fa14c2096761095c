//! Writes the list of files as Rust: the expression of `BUNDLE` in `src/lib.rs`.

use std::{
    fmt::Write as _,
    fs, io,
    path::{Path, PathBuf},
};

/// The list of the files in a folder.
pub fn list(folder: &Path) -> io::Result<String> {
    let mut files = Vec::new();
    collect(folder, &mut files)?;
    files.sort();
    let mut list = "Ok(&[\n".to_owned();
    for file in files.iter().filter(|file| !is_gzipped(file)) {
        let path = file
            .strip_prefix(folder)
            .map_err(io::Error::other)?
            .display()
            .to_string();
        let gzipped = PathBuf::from(format!("{}.gz", file.display()));
        let gzipped = if files.contains(&gzipped) {
            format!("Some({})", included(&gzipped))
        } else {
            "None".to_owned()
        };
        let (media_type, bytes) = (media_type(&path)?, included(file));
        // Writing to a string does not fail.
        let _ = writeln!(
            list,
            "    File {{ path: {path:?}, media_type: {media_type:?}, bytes: {bytes}, gzipped: {gzipped} }},"
        );
    }
    list.push_str("])\n");
    Ok(list)
}

fn included(path: &Path) -> String {
    format!("include_bytes!({:?})", path.display().to_string())
}

/// The list that says why there are none.
pub fn none(reason: &str) -> String {
    format!("Err({reason:?})\n")
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else {
            files.push(path);
        }
    }
    Ok(())
}

fn is_gzipped(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

fn media_type(path: &str) -> io::Result<&'static str> {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => Ok("text/html; charset=utf-8"),
        "js" => Ok("text/javascript"),
        "css" => Ok("text/css"),
        "svg" => Ok("image/svg+xml"),
        "ttf" => Ok("font/ttf"),
        "txt" => Ok("text/plain; charset=utf-8"),
        _ => Err(io::Error::other(format!(
            "{path}: its media type is not in playground/build/bundle.rs"
        ))),
    }
}
