//! An office, and files to upload.

use std::io::Cursor;

use image::{DynamicImage, ImageFormat, Rgba, RgbaImage};
use serde_json::Value;
use unionhall_testkit::{CadreHandle, Reply, TestApp};
use unionhall_web::RoleName;

/// A document that is one as far as anybody looks.
pub const PDF: &[u8] = b"%PDF-1.7\n1 0 obj <</Type /Catalog>> endobj canary-of-the-document\n%%EOF\n";

/// An office whose cadre may upload licences.
pub struct Office {
    pub app: TestApp,
    pub officer: CadreHandle,
}

impl Office {
    pub async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("410102", RoleName::Officer).await;
        Self { app, officer }
    }

    pub async fn upload(&self, file: &[u8]) -> Reply {
        let request = self.app.request("POST", "/v1/files").by(&self.officer.session);
        request.form(&[("purpose", "merchant_licence")], Some(file)).await
    }

    /// The file with a link.
    pub async fn read(&self, file: &Value) -> Value {
        let path = format!("/v1/files/{}", file["id"].as_str().unwrap());
        self.app.get(&path).by(&self.officer.session).await.expect(200)
    }

    /// What a link to the file answers, without a token.
    pub async fn bytes(&self, file: &Value) -> Reply {
        let read = self.read(file).await;
        self.app.get(read["url"].as_str().unwrap()).await
    }
}

/// A picture, its upper left corner transparent.
pub fn picture(width: u32, height: u32) -> DynamicImage {
    let pixel =
        |x, y| if x < width / 2 && y < height / 2 { Rgba([0, 0, 0, 0]) } else { Rgba([200, 16, 16, 255]) };
    DynamicImage::ImageRgba8(RgbaImage::from_fn(width, height, pixel))
}

pub fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    match format {
        ImageFormat::Jpeg => image.to_rgb8().write_to(&mut out, format).unwrap(),
        _ => image.write_to(&mut out, format).unwrap(),
    }
    out.into_inner()
}
