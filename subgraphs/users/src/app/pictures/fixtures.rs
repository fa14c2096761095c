//! Pictures written byte by byte, with what encoders do not write: metadata, rare formats, lies.

use std::iter;

/// What a fixture holds where no metadata may be left: a place.
pub(super) const PLACE: &str = "48.8584N 2.2945E";

/// Exif data (CIPA DC-008, 4.6): how the picture is to be turned, and where it was taken.
pub(super) fn exif(orientation: u8) -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: usize, value: u32| {
        let mut entry = [tag.to_le_bytes(), kind.to_le_bytes()].concat();
        entry.extend(u32::try_from(count).unwrap().to_le_bytes());
        entry.extend(value.to_le_bytes());
        entry
    };
    [
        b"II\x2A\0\x08\0\0\0".to_vec(),
        // The first directory, at 8: Orientation, and where the directory GPS is.
        vec![2, 0],
        entry(0x0112, 3, 1, orientation.into()),
        entry(0x8825, 4, 1, 38),
        vec![0; 4],
        // At 38: GPSMapDatum, a text.
        vec![1, 0],
        entry(0x0012, 2, PLACE.len(), 56),
        vec![0; 4],
        PLACE.into(),
    ]
    .concat()
}

/// A PNG of samples as they stand in it, each line behind its filter byte.
pub(super) struct Png {
    pub size: (u32, u32),
    pub depth: u8,
    pub color: u8,
    pub interlaced: bool,
    /// Chunks before the samples and behind them.
    pub before: Vec<Vec<u8>>,
    pub behind: Vec<Vec<u8>>,
    pub lines: Vec<u8>,
}

pub(super) const GRAY: u8 = 0;
pub(super) const RGB: u8 = 2;
pub(super) const PALETTE: u8 = 3;
pub(super) const GRAY_ALPHA: u8 = 4;
pub(super) const RGBA: u8 = 6;

impl Png {
    /// A picture all of the same pixel, which has so many bytes.
    pub fn plain(size: (u32, u32), depth: u8, color: u8, pixel: &[u8]) -> Self {
        let line: Vec<u8> = iter::once(0).chain(pixel.repeat(size.0 as usize)).collect();
        Self {
            size,
            depth,
            color,
            interlaced: false,
            before: Vec::new(),
            behind: Vec::new(),
            lines: line.repeat(size.1 as usize),
        }
    }

    pub fn with(mut self, chunk: Vec<u8>) -> Self {
        self.before.push(chunk);
        self
    }

    pub fn bytes(&self) -> Vec<u8> {
        let (width, height) = self.size;
        let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        header.extend([self.depth, self.color, 0, 0, self.interlaced.into()]);
        [
            b"\x89PNG\r\n\x1a\n".to_vec(),
            chunk(b"IHDR", &header),
            self.before.concat(),
            chunk(b"IDAT", &zlib(&self.lines)),
            self.behind.concat(),
            chunk(b"IEND", &[]),
        ]
        .concat()
    }
}

pub(super) fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let checked = [kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    let sum = crc(&checked).to_be_bytes();
    [&length[..], &checked, &sum].concat()
}

/// PNG (Third Edition), annex D.
fn crc(data: &[u8]) -> u32 {
    !data.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            (sum >> 1) ^ (0xEDB8_8320 * (sum & 1))
        })
    })
}

/// RFC 1950 and 1951, nothing compressed.
pub(super) fn zlib(data: &[u8]) -> Vec<u8> {
    let (mut a, mut b) = (1, 0);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    let mut stream = vec![0x78, 0x01];
    for block in data.chunks(0xFFFF) {
        let length = u16::try_from(block.len()).unwrap();
        stream.push(0);
        stream.extend(length.to_le_bytes());
        stream.extend((!length).to_le_bytes());
        stream.extend(block);
    }
    // The last block: empty.
    stream.extend([1, 0, 0, 0xFF, 0xFF]);
    stream.extend((b << 16 | a).to_be_bytes());
    stream
}

/// A JPEG of a row of blocks of 8 by 8 pixels, each all of one color: samples as they stand in it, a component each.
pub(super) struct Jpeg<'a> {
    pub blocks: &'a [&'a [u8]],
    pub progressive: bool,
    /// Segments before the frame.
    pub segments: Vec<Vec<u8>>,
}

impl Jpeg<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        self.of_size(u16::try_from(self.blocks.len() * 8).unwrap(), 8)
    }

    /// The same, saying that it has another size.
    pub fn of_size(&self, width: u16, height: u16) -> Vec<u8> {
        let components = u8::try_from(self.blocks[0].len()).unwrap();
        let ids = 1..=components;
        let mut frame = vec![8];
        frame.extend(height.to_be_bytes());
        frame.extend(width.to_be_bytes());
        frame.push(components);
        frame.extend(ids.clone().flat_map(|id| [id, 0x11, 0]));
        let frame_marker = if self.progressive { 0xC2 } else { 0xC0 };
        // Twelve codes of 4 bits for the categories of a difference; the code 0 for a block that ends.
        let dc = [
            &[0, 0, 0, 0, 12][..],
            &[0; 12],
            &(0..12).collect::<Vec<_>>(),
        ]
        .concat();
        let ac = [&[0x10, 1][..], &[0; 15], &[0]].concat();
        let mut bytes = [
            vec![0xFF, 0xD8],
            self.segments.concat(),
            segment(0xDB, &[&[0][..], &[1; 64]].concat()),
            segment(frame_marker, &frame),
            segment(0xC4, &dc),
            segment(0xC4, &ac),
        ]
        .concat();
        let all: Vec<u8> = ids.clone().collect();
        if self.progressive {
            bytes.extend(self.scan(&all, (0, 0)));
            for id in ids {
                bytes.extend(self.scan(&[id], (1, 63)));
            }
        } else {
            bytes.extend(self.scan(&all, (0, 63)));
        }
        bytes.extend([0xFF, 0xD9]);
        bytes
    }

    fn scan(&self, ids: &[u8], (start, end): (u8, u8)) -> Vec<u8> {
        let mut header = vec![u8::try_from(ids.len()).unwrap()];
        header.extend(ids.iter().flat_map(|id| [*id, 0x00]));
        header.extend([start, end, 0]);
        let mut bits = Vec::new();
        let mut before = vec![0; ids.len()];
        for block in self.blocks {
            for (before, id) in before.iter_mut().zip(ids) {
                if start == 0 {
                    // The DC coefficient of a block of one value is 8 times that value.
                    let level = 8 * (i32::from(block[usize::from(*id) - 1]) - 128);
                    difference(&mut bits, level - *before);
                    *before = level;
                }
                if end > 0 {
                    bits.push(false);
                }
            }
        }
        let mut bytes = segment(0xDA, &header);
        for byte in bits.chunks(8) {
            let byte = (0..8).fold(0, |sum, bit| {
                sum << 1 | u8::from(*byte.get(bit).unwrap_or(&true))
            });
            bytes.push(byte);
            if byte == 0xFF {
                bytes.push(0);
            }
        }
        bytes
    }
}

/// ISO/IEC 10918-1, F.1.2.1: the category, then as many bits.
fn difference(bits: &mut Vec<bool>, difference: i32) {
    let category = 32 - difference.unsigned_abs().leading_zeros();
    let value = if difference < 0 {
        difference + (1 << category) - 1
    } else {
        difference
    };
    bits.extend((0..4).rev().map(|bit| category >> bit & 1 == 1));
    bits.extend((0..category).rev().map(|bit| value >> bit & 1 == 1));
}

pub(super) fn segment(marker: u8, data: &[u8]) -> Vec<u8> {
    let length = u16::try_from(data.len() + 2).unwrap().to_be_bytes();
    [&[0xFF, marker][..], &length, data].concat()
}
