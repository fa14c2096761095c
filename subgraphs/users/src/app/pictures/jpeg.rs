//! The frame of a JPEG, as far as we look at it ourselves.

/// Whether a JPEG goes on to its end: the marker EOI behind its segments and scans (ISO/IEC 10918-1, B.1.1 and B.2.1).
/// The decoder does not tell; it makes what is missing grey.
pub(super) fn is_complete(data: &[u8]) -> bool {
    reaches_the_end(data).is_some()
}

fn reaches_the_end(data: &[u8]) -> Option<()> {
    let mut rest = data;
    loop {
        // Everything up to the next FF is what a segment or a scan is about.
        let marker = rest.iter().position(|byte| *byte == 0xFF)? + 1;
        rest = rest.get(marker..)?;
        let (code, behind) = rest.split_first()?;
        rest = match code {
            // EOI.
            0xD9 => return Some(()),
            // Bytes that fill up before a marker.
            0xFF => continue,
            // A byte FF of a scan; TEM; RST0 to RST7; SOI. They have no length.
            0x00 | 0x01 | 0xD0..=0xD8 => behind,
            // A segment, whose length counts itself. What is in it, such as the end of a thumbnail, is its own matter.
            _ => {
                let length = behind.first_chunk().copied().map(u16::from_be_bytes)?;
                behind.get(usize::from(length)..)?
            }
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOI: [u8; 2] = [0xFF, 0xD8];
    const EOI: [u8; 2] = [0xFF, 0xD9];
    /// A segment that holds the end of another picture.
    const THUMBNAIL: [u8; 6] = [0xFF, 0xE1, 0, 4, 0xFF, 0xD9];
    /// A scan with a stuffed byte, a restart and a fill byte in it.
    const SCAN: [u8; 13] = [
        0xFF, 0xDA, 0, 3, 1, 7, 0xFF, 0x00, 0xD9, 0xFF, 0xD0, 8, 0xFF,
    ];

    #[test]
    fn a_picture_is_complete_with_its_own_end() {
        let whole = [&SOI[..], &THUMBNAIL, &SCAN, &EOI, b"what a camera adds"].concat();
        assert!(is_complete(&whole));
        let end = SOI.len() + THUMBNAIL.len() + SCAN.len() + EOI.len();
        for length in 0..end {
            assert!(!is_complete(whole.get(..length).unwrap()), "{length}");
        }
    }
}
