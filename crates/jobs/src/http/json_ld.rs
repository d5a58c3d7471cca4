//! A posting as schema.org's JobPosting, for search engines: amounts in yuan, as they expect them, made from integer fen.

use serde::Serialize;
use unionhall_kernel::{division, shanghai_date};
use utoipa::ToSchema;

use crate::posting::pay::Period;
use crate::posting::{Posting, Terms};

/// schema.org JobPosting.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobPostingLd {
    /// Always `https://schema.org/`.
    #[serde(rename = "@context")]
    #[schema(example = "https://schema.org/")]
    context: &'static str,
    /// Always `JobPosting`.
    #[serde(rename = "@type")]
    #[schema(example = "JobPosting")]
    kind: &'static str,
    /// Its id.
    identifier: String,
    /// 职位名称
    title: String,
    /// 工作内容与招聘条件
    description: String,
    /// First day. 发布日期
    #[serde(rename = "datePosted")]
    date_posted: Option<chrono::NaiveDate>,
    /// The end of the last day, Shanghai. 截止时间
    #[serde(rename = "validThrough")]
    #[schema(example = "2026-12-20T23:59:59+08:00")]
    valid_through: Option<String>,
    /// `FULL_TIME`, `PART_TIME`, `TEMPORARY` or `INTERN`. 用工类型
    #[serde(rename = "employmentType")]
    #[schema(example = "FULL_TIME")]
    employment_type: &'static str,
    /// 招聘人数
    #[serde(rename = "totalJobOpenings")]
    openings: i32,
    /// 招聘单位
    #[serde(rename = "hiringOrganization")]
    organisation: OrganizationLd,
    /// 工作地点
    #[serde(rename = "jobLocation")]
    location: PlaceLd,
    /// Left out where pay is not disclosed or goes by the piece. 劳动报酬
    #[serde(rename = "baseSalary", skip_serializing_if = "Option::is_none")]
    salary: Option<SalaryLd>,
}

/// schema.org Organization.
#[derive(Debug, Serialize, ToSchema)]
struct OrganizationLd {
    /// Always `Organization`.
    #[serde(rename = "@type")]
    #[schema(example = "Organization")]
    kind: &'static str,
    /// 单位名称
    name: String,
}

/// schema.org Place.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceLd {
    /// Always `Place`.
    #[serde(rename = "@type")]
    #[schema(example = "Place")]
    kind: &'static str,
    /// 地址
    address: AddressLd,
}

/// schema.org PostalAddress.
#[derive(Debug, Serialize, ToSchema)]
struct AddressLd {
    /// Always `PostalAddress`.
    #[serde(rename = "@type")]
    #[schema(example = "PostalAddress")]
    kind: &'static str,
    /// 详细地址
    #[serde(rename = "streetAddress")]
    street: String,
    /// 区县
    #[serde(rename = "addressLocality")]
    locality: Option<&'static str>,
    /// 省
    #[serde(rename = "addressRegion")]
    region: Option<&'static str>,
    /// Always `CN`.
    #[serde(rename = "addressCountry")]
    #[schema(example = "CN")]
    country: &'static str,
}

/// schema.org MonetaryAmount.
#[derive(Debug, Serialize, ToSchema)]
struct SalaryLd {
    /// Always `MonetaryAmount`.
    #[serde(rename = "@type")]
    #[schema(example = "MonetaryAmount")]
    kind: &'static str,
    /// Always `CNY`.
    #[schema(example = "CNY")]
    currency: &'static str,
    /// 金额
    value: QuantityLd,
}

/// schema.org QuantitativeValue.
#[derive(Debug, Serialize, ToSchema)]
struct QuantityLd {
    /// Always `QuantitativeValue`.
    #[serde(rename = "@type")]
    #[schema(example = "QuantitativeValue")]
    kind: &'static str,
    /// At least, yuan. 最低
    #[serde(rename = "minValue")]
    #[schema(example = 4500.0)]
    min: f64,
    /// At most, yuan. 最高
    #[serde(rename = "maxValue", skip_serializing_if = "Option::is_none")]
    #[schema(example = 6000.0)]
    max: Option<f64>,
    /// `HOUR`, `DAY`, `MONTH` or `YEAR`. 周期
    #[serde(rename = "unitText")]
    #[schema(example = "MONTH")]
    unit: &'static str,
}

// A published amount for reading, not for reckoning: at most nine digits, which a float holds exactly enough.
fn yuan(fen: i64) -> f64 {
    fen as f64 / 100.0
}

fn salary(terms: &Terms) -> Option<SalaryLd> {
    let unit = match terms.pay.period {
        Period::Hour => "HOUR",
        Period::Day => "DAY",
        Period::Month => "MONTH",
        Period::Year => "YEAR",
        Period::Piece => return None,
    };
    let (min, max) = (yuan(terms.pay.min?), terms.pay.max.map(yuan));
    let value = QuantityLd { kind: "QuantitativeValue", min, max, unit };
    Some(SalaryLd { kind: "MonetaryAmount", currency: "CNY", value })
}

impl JobPostingLd {
    pub(super) fn of(posting: &Posting, terms: &Terms, recruiter_name: &str) -> Self {
        let name = |level: u8| {
            let own = division::division(&terms.division_code).into_iter();
            let mut line = own.chain(division::ancestors(&terms.division_code));
            line.find(|division| division.level == level).map(|division| division.name)
        };
        Self {
            context: "https://schema.org/",
            kind: "JobPosting",
            identifier: posting.id.to_string(),
            title: terms.title.clone(),
            description: format!("{}\n{}", terms.content, terms.conditions),
            date_posted: posting.published_at.map(shanghai_date),
            valid_through: posting.valid_through.map(|last| format!("{last}T23:59:59+08:00")),
            employment_type: terms.employment_type.schema_org(),
            openings: terms.headcount,
            organisation: OrganizationLd { kind: "Organization", name: recruiter_name.to_owned() },
            location: PlaceLd {
                kind: "Place",
                address: AddressLd {
                    kind: "PostalAddress",
                    street: terms.address.clone(),
                    locality: name(3),
                    region: name(1),
                    country: "CN",
                },
            },
            salary: salary(terms),
        }
    }
}
