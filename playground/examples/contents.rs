//! Prints what this build has of the page: its files with their sizes in bytes, or why there are none.

fn main() {
    match playground::BUNDLE {
        Ok(files) => {
            for file in files {
                let gzipped = file.gzipped.map_or(0, <[u8]>::len);
                println!("{:>9} {gzipped:>9} {}", file.bytes.len(), file.path);
            }
        }
        Err(reason) => println!("missing: {reason}"),
    }
}
