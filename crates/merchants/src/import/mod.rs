//! Files of merchants 商户清单: registry's imports ask this room what a row comes to ([`Room`]).
//!
//! A row is a merchant with one of its branches, or none; further rows with the credit code are further branches and
//! say the same of the merchant. A merchant is entered LIVE under the union of the upload, as by `POST /v1/admin/merchants`;
//! one that stands under another union, seen by the importer or not, is for somebody to look at: a file moves none.
//! A branch is known again by its name.

mod draft;
mod judge;
mod revert;
mod write;

use async_trait::async_trait;
use chrono::NaiveDate;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Mobile, Problem, geo::Datum};
use unionhall_registry::import::Kind;
use unionhall_registry::import::room::{Batch, Room, Undo, Verdict, Written};
use unionhall_registry::reconciliation::Held;
use unionhall_storage::{Conn, Core};
use unionhall_web::OrgScope;
use uuid::Uuid;

use self::judge::Purpose;
use crate::branch::BranchDetails;
use crate::merchant::{Details, Merchant};
use crate::schema::{merchant, merchant_branch};

/// The most rows of a file: it is judged and written as a whole.
const MAX_ROWS: usize = 2000;

/// This room's part in imports.
pub struct MerchantFiles {
    /// Database, clock, chance and keys.
    pub core: Core,
}

#[async_trait]
impl Room for MerchantFiles {
    fn kind(&self) -> Kind {
        Kind::Merchants
    }

    fn whole(&self) -> Option<usize> {
        Some(MAX_ROWS)
    }

    async fn judge(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Verdict>, Problem> {
        let judged = judge::judge(&self.core, conn, batch, Purpose::Validate).await?;
        Ok(judged.rows.iter().map(|row| judge::verdict(row, judged.home.as_ref())).collect())
    }

    async fn write(&self, conn: &mut Conn, batch: Batch<'_>) -> Result<Vec<Written>, Problem> {
        write::write(&self.core, conn, batch).await
    }

    async fn revert(&self, conn: &mut Conn, rows: &[Undo]) -> Result<Vec<(Uuid, &'static str)>, Problem> {
        revert::revert(&self.core, conn, rows).await
    }

    async fn holds(&self, conn: &mut Conn, subtree: &OrgScope) -> Result<Vec<Held>, Problem> {
        let live = || {
            let here = merchant::path.ge(subtree.start()).and(merchant::path.lt(subtree.end()));
            here.and(merchant::state.eq_any(["LIVE", "SUSPENDED"]))
        };
        let merchants: i64 = merchant::table.filter(live()).count().get_result(conn).await?;
        let branches: i64 = merchant_branch::table
            .inner_join(merchant::table.on(merchant::id.eq(merchant_branch::merchant_id)))
            .filter(live().and(merchant_branch::state.eq("OPEN")))
            .count()
            .get_result(conn)
            .await?;
        Ok(vec![
            Held::new("merchants", "合作商户（含停用）", merchants),
            Held::new("branches", "营业门店", branches),
        ])
    }
}

/// What a row did to a merchant and to a branch, and what they were before.
#[derive(Debug, Serialize, Deserialize)]
struct Memo {
    merchant: Uuid,
    merchant_did: Did<Before>,
    branch: Option<(Uuid, Did<BranchDetails>)>,
}

/// What a row did, with the version it left behind.
#[derive(Debug, Serialize, Deserialize)]
enum Did<T> {
    Nothing,
    Made(i32),
    Changed(i32, T),
}

/// A merchant as it was.
#[derive(Debug, Serialize, Deserialize)]
struct Before {
    name: String,
    uscc: String,
    category: String,
    division_code: String,
    contract_from: NaiveDate,
    contract_to: NaiveDate,
    contact_name: String,
    /// E.164; a memo is kept sealed.
    contact_mobile: String,
}

impl Before {
    fn of(core: &Core, merchant: &Merchant) -> Result<Self, Problem> {
        Ok(Self {
            name: merchant.name.clone(),
            uscc: merchant.uscc.clone(),
            category: merchant.category.clone(),
            division_code: merchant.division_code.clone(),
            contract_from: merchant.contract_from,
            contract_to: merchant.contract_to,
            contact_name: merchant.contact_name.clone(),
            contact_mobile: merchant.contact_mobile(&core.sealer)?.e164().to_owned(),
        })
    }

    fn into_details(self) -> Result<Details, Problem> {
        let contact_mobile =
            Mobile::parse(&self.contact_mobile).map_err(|_| Problem::internal("a stored mobile is none"))?;
        Ok(Details {
            name: self.name,
            uscc: self.uscc,
            category: self.category,
            division_code: self.division_code,
            contract_from: self.contract_from,
            contract_to: self.contract_to,
            contact_name: self.contact_name,
            contact_mobile,
        })
    }
}

/// The datum that a word names.
fn datum(told: &str) -> Option<Datum> {
    let told = unionhall_kernel::text::compact(told).to_lowercase();
    match told.trim_end_matches("坐标系").trim_end_matches("坐标") {
        "gcj02" | "gcj-02" | "火星" | "国测局" | "高德" | "腾讯" | "微信" => Some(Datum::Gcj02),
        "wgs84" | "wgs-84" | "gps" => Some(Datum::Wgs84),
        "bd09" | "bd-09" | "百度" => Some(Datum::Bd09),
        _ => None,
    }
}
