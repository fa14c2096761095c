use std::fmt;

use bytes::Bytes;
use uuid::Uuid;

use super::UserId;

/// Bytes that an upload may have: 2 MiB.
pub const MAX_UPLOAD: usize = 2 * 1024 * 1024;

/// The formats of pictures that we take and give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureFormat {
    Jpeg,
    Png,
}

impl PictureFormat {
    const ALL: [Self; 2] = [Self::Jpeg, Self::Png];

    /// What the data is by how it begins; what somebody says it is plays no part.
    fn of(data: &[u8]) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|format| data.starts_with(format.signature()))
    }

    fn signature(self) -> &'static [u8] {
        match self {
            // ISO/IEC 10918-1, B.2.1: marker SOI, and the first byte of the next marker.
            Self::Jpeg => &[0xFF, 0xD8, 0xFF],
            // PNG (Third Edition), 5.2.
            Self::Png => b"\x89PNG\r\n\x1a\n",
        }
    }

    /// Of a file name, with the dot.
    fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => ".jpg",
            Self::Png => ".png",
        }
    }

    /// For the header `Content-Type`.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }
}

/// What somebody uploads as a picture of themselves: 2 MiB at most of what begins as JPEG or PNG. Whether a picture
/// follows is known once it is decoded.
#[derive(Clone)]
pub struct AvatarUpload {
    format: PictureFormat,
    data: Bytes,
}

/// Why an upload is not looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadUpload {
    TooLarge,
    /// It begins neither as JPEG nor as PNG.
    UnsupportedType,
}

impl AvatarUpload {
    pub fn parse(data: Bytes) -> Result<Self, BadUpload> {
        if data.len() > MAX_UPLOAD {
            return Err(BadUpload::TooLarge);
        }
        match PictureFormat::of(&data) {
            Some(format) => Ok(Self { format, data }),
            None => Err(BadUpload::UnsupportedType),
        }
    }

    pub fn format(&self) -> PictureFormat {
        self.format
    }

    pub fn data(&self) -> &[u8] {
        &self.data
    }
}

/// The name of a stored avatar: whose it is, an id that is never used again, and its format; such as
/// `019b76da000070008000000000000001-019b76da000070008000000000000002.jpg`. A name always stands for the same bytes, and
/// whoever has only a name knows whose picture they have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AvatarName {
    owner: UserId,
    id: Uuid,
    format: PictureFormat,
}

impl AvatarName {
    /// `id` has to be a new one.
    pub fn new(owner: UserId, id: Uuid, format: PictureFormat) -> Self {
        Self { owner, id, format }
    }

    /// The name that a text is, letter by letter; `None` for every other text, and so for every path.
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, format) = PictureFormat::ALL
            .into_iter()
            .find_map(|format| Some((text.strip_suffix(format.extension())?, format)))?;
        let (owner, id) = stem.split_once('-')?;
        let name = Self {
            owner: UserId::parse(owner)?,
            id: Uuid::try_parse(id).ok()?,
            format,
        };
        // UUIDs can be written in several ways. One of them is ours.
        (name.to_string() == text).then_some(name)
    }

    pub fn owner(&self) -> UserId {
        self.owner
    }

    pub fn format(&self) -> PictureFormat {
        self.format
    }
}

impl fmt::Display for AvatarName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (owner, id) = (self.owner.as_uuid().simple(), self.id.simple());
        write!(f, "{owner}-{id}{}", self.format.extension())
    }
}

/// A stored avatar, as it is served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredAvatar {
    pub media_type: &'static str,
    pub data: Bytes,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(data: &'static [u8]) -> Result<PictureFormat, BadUpload> {
        AvatarUpload::parse(Bytes::from_static(data)).map(|upload| upload.format())
    }

    #[test]
    fn an_upload_is_what_it_begins_as() {
        assert_eq!(parse(b"\xFF\xD8\xFF\xE0"), Ok(PictureFormat::Jpeg));
        assert_eq!(parse(b"\x89PNG\r\n\x1a\n\0"), Ok(PictureFormat::Png));
        for other in [
            &b""[..],
            b"\xFF\xD8",
            b"\x89PNG\n\x1a\n\0",
            b"GIF89a",
            b"RIFF\0\0\0\0WEBP",
            b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>",
            b"<html>\xFF\xD8\xFF",
        ] {
            assert_eq!(parse(other), Err(BadUpload::UnsupportedType), "{other:?}");
        }
    }

    #[test]
    fn an_upload_has_2_mib_at_most() {
        let of = |bytes: usize| {
            let mut data = b"\xFF\xD8\xFF".to_vec();
            data.resize(bytes, 0);
            AvatarUpload::parse(data.into()).map(drop)
        };
        assert_eq!(of(2_097_152), Ok(()));
        assert_eq!(of(2_097_153), Err(BadUpload::TooLarge));
    }

    #[test]
    fn a_name_is_read_back_and_every_other_text_is_none() {
        let owner = UserId::from(Uuid::from_u128(0x0A));
        for (format, text) in [
            (
                PictureFormat::Jpeg,
                "0000000000000000000000000000000a-0000000000000000000000000000000b.jpg",
            ),
            (
                PictureFormat::Png,
                "0000000000000000000000000000000a-0000000000000000000000000000000b.png",
            ),
        ] {
            let name = AvatarName::new(owner, Uuid::from_u128(0x0B), format);
            assert_eq!(name.to_string(), text);
            assert_eq!(AvatarName::parse(text), Some(name));
            assert_eq!(AvatarName::parse(&text.to_uppercase()), None);
            assert_eq!(AvatarName::parse(&text.replace("0a-", "0A-")), None);
        }
        for other in [
            "",
            ".jpg",
            "a-b.jpg",
            "0000000000000000000000000000000a.jpg",
            "0000000000000000000000000000000a-0000000000000000000000000000000b",
            "0000000000000000000000000000000a-0000000000000000000000000000000b.gif",
            "0000000000000000000000000000000a-0000000000000000000000000000000b.jpg.png",
            "0000000000000000000000000000000a-0000000000000000000000000000000b.jpg\0",
            "/0000000000000000000000000000000a-0000000000000000000000000000000b.jpg",
            "../0000000000000000000000000000000a-0000000000000000000000000000000b.jpg",
            "..%2f0000000000000000000000000000000a-0000000000000000000000000000000b.jpg",
            "00000000-0000-0000-0000-00000000000a-0000000000000000000000000000000b.jpg",
            "{0000000000000000000000000000000a}-0000000000000000000000000000000b.jpg",
        ] {
            assert_eq!(AvatarName::parse(other), None, "{other}");
        }
    }
}
