//! CSV, chunk by chunk: at no time is more than one chunk and one row in memory.

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use encoding_rs::{Decoder, DecoderResult, GB18030, UTF_8};
use unionhall_storage::{Core, blob};
use uuid::Uuid;

use crate::import::cell::{Cell, unguarded};
use crate::import::{Encoding, Failure, Import, Stop};

/// The longest row. A quote that is never closed would make the rest of the file one row.
const MAX_ROW: usize = 256 * 1024;
/// Cells a row may have before it is given up.
const MAX_CELLS: usize = 1024;

pub(super) struct CsvRows {
    core: Core,
    import: Uuid,
    next_chunk: i32,
    decoder: Decoder,
    text: Vec<u8>,
    at: usize,
    all_read: bool,
    reader: Option<Reader>,
    row: Vec<u8>,
    ends: Vec<usize>,
}

fn broken(detail: &str) -> Stop {
    Stop::File(Failure::new("FILE_BROKEN", detail))
}

impl CsvRows {
    pub(super) fn new(core: Core, import: &Import) -> Self {
        let decoder = match import.encoding {
            Encoding::Gb18030 => GB18030.new_decoder_without_bom_handling(),
            Encoding::Utf8 | Encoding::None => UTF_8.new_decoder_with_bom_removal(),
        };
        Self {
            core,
            import: import.id,
            next_chunk: 0,
            decoder,
            text: Vec::new(),
            at: 0,
            all_read: false,
            reader: None,
            row: vec![0; 4096],
            ends: vec![0; MAX_CELLS],
        }
    }

    /// Decodes one more chunk behind what is left of the last.
    async fn fill(&mut self) -> Result<(), Stop> {
        self.text.drain(..self.at);
        self.at = 0;
        let mut conn = self.core.db.read().await?;
        let found = blob::chunk(&mut conn, &self.core.sealer, self.import, self.next_chunk).await?;
        drop(conn);
        self.next_chunk += 1;
        self.all_read = found.is_none();
        let bytes = found.unwrap_or_default();
        self.decode(&bytes)
    }

    fn decode(&mut self, bytes: &[u8]) -> Result<(), Stop> {
        let room =
            self.decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(bytes.len() * 4);
        let begin = self.text.len();
        self.text.resize(begin + room, 0);
        let into = self.text.get_mut(begin..).unwrap_or_default();
        let (result, _, written) =
            self.decoder.decode_to_utf8_without_replacement(bytes, into, self.all_read);
        self.text.truncate(begin + written);
        match result {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::OutputFull | DecoderResult::Malformed(..) => Err(Stop::File(Failure::new(
                "FILE_ENCODING",
                "文件编码无法识别，请另存为UTF-8编码的CSV后重新上传。",
            ))),
        }
    }

    /// Separators differ by the spreadsheet's language; the first line tells.
    fn reader(&mut self) -> &mut Reader {
        let text = &self.text;
        self.reader.get_or_insert_with(|| {
            let line = text.split(|b| *b == b'\n').next().unwrap_or_default();
            let count = |separator: u8| line.iter().filter(|b| **b == separator).count();
            let separators = [b',', b'\t', b';'];
            // The last of several that occur equally often would win: the comma comes last.
            let separator = separators.into_iter().rev().max_by_key(|b| count(*b)).unwrap_or(b',');
            ReaderBuilder::new().delimiter(separator).build()
        })
    }

    pub(super) async fn next(&mut self) -> Result<Option<Vec<Cell>>, Stop> {
        let (mut length, mut cells) = (0, 0);
        loop {
            if self.at == self.text.len() && !self.all_read {
                self.fill().await?;
                continue;
            }
            self.reader();
            let Some(reader) = self.reader.as_mut() else { continue };
            let input = self.text.get(self.at..).unwrap_or_default();
            let row = self.row.get_mut(length..).unwrap_or_default();
            let ends = self.ends.get_mut(cells..).unwrap_or_default();
            let (result, read, written, ended) = reader.read_record(input, row, ends);
            self.at += read;
            length += written;
            cells += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.row.len() < MAX_ROW => {
                    let longer = self.row.len() * 2;
                    self.row.resize(longer, 0);
                }
                ReadRecordResult::OutputFull => {
                    return Err(broken("有一行过长，可能缺少配对的引号，请检查后重新上传。"));
                }
                ReadRecordResult::OutputEndsFull => return Err(broken("列数过多，请检查分隔符后重新上传。")),
                ReadRecordResult::Record => return self.cells(cells).map(Some),
                ReadRecordResult::End => return Ok(None),
            }
        }
    }

    fn cells(&self, count: usize) -> Result<Vec<Cell>, Stop> {
        let mut begin = 0;
        let ends = self.ends.iter().take(count);
        ends.map(|end| {
            let bytes = self.row.get(begin..*end).unwrap_or_default();
            begin = *end;
            // It was decoded to UTF-8, and separators are ASCII, so this cannot fail.
            let text = std::str::from_utf8(bytes).map_err(|_| broken("文件内容无法识别。"))?;
            Ok(Cell::Text(unguarded(text.to_owned())))
        })
        .collect()
    }
}
