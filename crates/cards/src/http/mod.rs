//! This room's operations.

mod admin;
mod me;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::standing::CardState;
use crate::store::CardView;

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    me::routes(config);
    admin::routes(config);
}

/// A membership card. 会员卡
#[derive(Debug, Serialize, ToSchema)]
pub struct CardDto {
    /// Its id.
    id: Uuid,
    /// The number people read: 16 digits.
    #[schema(example = "4101021234567891")]
    number: String,
    /// `VIRTUAL`, `COBRAND_DEBIT`, `COBRAND_CREDIT`.
    #[schema(example = "VIRTUAL")]
    kind: String,
    /// The bank that issued it with the union, `ZZB`; null for the virtual card. 发卡银行
    #[schema(example = "ZZB")]
    bank_code: Option<String>,
    /// The last four digits of the bank's number, the only ones that are kept. 银行卡号后四位
    #[schema(example = "0004")]
    last4: Option<String>,
    /// Its state today.
    state: CardState,
    /// The state in words.
    #[schema(example = "正常")]
    state_text: &'static str,
    /// First day, Shanghai.
    valid_from: chrono::NaiveDate,
    /// Last day, Shanghai, inclusive.
    valid_to: chrono::NaiveDate,
}

impl From<CardView> for CardDto {
    fn from(card: CardView) -> Self {
        let CardView {
            id,
            number,
            kind,
            state,
            valid_from,
            valid_to,
            bank_code,
            last4,
            person: _,
            n: _,
            last_step: _,
            status: _,
            lost_at: _,
            version: _,
            validity: _,
            path: _,
        } = card;
        Self { id, number, kind, bank_code, last4, state, state_text: state.text(), valid_from, valid_to }
    }
}
