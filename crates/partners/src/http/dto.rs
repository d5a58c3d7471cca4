//! Partners as cadres enter and read them.

use serde::{Deserialize, Serialize};
use unionhall_kernel::text::line;
use unionhall_kernel::{Fields, Invalid, Mobile, OrgName, PersonName, Problem, Uscc, mask};
use unionhall_storage::{Conn, Core};
use unionhall_web::wire;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::key::{self, Key, KeyForm, PublicKey};
use crate::origin;
use crate::partner::{Details, Partner};
use crate::receives::{Receives, Shared};
use crate::state::State;

/// A partner to register. 合作系统登记
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewPartner {
    /// The city's or the province's federation it is registered by; the caller's own without. 登记工会
    pub(super) union_id: Option<Uuid>,
    /// 名称: 2 to 50 characters, which members read.
    #[schema(min_length = 2, max_length = 50, example = "郑州职工文化宫")]
    name: String,
    /// 统一社会信用代码 of whose system it is; it or `organisation` is needed.
    #[schema(value_type = Option<Uscc>, example = "91410100MA000ABC24")]
    uscc: Option<String>,
    /// 单位名称 of whose system it is.
    #[schema(value_type = Option<OrgName>, example = "郑州市工人文化宫")]
    organisation: Option<String>,
    /// 联系人
    #[schema(value_type = PersonName, example = "李建国")]
    contact_name: String,
    /// 联系电话
    #[schema(value_type = Mobile, example = "13800138000")]
    contact_mobile: String,
    /// Where apps may carry a ticket to: `https://`, a name, at most a port. 回跳域名
    #[schema(min_items = 1, max_items = 10, example = json!(["https://park.example.cn"]))]
    redirect_origins: Vec<String>,
    /// What it learns of a member beside a subject of its own; may be nothing. 提供的信息
    #[schema(max_items = 2)]
    receives: Vec<Receives>,
    /// Its first key. 公钥
    public_key: KeyForm,
}

fn optional<T>(
    fields: &mut Fields,
    pointer: &str,
    raw: Option<&str>,
    parse: fn(&str) -> Result<T, Invalid>,
) -> Option<T> {
    raw.filter(|text| !text.trim().is_empty()).and_then(|text| fields.take(pointer, parse(text)))
}

pub(super) fn parse_key(fields: &mut Fields, pointer: &str, form: &KeyForm) -> Option<PublicKey> {
    fields.take(pointer, PublicKey::parse(form))
}

impl NewPartner {
    pub(super) fn parse(&self) -> Result<(Details, PublicKey), Problem> {
        let mut fields = Fields::new();
        let name = fields.take("/name", line(&self.name, 2, 50));
        let uscc = optional(&mut fields, "/uscc", self.uscc.as_deref(), Uscc::parse);
        let organisation =
            optional(&mut fields, "/organisation", self.organisation.as_deref(), OrgName::parse);
        let given = |text: &Option<String>| text.as_deref().is_some_and(|text| !text.trim().is_empty());
        let either = Invalid::new("REQUIRED", "请填写统一社会信用代码或单位名称。");
        fields.require(given(&self.uscc) || given(&self.organisation), "/uscc", either);
        let contact = fields.take("/contact_name", PersonName::parse(&self.contact_name));
        let mobile = fields.take("/contact_mobile", Mobile::parse(&self.contact_mobile));
        let origins = match origin::all(&self.redirect_origins) {
            Ok(origins) => Some(origins),
            Err((n, invalid)) => {
                let at = n.map_or_else(String::new, |n| format!("/{n}"));
                fields.refuse(&format!("/redirect_origins{at}"), invalid);
                None
            }
        };
        let key = parse_key(&mut fields, "/public_key", &self.public_key);
        match (name, contact, mobile, origins, key) {
            (Some(name), Some(contact), Some(contact_mobile), Some(redirect_origins), Some(key)) => {
                fields.finish()?;
                let details = Details {
                    name,
                    uscc: uscc.map(|uscc| uscc.as_str().to_owned()),
                    organisation: organisation.map(|name| name.as_str().to_owned()),
                    contact_name: contact.as_str().to_owned(),
                    contact_mobile,
                    redirect_origins,
                    receives: Shared::of(&self.receives),
                };
                Ok((details, key))
            }
            _ => Err(fields.problem()),
        }
    }
}

/// A partner in a list. 合作系统
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartnerHead {
    /// Its id, and its client_id.
    id: Uuid,
    /// 状态
    state: State,
    /// 状态说明
    #[schema(example = "已启用")]
    state_text: &'static str,
    /// Why it was suspended, resumed or closed. 原因
    #[schema(example = "系统整改")]
    reason: Option<String>,
    /// The union that registered it. 登记工会
    union_id: Uuid,
    /// 名称
    #[schema(example = "郑州职工文化宫")]
    name: String,
    /// 统一社会信用代码
    #[schema(example = "91410100MA000ABC24")]
    uscc: Option<String>,
    /// 单位名称
    #[schema(example = "郑州市工人文化宫")]
    organisation: Option<String>,
    /// What it learns. 提供的信息
    receives: Vec<Receives>,
}

impl From<&Partner> for PartnerHead {
    fn from(partner: &Partner) -> Self {
        Self {
            id: partner.id,
            state: partner.state,
            state_text: partner.state.text(),
            reason: partner.reason.clone(),
            union_id: partner.org_id,
            name: partner.name.clone(),
            uscc: partner.uscc.clone(),
            organisation: partner.organisation.clone(),
            receives: partner.receives.as_slice().to_vec(),
        }
    }
}

/// A live key of a partner. 公钥
#[derive(Debug, Serialize, ToSchema)]
struct PartnerKeyDto {
    /// Its id, to remove it by.
    id: Uuid,
    /// The key, base64url. 公钥
    #[schema(example = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")]
    public_key: String,
    /// Since when.
    added_at: String,
}

impl From<Key> for PartnerKeyDto {
    fn from(key: Key) -> Self {
        let Key { id, public, added_at } = key;
        Self { id, public_key: public.text(), added_at: wire::instant(added_at) }
    }
}

/// A partner. 合作系统
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PartnerDto {
    /// What lists show.
    #[serde(flatten)]
    head: PartnerHead,
    /// 联系人
    #[schema(example = "李*国")]
    contact_name: String,
    /// 联系电话
    #[schema(example = "138****8000")]
    contact_mobile: String,
    /// Where apps may carry a ticket to. 回跳域名
    #[schema(example = json!(["https://park.example.cn"]))]
    redirect_origins: Vec<String>,
    /// Its live keys, oldest first: two at most. 公钥
    keys: Vec<PartnerKeyDto>,
}

impl PartnerDto {
    pub(super) async fn of(core: &Core, conn: &mut Conn, partner: &Partner) -> Result<Self, Problem> {
        Ok(Self {
            head: PartnerHead::from(partner),
            contact_name: mask::name(&partner.contact_name),
            contact_mobile: partner.contact_mobile(&core.sealer)?.masked(),
            redirect_origins: partner.redirect_origins.clone(),
            keys: key::live(conn, partner.id).await?.into_iter().map(PartnerKeyDto::from).collect(),
        })
    }
}
