//! What a file is, and what is kept of it.

use image::ImageFormat;
use proptest::prelude::*;
use unionhall_files::{MediaType, prepare};

use crate::office::{Office, PDF, encoded, picture};

/// What a camera writes in front of a picture: its orientation (6: turn by a quarter), and text beside it.
fn photographed(jpeg: &[u8], text: &[u8]) -> Vec<u8> {
    let mut tiff = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\x06\0\0\0\0\0\0\0".to_vec();
    tiff.extend(text);
    let length = u16::try_from(tiff.len() + 2).unwrap().to_be_bytes();
    [&jpeg[..2], b"\xFF\xE1", &length, &tiff, &jpeg[2..]].concat()
}

fn holds(bytes: &[u8], text: &[u8]) -> bool {
    bytes.windows(text.len()).any(|w| w == text)
}

#[tokio::test]
async fn an_image_is_kept_as_a_picture_and_nothing_else() {
    let office = Office::open().await;
    let taken = photographed(&encoded(&picture(64, 32), ImageFormat::Jpeg), b"34.7466N 113.6253E");
    let file = office.upload(&taken).await.expect(201);
    assert_eq!((&file["type"], &file["purpose"]), (&"image/jpeg".into(), &"merchant_licence".into()));
    let reply = office.bytes(&file).await;
    assert_eq!((reply.status, reply.header("content-type")), (200, Some("image/jpeg")));
    assert!(!holds(&reply.body, b"113.6253E") && !holds(&reply.body, b"Exif"));
    let kept = image::load_from_memory(&reply.body).unwrap();
    assert_eq!((kept.width(), kept.height()), (32, 64), "turned as the camera said");
    assert_eq!(file["size"], reply.body.len());
}

#[tokio::test]
async fn what_was_transparent_is_white_and_what_is_huge_is_made_smaller() {
    let office = Office::open().await;
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let file = office.upload(&encoded(&picture(64, 32), format)).await.expect(201);
        let kept = image::load_from_memory(&office.bytes(&file).await.body).unwrap().to_rgb8();
        let near =
            |pixel: &image::Rgb<u8>, want: [u8; 3]| pixel.0.iter().zip(want).all(|(a, b)| a.abs_diff(b) < 12);
        assert!(near(kept.get_pixel(4, 4), [255, 255, 255]), "{format:?}: {:?}", kept.get_pixel(4, 4));
        assert!(near(kept.get_pixel(60, 28), [200, 16, 16]), "{format:?}: {:?}", kept.get_pixel(60, 28));
    }
    let wide = encoded(&picture(8192, 16), ImageFormat::Png);
    let file = office.upload(&wide).await.expect(201);
    let kept = image::load_from_memory(&office.bytes(&file).await.body).unwrap();
    assert_eq!((kept.width(), kept.height()), (4096, 8));
}

#[tokio::test]
async fn a_document_is_kept_byte_by_byte_and_sealed() {
    let office = Office::open().await;
    // Longer than a chunk, and not a multiple of one.
    let long = [PDF, &vec![b'x'; 700_000], b"\n%%EOF\n"].concat();
    for document in [PDF, &long] {
        let file = office.upload(document).await.expect(201);
        assert_eq!(file["type"], "application/pdf");
        let reply = office.bytes(&file).await;
        assert_eq!(reply.body, document);
        assert_eq!(reply.header("content-length"), Some(document.len().to_string().as_str()));
    }
    let canary = "SELECT count(*) FROM blob_chunk WHERE position('canary-of-the'::bytea IN sealed) > 0";
    assert_eq!(office.app.number("SELECT count(*) FROM blob_chunk").await, 4);
    assert_eq!(office.app.number(canary).await, 0);
}

#[tokio::test]
async fn what_is_no_file_of_ours_is_refused_and_leaves_nothing() {
    let office = Office::open().await;
    let code = |reply: unionhall_testkit::Reply| {
        assert_eq!(reply.problem(422), "VALIDATION_FAILED");
        let error = reply.json()["errors"][0].clone();
        assert_eq!(error["pointer"], "/file");
        error["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(code(office.upload(b"").await), "FILE_EMPTY");
    assert_eq!(code(office.upload(&PDF[..PDF.len() - 7]).await), "FILE_BROKEN");
    let png = encoded(&picture(64, 32), ImageFormat::Png);
    assert_eq!(code(office.upload(&png[..png.len() / 2]).await), "FILE_BROKEN");
    // A few bytes that say they are 60,000 by 60,000 pixels.
    let mut bomb = png.clone();
    bomb[16..24].copy_from_slice(&[0, 0, 0xEA, 0x60, 0, 0, 0xEA, 0x60]);
    let body = crc(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&body);
    assert_eq!(code(office.upload(&bomb).await), "IMAGE_TOO_LARGE");
    for other in [&b"GIF89a\x01\0\x01\0\0\0\0;"[..], b"MZ\x90\0", b"<html><script>", b"PK\x03\x04"] {
        assert_eq!(office.upload(other).await.problem(415), "UNSUPPORTED_MEDIA_TYPE");
    }
    let large = [PDF, &vec![b'x'; 10 * 1024 * 1024]].concat();
    assert_eq!(office.upload(&large).await.problem(413), "TOO_LARGE");
    let send = |fields: &'static [(&'static str, &'static str)], file: Option<&'static [u8]>| {
        office.app.request("POST", "/v1/files").by(&office.officer.session).form(fields, file).into_future()
    };
    let pointer = |reply: unionhall_testkit::Reply| {
        reply.problem(422);
        let error = reply.json()["errors"][0].clone();
        format!("{} {}", error["pointer"].as_str().unwrap(), error["code"].as_str().unwrap())
    };
    assert_eq!(pointer(send(&[], Some(PDF)).await), "/purpose REQUIRED");
    assert_eq!(pointer(send(&[("purpose", "selfie")], Some(PDF)).await), "/purpose INVALID_TYPE");
    assert_eq!(pointer(send(&[("purpose", "merchant_licence")], None).await), "/file REQUIRED");
    assert_eq!(pointer(send(&[("why", "x")], Some(PDF)).await), "/why UNKNOWN_FIELD");
    assert_eq!(office.app.number("SELECT count(*) FROM file").await, 0);
    assert_eq!(office.app.number("SELECT count(*) FROM blob").await, 0);
}

/// The checksum of a PNG chunk (ISO 3309).
fn crc(bytes: &[u8]) -> [u8; 4] {
    let mut crc = u32::MAX;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        }
    }
    (!crc).to_be_bytes()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    // Whatever arrives, it is a picture afterwards or it is refused; the decoders do not panic.
    #[test]
    fn damaged_images_are_pictures_or_refused(
        format in prop::sample::select(vec![ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP]),
        damage in prop::collection::vec((12usize..400, any::<u8>()), 1..6),
        cut in prop::option::of(12usize..400),
    ) {
        let mut bytes = encoded(&picture(40, 24), format);
        for (at, with) in damage {
            let at = at % bytes.len();
            bytes[at] = with;
        }
        bytes.truncate(cut.unwrap_or(usize::MAX));
        if let Ok(content) = prepare(bytes) {
            prop_assert_eq!(content.media_type, MediaType::Jpeg);
            prop_assert!(image::load_from_memory_with_format(&content.bytes, ImageFormat::Jpeg).is_ok());
        }
    }
}
