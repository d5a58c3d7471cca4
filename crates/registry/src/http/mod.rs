//! This room's operations.

mod assist;
mod audit_log;
mod correction_review;
mod corrections;
mod exports;
mod imports;
mod join;
mod join_review;
mod leavers;
mod me;
mod member_steps;
mod members;
mod mobile_changes;
mod modules;
mod posts;
mod reconciliations;
mod unions;

use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use unionhall_kernel::{IdType, mask};

pub use me::MembershipDto;

use crate::member::Member;
use crate::membership::{Reason, State};

/// Registers the room's operations.
pub fn routes(config: &mut ServiceConfig) {
    me::routes(config);
    join::routes(config);
    join_review::routes(config);
    assist::routes(config);
    leavers::routes(config);
    members::routes(config);
    member_steps::routes(config);
    mobile_changes::routes(config);
    corrections::routes(config);
    correction_review::routes(config);
    unions::routes(config);
    modules::routes(config);
    posts::routes(config);
    audit_log::routes(config);
    imports::routes(config);
    reconciliations::routes(config);
    exports::routes(config);
}

/// A member, masked. 会员（脱敏）
#[derive(Debug, Serialize, ToSchema)]
struct MemberDto {
    /// The natural person.
    id: Uuid,
    /// 姓名
    #[schema(example = "王*明")]
    name: String,
    /// 证件类型
    id_type: IdType,
    /// 证件号码
    #[schema(example = "4101**********9982")]
    id_number: String,
    /// 手机 (the roster's)
    #[schema(example = "138****8000")]
    mobile: Option<String>,
    /// 所属工会
    union_id: Uuid,
    /// 工会名称
    union_name: String,
    /// 会籍状态
    state: State,
    /// 原因
    reason: Option<Reason>,
    /// 实名等级: 0 phone, 1 matched, 2 face or bank; 0 without an account.
    #[schema(minimum = 0, maximum = 2)]
    real_name_level: u8,
}

impl From<Member> for MemberDto {
    fn from(member: Member) -> Self {
        let Member {
            person,
            membership: _,
            path: _,
            name,
            id_type,
            id_number,
            mobile,
            union,
            union_name,
            state,
            reason,
            level,
        } = member;
        Self {
            id: person,
            name: mask::name(&name),
            id_type,
            id_number: mask::document_number(&id_number),
            mobile: mobile.map(|m| m.masked()),
            union_id: union,
            union_name,
            state,
            reason,
            real_name_level: level,
        }
    }
}
