//! What every calculation shows beside its result: the steps, the law, what is to be watched.

use std::borrow::Cow;

use chrono::NaiveDate;
use serde::Serialize;
use unionhall_kernel::{Fen, Fields, Invalid};
use utoipa::ToSchema;

/// A step of a calculation, for a person to check by hand. 计算步骤
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CalculationLine)]
pub struct Line {
    /// What it is. 项目
    #[schema(example = "平日延长工时加班费")]
    pub label: String,
    /// How it is reckoned, in yuan. 算式
    #[schema(example = "5220.00 ÷ 21.75 ÷ 8 × 10小时 × 150%")]
    pub formula: String,
    /// What comes out, in words. 结果
    #[schema(example = "450.00元")]
    pub value: String,
    /// The same as an amount; null where it is no money. 金额
    pub amount_fen: Option<Fen>,
}

/// An article that a calculation follows, by its meaning. 法律依据
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = LawArticle)]
pub struct Article {
    /// 法律名称
    #[schema(example = "劳动法")]
    pub law: &'static str,
    /// 条款
    #[schema(example = "第四十四条")]
    pub article: &'static str,
    /// What it says, in short and by its meaning. 要点
    #[schema(example = "平日延长工时不低于150%，休息日又不能补休的不低于200%，法定休假日不低于300%")]
    pub text: &'static str,
}

/// A result with the way to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worked<R> {
    /// What was asked.
    pub result: R,
    /// How it came.
    pub lines: Vec<Line>,
    /// What is to be watched.
    pub notes: Vec<String>,
}

/// Lines and notes as they come.
#[derive(Debug, Default)]
pub struct Steps {
    lines: Vec<Line>,
    notes: Vec<String>,
}

impl Steps {
    /// A step that ends in money; answers it.
    pub fn money(&mut self, label: impl Into<Cow<'static, str>>, formula: String, amount: Fen) -> Fen {
        let value = format!("{amount}元");
        self.lines.push(Line { label: label.into().into_owned(), formula, value, amount_fen: Some(amount) });
        amount
    }

    /// A step that ends in something else.
    pub fn say(&mut self, label: impl Into<Cow<'static, str>>, formula: String, value: String) {
        self.lines.push(Line { label: label.into().into_owned(), formula, value, amount_fen: None });
    }

    /// Something to be watched.
    pub fn note(&mut self, text: impl Into<Cow<'static, str>>) {
        self.notes.push(text.into().into_owned());
    }

    /// With the result.
    pub fn done<R>(self, result: R) -> Worked<R> {
        Worked { result, lines: self.lines, notes: self.notes }
    }
}

/// The most yuan a field takes, in fen: a hundred million yuan.
pub const MOST_FEN: i64 = 10_000_000_000;

/// Reads an amount that may be nothing.
///
/// # Errors
/// `AMOUNT_RANGE` below zero or above [`MOST_FEN`].
pub fn amount(fen: i64) -> Result<Fen, Invalid> {
    if fen <= MOST_FEN { Fen::new(fen) } else { Err(RANGE) }
}

/// Reads an amount that is more than nothing.
///
/// # Errors
/// `AMOUNT_RANGE` below one fen or above [`MOST_FEN`].
pub fn wage(fen: i64) -> Result<Fen, Invalid> {
    if fen > 0 { amount(fen) } else { Err(RANGE) }
}

const RANGE: Invalid = Invalid::new("AMOUNT_RANGE", "金额须大于零且不超过一亿元（以分为单位）。");

/// Notes `DATE_ORDER` at `pointer` for an end before its beginning.
pub fn ordered(fields: &mut Fields, first: NaiveDate, last: NaiveDate, pointer: &str) {
    fields.require(first <= last, pointer, Invalid::new("DATE_ORDER", "日期先后有误，不能早于起始日期。"));
}
