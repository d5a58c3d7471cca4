//! This room's operations.

mod admin_applications;
mod admin_campaigns;
mod admin_codes;
mod admin_licence;
mod admin_merchants;
mod admin_places;
mod admin_redemptions;
mod applications;
mod campaign_terms;
mod me;
mod merchant;
mod merchant_records;
mod own_staff;
mod posters;
mod public;
mod tills;

use serde::Deserialize;
use serde_json::{Map, Value};
use unionhall_kernel::text::{is_within, nfc_trimmed};
use unionhall_kernel::{Invalid, Problem, division};
use unionhall_web::body::parse_json;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    admin_merchants::routes(config);
    admin_licence::routes(config);
    admin_applications::routes(config);
    applications::routes(config);
    admin_places::routes(config);
    admin_campaigns::routes(config);
    admin_codes::routes(config);
    admin_redemptions::routes(config);
    own_staff::routes(config);
    tills::routes(config);
    posters::routes(config);
    public::routes(config);
    me::routes(config);
    merchant::routes(config);
    merchant_records::routes(config);
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MerchantsReason)]
struct ReasonBody {
    /// Why: 2 to 200 characters. 原因
    #[schema(min_length = 2, max_length = 200, example = "收银员录入有误")]
    reason: String,
}

impl ReasonBody {
    fn parse(&self) -> Result<String, Problem> {
        text(&self.reason, 2, 200).map_err(|invalid| Problem::invalid("/reason", invalid))
    }
}

/// A line of text as people write it, trimmed, within a length.
fn text(raw: &str, min: usize, max: usize) -> Result<String, Invalid> {
    let clean = if is_within(raw, min, max) { nfc_trimmed(raw) } else { String::new() };
    if is_within(&clean, min.max(1), max) && !clean.chars().any(char::is_control) {
        Ok(clean)
    } else {
        Err(Invalid::new("TEXT_FORMAT", "请按要求的长度填写，不含换行和控制字符。"))
    }
}

fn division_code(code: &str) -> Result<String, Invalid> {
    division::division(code)
        .map(|d| d.code.to_owned())
        .ok_or(Invalid::new("DIVISION_UNKNOWN", "没有此行政区划代码。"))
}

/// A merge patch as documents show it beside its resource's own schema: fields absent stay as they are.
type Patch = Map<String, Value>;

/// A resource with a merge patch applied (RFC 7396), parsed like a new one.
fn patched<T: serde::de::DeserializeOwned>(
    current: &impl serde::Serialize,
    patch: &Patch,
) -> Result<T, Problem> {
    let mut value = serde_json::to_value(current)?;
    if let Some(fields) = value.as_object_mut() {
        for (name, new) in patch {
            if new.is_null() {
                fields.remove(name);
            } else {
                fields.insert(name.clone(), new.clone());
            }
        }
    }
    parse_json(&serde_json::to_vec(&value)?)
}

/// Commas between words, as list filters write them.
fn words<'a, T: Deserialize<'a>>(parameter: &str, text: Option<&str>) -> Result<Vec<T>, Problem> {
    let words = text.unwrap_or("").split(',').map(str::trim).filter(|w| !w.is_empty());
    words
        .map(|w| {
            let word = serde::de::value::StringDeserializer::<serde::de::value::Error>::new(w.to_owned());
            T::deserialize(word).map_err(|_| {
                Problem::new(unionhall_kernel::Code::InvalidParameter).with("parameter", parameter)
            })
        })
        .collect()
}
