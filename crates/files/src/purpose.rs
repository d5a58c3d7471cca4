//! What a file may be for, and who may upload one for it.

use serde::Serialize;
use unionhall_web::policy::{Action, allows};
use unionhall_web::{Principal, Realm};
use utoipa::ToSchema;

/// What a file is for. 文件用途
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FilePurpose)]
pub enum Purpose {
    /// 商户营业执照
    MerchantLicence,
    /// 信息更正证明材料
    CorrectionEvidence,
    /// 代办委托书（会员签字）
    OnBehalfForm,
    /// 招聘单位营业执照或批准文件
    RecruiterLicence,
    /// 招聘经办人授权委托书
    RecruiterAuthorisation,
    /// 法律咨询、法律援助材料
    LegalMaterial,
}

impl Purpose {
    /// Every purpose.
    pub const ALL: &[Purpose] = &[
        Self::MerchantLicence,
        Self::CorrectionEvidence,
        Self::OnBehalfForm,
        Self::RecruiterLicence,
        Self::RecruiterAuthorisation,
        Self::LegalMaterial,
    ];

    /// The word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MerchantLicence => "merchant_licence",
            Self::CorrectionEvidence => "correction_evidence",
            Self::OnBehalfForm => "on_behalf_form",
            Self::RecruiterLicence => "recruiter_licence",
            Self::RecruiterAuthorisation => "recruiter_authorisation",
            Self::LegalMaterial => "legal_material",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|purpose| purpose.as_str() == word)
    }

    /// Whether somebody may upload a file for this: whoever may do what it is attached to.
    pub fn is_open_to(self, principal: &Principal) -> bool {
        let role = principal.role.as_ref().map(|role| role.name);
        let may = |action| principal.realm == Realm::Cadre && role.is_some_and(|role| allows(role, action));
        match self {
            // A merchant that applies has no role yet.
            Self::MerchantLicence => may(Action::MerchantWrite) || principal.realm == Realm::Merchant,
            Self::CorrectionEvidence => principal.realm == Realm::Member,
            Self::LegalMaterial => matches!(principal.realm, Realm::Member | Realm::Lawyer),
            Self::OnBehalfForm => may(Action::MemberAssist),
            Self::RecruiterLicence | Self::RecruiterAuthorisation => principal.realm == Realm::Recruiter,
        }
    }
}
