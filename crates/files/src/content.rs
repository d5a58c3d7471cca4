//! What a file is, told by its bytes alone, and what is kept of it.
//!
//! An image is decoded and encoded again as JPEG: position, camera and thumbnail go, whatever else was hidden in the
//! file goes, and what a phone wrote into the orientation tag is done to the picture itself. A PDF stays as it is.

use std::io::Cursor;

use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, Limits, Rgb, RgbImage};
use unionhall_kernel::{Code, Invalid, Problem};

/// Largest file taken, bytes.
pub const MAX_BYTES: usize = 10 * 1024 * 1024;
/// Most pixels decoded: phones make 12 million, the largest cameras of phones 50.
const MAX_PIXELS: u64 = 50_000_000;
/// What decoding may allocate, bytes.
const MAX_ALLOC: u64 = 256 * 1024 * 1024;
/// Longest side kept, pixels: small print of a photographed page can be read at this.
const MAX_SIDE: u32 = 4096;
const QUALITY: u8 = 85;

/// What is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaType {
    /// An image, whatever it came as.
    Jpeg,
    /// A document.
    Pdf,
}

impl MediaType {
    /// Every type.
    pub const ALL: &[MediaType] = &[Self::Jpeg, Self::Pdf];

    /// The media type.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Pdf => "application/pdf",
        }
    }

    /// How a file of it is called.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jpeg => "jpg",
            Self::Pdf => "pdf",
        }
    }
}

/// What is kept of a file.
#[derive(Debug)]
pub struct Content {
    /// What it is.
    pub media_type: MediaType,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

fn refused(code: &'static str, detail: &'static str) -> Problem {
    Problem::invalid("/file", Invalid::new(code, detail))
}

pub(crate) fn broken() -> Problem {
    refused("FILE_BROKEN", "文件已损坏，请重新选择。")
}

fn too_many_pixels() -> Problem {
    refused("IMAGE_TOO_LARGE", "图片尺寸过大，请缩小后重新上传。")
}

/// Tells a file by its content and makes what is kept of it. Takes a second or two for a large image.
///
/// # Errors
/// `UNSUPPORTED_MEDIA_TYPE`; at `/file`: `FILE_EMPTY`, `FILE_BROKEN`, `IMAGE_TOO_LARGE`.
pub fn prepare(bytes: Vec<u8>) -> Result<Content, Problem> {
    if bytes.is_empty() {
        return Err(refused("FILE_EMPTY", "文件是空的，请重新选择。"));
    }
    if bytes.starts_with(b"%PDF-") {
        return pdf(bytes);
    }
    let format = image::guess_format(&bytes).ok();
    match format.filter(|f| matches!(f, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) {
        Some(format) => Ok(Content { media_type: MediaType::Jpeg, bytes: jpeg(&decode(&bytes, format)?)? }),
        None => {
            Err(Problem::new(Code::UnsupportedMediaType).with_detail("请上传JPG、PNG、WebP图片或PDF文件。"))
        }
    }
}

// A PDF that ended early lacks its trailer, which stands within the last kilobyte (ISO 32000-1, annex H.3.18).
fn pdf(bytes: Vec<u8>) -> Result<Content, Problem> {
    let end = bytes.len().saturating_sub(1024);
    let trailer = bytes.get(end..).unwrap_or_default();
    if trailer.windows(5).any(|w| w == b"%%EOF") {
        Ok(Content { media_type: MediaType::Pdf, bytes })
    } else {
        Err(broken())
    }
}

fn failed(error: &ImageError) -> Problem {
    match error {
        ImageError::Limits(_) => too_many_pixels(),
        _ => broken(),
    }
}

fn decode(bytes: &[u8], format: ImageFormat) -> Result<DynamicImage, Problem> {
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_alloc = Some(MAX_ALLOC);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|e| failed(&e))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(too_many_pixels());
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut image = DynamicImage::from_decoder(decoder).map_err(|e| failed(&e))?;
    if width.max(height) > MAX_SIDE {
        image = image.resize(MAX_SIDE, MAX_SIDE, FilterType::Triangle);
    }
    image.apply_orientation(orientation);
    Ok(image)
}

fn jpeg(image: &DynamicImage) -> Result<Vec<u8>, Problem> {
    let pixels = if image.color().has_alpha() { on_white(image) } else { image.to_rgb8() };
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, QUALITY).encode_image(&pixels)?;
    Ok(out)
}

// JPEG has no transparency; a seal or a signature that was cut out stands on paper.
fn on_white(image: &DynamicImage) -> RgbImage {
    let image = image.to_rgba8();
    let mut out = RgbImage::new(image.width(), image.height());
    for (to, from) in out.pixels_mut().zip(image.pixels()) {
        let [red, green, blue, alpha] = from.0.map(u16::from);
        // At most 255 by construction.
        let over =
            |colour: u16| u8::try_from((colour * alpha + 255 * (255 - alpha)) / 255).unwrap_or(u8::MAX);
        *to = Rgb([over(red), over(green), over(blue)]);
    }
    out
}
