//! Making a picture smaller.

use image::{DynamicImage, RgbaImage, imageops::FilterType};

/// Pixels of a side of an avatar, at most.
pub(super) const SIDE: u32 = 512;

/// The picture with 8 bits a channel, scaled down to fit and never up; with an alpha channel only where something of it
/// is transparent.
pub(super) fn fit(picture: DynamicImage) -> DynamicImage {
    let fits = picture.width() <= SIDE && picture.height() <= SIDE;
    let shrink = |picture: DynamicImage| {
        if fits {
            picture
        } else {
            picture.resize(SIDE, SIDE, FilterType::CatmullRom)
        }
    };
    match (picture.color().has_alpha(), picture.color().has_color()) {
        (false, false) => return shrink(picture.into_luma8().into()),
        (false, true) => return shrink(picture.into_rgb8().into()),
        (true, _) => {}
    }
    let mut picture = picture.into_rgba8();
    if picture.pixels().all(|pixel| pixel.0[3] == u8::MAX) {
        return shrink(picture.into()).into_rgb8().into();
    }
    if fits {
        return picture.into();
    }
    multiply(&mut picture);
    let mut picture = shrink(picture.into()).into_rgba8();
    divide(&mut picture);
    picture.into()
}

/// Weighs colours by their opacity, so that those that nobody sees do not bleed into those beside them: scaling takes
/// each channel by itself.
fn multiply(picture: &mut RgbaImage) {
    for pixel in picture.pixels_mut() {
        let [.., alpha] = pixel.0;
        for channel in pixel.0.iter_mut().take(3) {
            *channel = rounded(u16::from(*channel) * u16::from(alpha), u8::MAX);
        }
    }
}

/// The colours again.
fn divide(picture: &mut RgbaImage) {
    for pixel in picture.pixels_mut() {
        let [.., alpha] = pixel.0;
        for channel in pixel.0.iter_mut().take(3) {
            *channel = rounded(u16::from(*channel) * u16::from(u8::MAX), alpha);
        }
    }
}

/// The quotient, rounded; a channel at most, and 0 where nothing is to be seen.
fn rounded(dividend: u16, divisor: u8) -> u8 {
    let divisor = u16::from(divisor);
    let quotient = (dividend + divisor / 2).checked_div(divisor).unwrap_or(0);
    u8::try_from(quotient).unwrap_or(u8::MAX)
}
