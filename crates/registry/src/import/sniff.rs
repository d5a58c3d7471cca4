//! What a file is, told by its content as it streams by: a name or a declared type proves nothing.

use unionhall_kernel::{Code, Problem};

use super::{Encoding, FileType, MAX_CSV, MAX_XLSX};

const ZIP: &[u8] = b"PK\x03\x04";
const OLE: &[u8] = &[0xD0, 0xCF, 0x11, 0xE0];

/// Watches a file go by.
#[derive(Debug, Default)]
pub struct Sniffer {
    file_type: Option<FileType>,
    length: u64,
    head: Vec<u8>,
    not_utf8: bool,
    /// The beginning of a character whose end is in the next piece.
    partial: Vec<u8>,
}

fn unsupported(detail: &'static str) -> Problem {
    Problem::new(Code::UnsupportedMediaType).with_detail(detail)
}

impl Sniffer {
    /// Looks at the next piece.
    ///
    /// # Errors
    /// `UNSUPPORTED_MEDIA_TYPE` for anything but CSV and xlsx, `TOO_LARGE` past the limit of its form.
    pub fn piece(&mut self, bytes: &[u8]) -> Result<(), Problem> {
        self.length += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
        if self.head.len() < ZIP.len() {
            self.head.extend(bytes.iter().take(ZIP.len() - self.head.len()));
            if self.head.len() == ZIP.len() {
                self.decide()?;
            }
        }
        let limit = if self.file_type == Some(FileType::Xlsx) { MAX_XLSX } else { MAX_CSV };
        if self.length > limit {
            let detail = "文件过大：CSV不超过200MB，xlsx不超过30MB。";
            return Err(Problem::new(Code::TooLarge).with_detail(detail));
        }
        if self.file_type != Some(FileType::Xlsx) {
            if bytes.contains(&0) {
                return Err(unsupported("不是文本文件，请另存为CSV（UTF-8）或xlsx后重新上传。"));
            }
            self.watch_encoding(bytes);
        }
        Ok(())
    }

    fn decide(&mut self) -> Result<(), Problem> {
        if self.head == OLE {
            return Err(unsupported("不支持旧版xls，请另存为xlsx后重新上传。"));
        }
        if self.head.starts_with(b"%PDF") {
            return Err(unsupported("不支持PDF，请上传CSV或xlsx。"));
        }
        let is_zip = self.head == ZIP;
        self.file_type = Some(if is_zip { FileType::Xlsx } else { FileType::Csv });
        Ok(())
    }

    // UTF-8 if all of it is; a file of an old spreadsheet is GB18030 (docs/RULES.md, imports).
    fn watch_encoding(&mut self, bytes: &[u8]) {
        if self.not_utf8 {
            return;
        }
        self.partial.extend_from_slice(bytes);
        match std::str::from_utf8(&self.partial) {
            Ok(_) => self.partial.clear(),
            Err(error) if error.error_len().is_none() => {
                let valid = error.valid_up_to();
                self.partial.drain(..valid);
            }
            Err(_) => {
                self.not_utf8 = true;
                self.partial = Vec::new();
            }
        }
    }

    /// The verdict over the whole file; `None` for an empty one.
    pub fn finish(self) -> Option<(FileType, Encoding)> {
        if self.length == 0 {
            return None;
        }
        Some(match self.file_type.unwrap_or(FileType::Csv) {
            FileType::Xlsx => (FileType::Xlsx, Encoding::None),
            FileType::Csv if self.not_utf8 || !self.partial.is_empty() => (FileType::Csv, Encoding::Gb18030),
            FileType::Csv => (FileType::Csv, Encoding::Utf8),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sniff(pieces: &[&[u8]]) -> Result<Option<(FileType, Encoding)>, Code> {
        let mut sniffer = Sniffer::default();
        for piece in pieces {
            sniffer.piece(piece).map_err(|problem| problem.code)?;
        }
        Ok(sniffer.finish())
    }

    #[test]
    fn content_tells_form_and_encoding() {
        let csv = |encoding| Ok(Some((FileType::Csv, encoding)));
        assert_eq!(sniff(&[b"a,b\n1,2\n"]), csv(Encoding::Utf8));
        let utf8 = "姓名,手机".as_bytes();
        assert_eq!(sniff(&[&utf8[..4], &utf8[4..5], &utf8[5..]]), csv(Encoding::Utf8));
        assert_eq!(sniff(&[&[0xD0, 0xD5, 0xC3], &[0xFB, b',']]), csv(Encoding::Gb18030));
        assert_eq!(sniff(&[b"x"]), csv(Encoding::Utf8));
        assert_eq!(sniff(&[b"P", b"K\x03", b"\x04rest\0"]), Ok(Some((FileType::Xlsx, Encoding::None))));
        assert_eq!(sniff(&[]), Ok(None));
    }

    #[test]
    fn other_files_are_refused() {
        for other in [&[0xD0, 0xCF, 0x11, 0xE0, 0][..], b"%PDF-1.7", b"\x89PNG\r\n\x1a\n\0", b"\xFF\xFEa\0"] {
            assert_eq!(sniff(&[other]), Err(Code::UnsupportedMediaType));
        }
    }
}
