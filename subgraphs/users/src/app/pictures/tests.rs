use image::{GenericImageView, ImageFormat, Rgba};
use testkit::Log;

use super::{
    fixtures::{
        GRAY, GRAY_ALPHA, Jpeg, PALETTE, PLACE, Png, RGB, RGBA, chunk, exif, segment, zlib,
    },
    *,
};

const RED: [u8; 3] = [255, 0, 0];
const BLUE: [u8; 3] = [0, 0, 255];
/// The same in YCbCr (JFIF 1.02).
const RED_YCC: &[u8] = &[76, 85, 255];
const BLUE_YCC: &[u8] = &[29, 255, 107];

fn avatar_of(data: &[u8]) -> Result<Avatar> {
    avatar(&AvatarUpload::parse(Bytes::copy_from_slice(data))?)
}

/// What somebody sees who gets the avatar of a picture.
fn seen(data: &[u8]) -> DynamicImage {
    let avatar = avatar_of(data).unwrap();
    let format = match avatar.format {
        PictureFormat::Jpeg => ImageFormat::Jpeg,
        PictureFormat::Png => ImageFormat::Png,
    };
    image::load_from_memory_with_format(&avatar.data, format).unwrap()
}

#[track_caller]
fn assert_pixel(picture: &DynamicImage, (x, y): (u32, u32), expected: [u8; 3]) {
    let Rgba([found @ .., _]) = picture.get_pixel(x, y);
    let near = is_near(found, expected);
    assert!(near, "{found:?} at {x}, {y}, and not {expected:?}");
}

fn is_near(found: [u8; 3], expected: [u8; 3]) -> bool {
    found.iter().zip(expected).all(|(a, b)| a.abs_diff(b) <= 6)
}

fn jpeg(blocks: &[&[u8]]) -> Vec<u8> {
    jpeg_with(blocks, Vec::new())
}

fn jpeg_with(blocks: &[&[u8]], segments: Vec<Vec<u8>>) -> Vec<u8> {
    let progressive = false;
    Jpeg {
        blocks,
        progressive,
        segments,
    }
    .bytes()
}

fn exif_segment(orientation: u8) -> Vec<u8> {
    segment(0xE1, &[b"Exif\0\0", exif(orientation).as_slice()].concat())
}

fn adobe(transform: u8) -> Vec<u8> {
    segment(0xEE, &[b"Adobe\0\x64\0\0\0\0", &[transform][..]].concat())
}

fn contains(data: &[u8], what: &str) -> bool {
    data.windows(what.len()).any(|part| part == what.as_bytes())
}

#[test]
fn a_jpeg_loses_what_it_says_about_its_maker() {
    let secrets = [
        exif_segment(1),
        segment(
            0xE1,
            format!("http://ns.adobe.com/xap/1.0/\0<x>{PLACE}</x>").as_bytes(),
        ),
        segment(0xED, format!("Photoshop 3.0\0{PLACE}").as_bytes()),
        segment(0xFE, PLACE.as_bytes()),
    ];
    let picture = jpeg_with(&[RED_YCC], secrets.into());
    assert!(contains(&picture, PLACE));
    let avatar = avatar_of(&picture).unwrap();
    assert_eq!(avatar.format, PictureFormat::Jpeg);
    for gone in [PLACE, "Exif", "adobe", "Photoshop"] {
        assert!(!contains(&avatar.data, gone), "{gone}");
    }
}

#[test]
fn a_png_loses_everything_but_its_pixels() {
    let text = |kind, before: &[u8]| chunk(kind, &[before, PLACE.as_bytes()].concat());
    let mut picture = Png::plain((3, 2), 8, RGBA, &[255, 0, 0, 100])
        .with(text(b"tEXt", b"Comment\0"))
        .with(text(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0"))
        .with(chunk(
            b"zTXt",
            &[b"Author\0\0", &zlib(PLACE.as_bytes())[..]].concat(),
        ))
        .with(chunk(b"eXIf", &exif(1)))
        .with(chunk(b"tIME", &[7, 0xE9, 1, 1, 0, 0, 0]));
    picture.behind.push(text(b"tEXt", b"Location\0"));
    let picture = picture.bytes();
    assert!(contains(&picture, PLACE));
    let avatar = avatar_of(&picture).unwrap();
    assert_eq!(avatar.format, PictureFormat::Png);
    assert!(!contains(&avatar.data, PLACE));
    let mut rest = avatar.data.get(8..).unwrap();
    let mut kinds = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk() {
        kinds.push(String::from_utf8_lossy(&behind[..4]).into_owned());
        rest = &behind[8 + u32::from_be_bytes(*length) as usize..];
    }
    kinds.dedup();
    assert_eq!(kinds, ["IHDR", "IDAT", "IEND"]);
}

#[test]
fn a_picture_is_turned_as_its_exif_data_says() {
    // Red on the left of 16 by 8 pixels, before the turn.
    for (orientation, red, blue) in [
        (0, (1, 4), (14, 4)),
        (1, (1, 4), (14, 4)),
        (2, (14, 4), (1, 4)),
        (3, (14, 4), (1, 4)),
        (4, (1, 4), (14, 4)),
        (5, (4, 1), (4, 14)),
        (6, (4, 1), (4, 14)),
        (7, (4, 14), (4, 1)),
        (8, (4, 14), (4, 1)),
        (9, (1, 4), (14, 4)),
    ] {
        let exif_jpeg = jpeg_with(&[RED_YCC, BLUE_YCC], vec![exif_segment(orientation)]);
        let mut exif_png =
            Png::plain((16, 8), 8, RGB, &RED).with(chunk(b"eXIf", &exif(orientation)));
        let line = [&[0][..], &RED.repeat(8), &BLUE.repeat(8)].concat();
        exif_png.lines = line.repeat(8);
        for picture in [exif_jpeg, exif_png.bytes()] {
            let seen = seen(&picture);
            let upright = if (5..=8).contains(&orientation) {
                (8, 16)
            } else {
                (16, 8)
            };
            assert_eq!(seen.dimensions(), upright, "{orientation}");
            assert_pixel(&seen, red, RED);
            assert_pixel(&seen, blue, BLUE);
        }
    }
}

#[test]
fn a_picture_is_scaled_down_to_512_pixels_and_never_up() {
    for (size, expected) in [
        ((1024, 512), (512, 256)),
        ((300, 900), (171, 512)),
        ((513, 513), (512, 512)),
        ((512, 512), (512, 512)),
        ((512, 30), (512, 30)),
        ((1, 1), (1, 1)),
        ((8192, 1), (512, 1)),
        ((1, 8192), (1, 512)),
    ] {
        let picture = Png::plain(size, 8, GRAY, &[200]).bytes();
        let seen = seen(&picture);
        assert_eq!(seen.dimensions(), expected, "{size:?}");
        assert_pixel(&seen, (0, 0), [200; 3]);
    }
}

#[test]
fn a_picture_with_more_pixels_than_we_decode_is_too_large_whatever_it_weighs() {
    let png = |size| {
        Png {
            size,
            ..Png::plain((1, 1), 16, RGBA, &[0; 8])
        }
        .bytes()
    };
    let jpeg = |width, height| {
        Jpeg {
            blocks: &[RED_YCC],
            progressive: true,
            segments: Vec::new(),
        }
        .of_size(width, height)
    };
    for bomb in [
        png((60_000, 60_000)),
        png((0x7FFF_FFFF, 0x7FFF_FFFF)),
        png((8193, 1)),
        png((1, 8193)),
        png((4097, 4096)),
        jpeg(65_535, 65_535),
        jpeg(8193, 8),
        jpeg(8, 8193),
        jpeg(8192, 2049),
    ] {
        assert!(bomb.len() < 1000);
        let refused = avatar_of(&bomb);
        assert!(
            matches!(refused, Err(AppError::AvatarTooManyPixels)),
            "{refused:?}"
        );
    }
    // As many as we decode, but they are not there.
    let refused = avatar_of(&png((4096, 4096)));
    assert!(
        matches!(refused, Err(AppError::AvatarUnsupportedType)),
        "{refused:?}"
    );
}

#[test]
fn what_is_cut_off_or_no_picture_is_unsupported() {
    let jpeg = jpeg(&[RED_YCC, BLUE_YCC]);
    let png = Png::plain((16, 8), 8, RGB, &RED).bytes();
    // Without its last chunk, which is empty, a PNG is as good as whole.
    let pixels = png.len() - 12;
    for (picture, length) in [(&jpeg, jpeg.len()), (&png, pixels)] {
        for length in 0..length {
            let refused = avatar_of(&picture[..length]);
            assert!(
                matches!(refused, Err(AppError::AvatarUnsupportedType)),
                "{length}: {refused:?}"
            );
        }
        assert!(avatar_of(picture).is_ok());
    }
    for signature in [&b"\xFF\xD8\xFF"[..], b"\x89PNG\r\n\x1a\n"] {
        let refused = avatar_of(&[signature, b"<script>alert(1)</script>"].concat());
        assert!(
            matches!(refused, Err(AppError::AvatarUnsupportedType)),
            "{refused:?}"
        );
    }
    let empty = avatar_of(&Png::plain((0, 0), 8, RGB, &RED).bytes());
    assert!(
        matches!(empty, Err(AppError::AvatarUnsupportedType)),
        "{empty:?}"
    );
}

#[test]
fn a_picture_that_is_damaged_anywhere_is_decoded_or_refused() {
    let pictures = [
        jpeg_with(&[RED_YCC, BLUE_YCC], vec![exif_segment(6)]),
        Jpeg {
            blocks: &[RED_YCC],
            progressive: true,
            segments: vec![adobe(1)],
        }
        .bytes(),
        Png::plain((3, 2), 16, RGBA, &[0x7F; 8])
            .with(chunk(b"eXIf", &exif(3)))
            .bytes(),
    ];
    for picture in pictures {
        for at in 0..picture.len() {
            for damage in [0x01, 0x80, 0xFF] {
                let mut damaged = picture.clone();
                damaged[at] ^= damage;
                match std::panic::catch_unwind(|| avatar_of(&damaged)) {
                    Ok(
                        Ok(_)
                        | Err(AppError::AvatarUnsupportedType | AppError::AvatarTooManyPixels),
                    ) => {}
                    other => panic!("{damage:#x} at {at}: {other:?}"),
                }
            }
        }
    }
}

#[test]
fn a_jpeg_may_be_gray_progressive_or_for_print() {
    let progressive = |blocks| {
        Jpeg {
            blocks,
            progressive: true,
            segments: Vec::new(),
        }
        .bytes()
    };
    for picture in [jpeg(&[&[200], &[20]]), progressive(&[&[200], &[20]])] {
        let seen = seen(&picture);
        assert_pixel(&seen, (1, 1), [200; 3]);
        assert_pixel(&seen, (14, 1), [20; 3]);
    }
    // As Adobe writes them: 255 is no ink. In YCCK it is what the ink takes from white that is turned into YCC.
    let cmyk = jpeg_with(&[&[255, 0, 0, 255], &[0, 0, 255, 255]], vec![adobe(0)]);
    let ycck = jpeg_with(&[&[179, 171, 0, 255], &[226, 0, 149, 255]], vec![adobe(2)]);
    let rgb = jpeg_with(&[&RED, &BLUE], vec![adobe(0)]);
    for picture in [progressive(&[RED_YCC, BLUE_YCC]), cmyk, ycck, rgb] {
        let seen = seen(&picture);
        assert_eq!(seen.dimensions(), (16, 8));
        assert_pixel(&seen, (1, 1), RED);
        assert_pixel(&seen, (14, 1), BLUE);
    }
}

#[test]
fn a_png_may_have_any_color_type_and_depth() {
    let palette = || chunk(b"PLTE", &[BLUE, RED].concat());
    let plain = |depth, color, pixel: &[u8]| Png::plain((8, 8), depth, color, pixel);
    let packed = |depth, lines: &[u8]| {
        Png {
            lines: lines.repeat(8),
            ..plain(depth, PALETTE, &[])
        }
        .with(palette())
    };
    for (picture, expected) in [
        (plain(8, GRAY, &[200]), [200; 3]),
        (plain(16, GRAY, &[200, 1]), [200; 3]),
        (plain(8, RGB, &RED), RED),
        (plain(16, RGB, &[255, 255, 0, 0, 0, 0]), RED),
        (plain(8, PALETTE, &[1]).with(palette()), RED),
        (packed(1, &[0, 0xFF]), RED),
        (packed(2, &[0, 0x55, 0x55]), RED),
        (packed(4, &[0, 0x11, 0x11, 0x11, 0x11]), RED),
    ] {
        let picture = picture.bytes();
        assert_eq!(avatar_of(&picture).unwrap().format, PictureFormat::Jpeg);
        assert_pixel(&seen(&picture), (7, 7), expected);
    }
    let transparent = |alpha: &[u8]| {
        plain(8, PALETTE, &[1])
            .with(palette())
            .with(chunk(b"tRNS", alpha))
    };
    for (picture, expected) in [
        (plain(8, RGBA, &[255, 0, 0, 100]), [255, 0, 0, 100]),
        (
            plain(16, RGBA, &[255, 255, 0, 0, 0, 0, 100, 0]),
            [255, 0, 0, 100],
        ),
        (plain(8, GRAY_ALPHA, &[200, 100]), [200, 200, 200, 100]),
        (transparent(&[255, 100]), [255, 0, 0, 100]),
    ] {
        let picture = picture.bytes();
        assert_eq!(avatar_of(&picture).unwrap().format, PictureFormat::Png);
        assert_eq!(seen(&picture).get_pixel(7, 7), Rgba(expected));
    }
}

#[test]
fn a_png_may_be_interlaced_or_move() {
    // Adam7 (PNG, 8): the passes of 8 by 8 pixels have so many lines of so many pixels each.
    let passes = [(1, 1), (1, 1), (1, 2), (2, 2), (2, 4), (4, 4), (4, 8)];
    let lines = passes
        .into_iter()
        .flat_map(|(lines, pixels)| [&[0][..], &RED.repeat(pixels)].concat().repeat(lines));
    let interlaced = Png {
        interlaced: true,
        lines: lines.collect(),
        ..Png::plain((8, 8), 8, RGB, &RED)
    };
    let mut moving = Png::plain((8, 8), 8, RGB, &RED)
        .with(chunk(b"acTL", &[0, 0, 0, 2, 0, 0, 0, 0]))
        .with(frame(0));
    let second = Png::plain((8, 8), 8, RGB, &BLUE).lines;
    moving.behind = vec![
        frame(1),
        chunk(b"fdAT", &[&[0, 0, 0, 2][..], &zlib(&second)].concat()),
    ];
    for picture in [interlaced, moving] {
        let seen = seen(&picture.bytes());
        assert_eq!(seen.dimensions(), (8, 8));
        for at in [(0, 0), (3, 4), (7, 7)] {
            assert_pixel(&seen, at, RED);
        }
    }
}

/// An fcTL chunk (PNG, 11.3.6.2) of a frame of 8 by 8 pixels.
fn frame(number: u8) -> Vec<u8> {
    let numbers = [number.into(), 8, 8, 0, 0].map(u32::to_be_bytes).concat();
    chunk(b"fcTL", &[&numbers[..], &[0, 1, 0, 10, 0, 0]].concat())
}

#[test]
fn colors_that_nobody_sees_do_not_bleed() {
    // Red beside a transparent black.
    let line = [&[0][..], &[255, 0, 0, 255].repeat(500), &[0; 4].repeat(501)].concat();
    let picture = Png {
        lines: line.repeat(10),
        ..Png::plain((1001, 10), 8, RGBA, &[])
    };
    let seen = seen(&picture.bytes()).into_rgba8();
    assert_eq!(seen.width(), 512);
    let mut edge = 0;
    for Rgba([red, green, blue, alpha]) in seen.pixels() {
        edge += u32::from((1..=254).contains(alpha));
        if *alpha > 0 {
            assert!(
                *red >= 250 && *green == 0 && *blue == 0,
                "{red} {green} {blue} {alpha}"
            );
        }
    }
    assert!(edge > 0, "scaling mixes the two");
}

#[test]
fn what_is_opaque_all_over_becomes_a_jpeg() {
    let picture = Png::plain((600, 1), 8, RGBA, &[255, 0, 0, 255]).bytes();
    assert_eq!(avatar_of(&picture).unwrap().format, PictureFormat::Jpeg);
    assert_pixel(&seen(&picture), (0, 0), RED);
}

#[tokio::test]
async fn past_a_full_queue_the_answer_is_to_come_back_later() {
    let pictures = Pictures::default();
    let upload = AvatarUpload::parse(jpeg(&[RED_YCC]).into()).unwrap();
    let taken = pictures.0.fill();
    let refused = pictures.avatar(upload.clone()).await.unwrap_err();
    assert!(matches!(refused, AppError::TooManyPictures));
    drop(taken);
    assert!(pictures.avatar(upload).await.is_ok());
}

#[tokio::test]
async fn a_decoder_that_panics_has_refused_a_picture() {
    let log = Log::record();
    let pictures = Pictures::default();
    for _ in 0..=MAX_CONCURRENT {
        let refused = pictures.work::<Avatar>(|| panic!("index out of bounds"));
        let refused = refused.await.unwrap_err();
        assert!(matches!(refused, AppError::AvatarUnsupportedType));
    }
    assert!(log.text().contains("a picture made the decoder panic"));
}
