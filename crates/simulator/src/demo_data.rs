//! What `demo.json` holds: whom a newcomer, a test or a demo can log in as.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};
use unionhall_kernel::IdType;

/// A cadre or auditor.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Cadre {
    /// `leader`, `officer`, `auditor`.
    pub role: String,
    /// `province`, `city`, `county`, `union`.
    pub level: String,
    /// The union of the post.
    pub union_id: String,
    /// Six digits: of the province, city or county.
    pub division: String,
    /// Login name.
    pub username: String,
    /// Password.
    pub password: String,
    /// Base32; null below the county.
    pub totp_secret: Option<String>,
    /// Mobile.
    pub mobile: String,
}

/// A manager or cashier of a merchant.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Login {
    /// Login name.
    pub username: String,
    /// Password.
    pub password: String,
    /// Mobile.
    pub mobile: String,
}

/// An offer that runs.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offer {
    /// The campaign.
    pub offer_id: String,
    /// `standing`, `quota`, `coupon`.
    pub kind: String,
    /// Its title.
    pub title: String,
}

/// A merchant with one branch and its running offers: a standing one, a quota and a coupon.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Merchant {
    /// Its manager.
    pub manager: Login,
    /// Its cashier.
    pub staff: Login,
    /// The merchant.
    pub merchant_id: String,
    /// Its branch.
    pub branch_id: String,
    /// What the printed QR says.
    pub branch_code: String,
    /// The county.
    pub division: String,
    /// Its offers; empty in a file of an earlier version.
    #[serde(default)]
    pub offers: Vec<Offer>,
}

/// Somebody on a roster who has not registered.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Member {
    /// The roster's mobile.
    pub mobile: String,
    /// Full name.
    pub name: String,
    /// Type of document.
    pub id_type: IdType,
    /// Its number.
    pub id_number: String,
    /// Their union.
    pub union_id: String,
}

/// The whole file.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DemoData {
    /// Where the API answers, without `/v1`.
    pub base_url: String,
    /// Where metrics and health answer.
    pub internal_url: String,
    /// Where SMS land: JSON lines.
    pub sms_outbox: PathBuf,
    /// Cadres.
    pub cadres: Vec<Cadre>,
    /// An auditor.
    pub auditor: Cadre,
    /// Merchants, one a county.
    pub merchants: Vec<Merchant>,
    /// Members, ten a county.
    pub members: Vec<Member>,
}

impl DemoData {
    /// The file of a data folder.
    pub fn path(folder: &Path) -> PathBuf {
        folder.join("demo.json")
    }

    /// Reads it.
    ///
    /// # Errors
    /// When it is missing or is something else.
    pub fn read(folder: &Path) -> Result<Self> {
        let path = Self::path(folder);
        let text = std::fs::read_to_string(&path).with_context(|| path.display().to_string())?;
        serde_json::from_str(&text).with_context(|| path.display().to_string())
    }

    /// Writes it whole or not at all.
    ///
    /// # Errors
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path) -> Result<()> {
        let (path, part) = (Self::path(folder), folder.join("demo.json.part"));
        std::fs::write(&part, serde_json::to_string_pretty(self)? + "\n")?;
        std::fs::rename(&part, &path).with_context(|| path.display().to_string())
    }

    /// A cadre by role, level and division.
    ///
    /// # Errors
    /// When there is none.
    pub fn cadre(&self, role: &str, level: &str, division: &str) -> Result<&Cadre> {
        let is = |c: &&Cadre| c.role == role && c.level == level && c.division == division;
        self.cadres.iter().find(is).with_context(|| format!("no {role} of {level} {division}"))
    }
}
