//! Making avatars of pictures that people upload: upright, 512 by 512 pixels at most, with nothing but pixels in them.
//!
//! A picture of a few kilobytes can ask for gigabytes, and a decoder is the part of us that reads the most complicated
//! input from strangers. So it works on threads of its own, few at once, behind a bounded queue, and knows how many
//! pixels there will be before it has memory for them.

#[cfg(test)]
mod fixtures;
mod jpeg;
mod scaling;
#[cfg(test)]
mod tests;

use std::io::Cursor;

use bytes::Bytes;
use image::{
    DynamicImage, ImageDecoder, ImageError, Limits,
    codecs::{
        jpeg::{JpegDecoder, JpegEncoder},
        png::{CompressionType, FilterType, PngDecoder, PngEncoder},
    },
    metadata::Orientation,
};

use super::{AppError, Result, permits::Permits};
use crate::domain::{AvatarUpload, PictureFormat};

/// Pixels of a side.
pub(super) const MAX_SIDE: u32 = 8192;
/// Pixels in all: a square of 4096. At 8 bytes a pixel, which 16-bit RGBA has, and the coefficients of a progressive
/// JPEG of four components, that is 128 MiB. The picture of 8 bits that is made of it takes another 64 MiB at most, so
/// that one upload needs 192 MiB in the worst case, and `MAX_CONCURRENT` of them 384 MiB. A photo of 12 megapixels takes 60.
pub(super) const MAX_PIXELS: u64 = 4096 * 4096;
/// For what a PNG decoder keeps beside the pixels: lines, text, colour profiles.
const MAX_PNG_EXTRAS: u64 = 8 * 1024 * 1024;

/// Pictures that are decoded at once, on any number of cores: memory is what they need.
const MAX_CONCURRENT: usize = 2;
/// Uploads that wait, of 2 MiB each. The largest pictures take 0.4 s (measured in a release build), and so the last in
/// the queue waits for seven seconds.
const MAX_QUEUED: usize = 32;

/// Of JPEGs, from 1 to 100.
const JPEG_QUALITY: u8 = 85;

/// A picture as it is stored.
#[derive(Debug)]
pub(super) struct Avatar {
    pub format: PictureFormat,
    pub data: Bytes,
}

/// The pool that makes avatars. Cheap to clone.
#[derive(Clone)]
pub struct Pictures(Permits);

impl Default for Pictures {
    fn default() -> Self {
        Self(Permits::new(MAX_CONCURRENT, MAX_QUEUED))
    }
}

impl Pictures {
    pub(super) async fn avatar(&self, upload: AvatarUpload) -> Result<Avatar> {
        self.work(move || avatar(&upload)).await
    }

    async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let permit = self.0.acquire().await.ok_or(AppError::TooManyPictures)?;
        permit.run(work).await.unwrap_or_else(|failed| {
            if failed.is_panic() {
                // A defect of the decoder, which one picture has found. The others go on.
                tracing::error!(error = %failed, "a picture made the decoder panic");
                Err(AppError::AvatarUnsupportedType)
            } else {
                Err(AppError::internal(failed))
            }
        })
    }
}

fn avatar(upload: &AvatarUpload) -> Result<Avatar> {
    let data = upload.data();
    let (picture, orientation) = match upload.format() {
        PictureFormat::Jpeg => {
            let mut decoder = JpegDecoder::new(Cursor::new(data)).map_err(unreadable)?;
            decoder.set_limits(limits()).map_err(unreadable)?;
            if !jpeg::is_complete(data) {
                return Err(AppError::AvatarUnsupportedType);
            }
            pixels(decoder)?
        }
        PictureFormat::Png => {
            pixels(PngDecoder::with_limits(Cursor::new(data), limits()).map_err(unreadable)?)?
        }
    };
    // Turned when it is small, which takes less memory and comes to the same.
    let mut picture = scaling::fit(picture);
    picture.apply_orientation(orientation);
    encode(&picture)
}

fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.max_image_width = Some(MAX_SIDE);
    limits.max_image_height = Some(MAX_SIDE);
    limits.max_alloc = Some(MAX_PNG_EXTRAS);
    limits
}

/// The pixels of a picture, of an animation the first or the default one, and how it is to be turned.
fn pixels(mut decoder: impl ImageDecoder) -> Result<(DynamicImage, Orientation)> {
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(AppError::AvatarTooManyPixels);
    }
    // A picture whose Exif data cannot be read stays as it is.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let picture = DynamicImage::from_decoder(decoder).map_err(unreadable)?;
    Ok((picture, orientation))
}

/// The encoders write what they are given: pixels, and no metadata.
fn encode(picture: &DynamicImage) -> Result<Avatar> {
    let mut data = Vec::new();
    let format = if picture.color().has_alpha() {
        let encoder =
            PngEncoder::new_with_quality(&mut data, CompressionType::Default, FilterType::Adaptive);
        picture
            .write_with_encoder(encoder)
            .map(|()| PictureFormat::Png)
    } else {
        let encoder = JpegEncoder::new_with_quality(&mut data, JPEG_QUALITY);
        picture
            .write_with_encoder(encoder)
            .map(|()| PictureFormat::Jpeg)
    }
    .map_err(AppError::internal)?;
    Ok(Avatar {
        format,
        data: data.into(),
    })
}

/// The fact behind an error of a decoder.
fn unreadable(error: ImageError) -> AppError {
    match error {
        ImageError::Limits(_) => AppError::AvatarTooManyPixels,
        other => {
            tracing::debug!(error = %other, "a picture cannot be read");
            AppError::AvatarUnsupportedType
        }
    }
}
