//! Who is calling, and for whom they act.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use unionhall_storage::audit::{Event, chain_of};
use unionhall_storage::page::subtree_end;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::assist::Assist;
use crate::request::RequestInfo;

// `$word` is a `tt`: a `literal` would reach the schema derive wrapped, and the derive would not see it.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:tt,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every value.
            pub const ALL: &[$name] = &[$($name::$variant),*];

            /// The word on the wire and in the store.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word,)* }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(self.as_str()) }
        }

        impl FromStr for $name {
            type Err = UnknownWord;
            fn from_str(s: &str) -> Result<Self, UnknownWord> {
                match s { $($word => Ok($name::$variant),)* _ => Err(UnknownWord(s.to_owned())) }
            }
        }
    };
}

/// A word that is none of the known ones.
#[derive(Debug)]
pub struct UnknownWord(String);

impl fmt::Display for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "unknown word {:?}", self.0)
    }
}

impl std::error::Error for UnknownWord {}

words! {
    /// A realm of accounts: logins are unique within one, and each has its token audience.
    Realm {
        /// 会员
        Member = "member",
        /// 工会干部
        Cadre = "cadre",
        /// 商户
        Merchant = "merchant",
        /// 律师
        Lawyer = "lawyer",
        /// 招聘单位
        Recruiter = "recruiter",
        /// 审计人员
        Auditor = "auditor",
        /// 合作系统
        Partner = "partner",
    }
}

impl Realm {
    /// The token audience: the name of the document whose operations the token opens.
    pub const fn audience(self) -> &'static str {
        match self {
            Self::Cadre | Self::Auditor => "admin",
            other => other.as_str(),
        }
    }
}

words! {
    /// What somebody is in an organisation. 职务
    RoleName {
        /// 工会主席（负责人）: approves what another person entered
        Leader = "leader",
        /// 经办人: enters
        Officer = "officer",
        /// 审核人
        Reviewer = "reviewer",
        /// 资金出纳
        CashierOfFunds = "cashier_of_funds",
        /// 会籍管理员
        Registrar = "registrar",
        /// 法律工作人员
        LegalOfficer = "legal_officer",
        /// 普惠商户管理员
        MerchantOfficer = "merchant_officer",
        /// 审计（经审）
        Auditor = "auditor",
        /// 系统管理员
        SystemAdmin = "system_admin",
        /// 安全管理员
        SecurityAdmin = "security_admin",
        /// 审计管理员
        AuditAdmin = "audit_admin",
        /// 商户负责人
        Manager = "manager",
        /// 收银员
        Staff = "staff",
        /// 律师
        Lawyer = "lawyer",
        /// 招聘经办人
        Recruiter = "recruiter",
        /// 会员本人
        Member = "member",
    }
}

/// The union a cadre acts for, or the branch a merchant's staff stands at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seat {
    /// A union: its id and path of org codes.
    Union {
        /// The union.
        id: Uuid,
        /// `/41/4101/410102/`
        path: String,
    },
    /// A merchant, and the branch unless the role covers all of them.
    Branch {
        /// The merchant.
        merchant: Uuid,
        /// The branch; a manager's role may cover all.
        branch: Option<Uuid>,
        /// The path of the union that manages the merchant.
        path: String,
    },
    /// A recruiter.
    Recruiter {
        /// Which one.
        recruiter: Uuid,
    },
    /// The person themself.
    Own,
}

/// A role somebody holds: a cadre's post, a place on a merchant's staff, or being a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// The post or staff row; for a member, the account.
    pub id: Uuid,
    /// What it is.
    pub name: RoleName,
    /// Where it is held.
    pub seat: Seat,
    /// Whether acting in it takes TOTP: cadres of the county and above, and auditors.
    pub totp: bool,
    /// Roles this holder may grant, within the subtree (the grant ceiling).
    pub ceiling: Vec<RoleName>,
    /// From when.
    pub from: DateTime<Utc>,
    /// Until when; open without.
    pub to: Option<DateTime<Utc>>,
}

impl Role {
    /// Whether the role is in force at an instant: `from <= now < to`.
    pub fn in_force(&self, now: DateTime<Utc>) -> bool {
        self.from <= now && self.to.is_none_or(|to| now < to)
    }
}

/// An authenticated account with its present state: never what the token said when it was issued.
#[derive(Debug, Clone)]
pub struct Principal {
    /// The account.
    pub account: Uuid,
    /// The natural person, where known.
    pub person: Option<Uuid>,
    /// The account's realm.
    pub realm: Realm,
    /// The session.
    pub session: Uuid,
    /// Real-name level: 0 phone, 1 matched, 2 face or bank.
    pub level: u8,
    /// The role acted in.
    pub role: Option<Role>,
    /// Whether the session began with a PIN at a till: it serves that till, and is nobody's login otherwise.
    pub pinned: bool,
    /// Who acts for the member, where it is not they themself.
    pub assist: Option<Arc<Assist>>,
}

/// The subtree of unions a cadre may see: a half-open range of paths.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrgScope {
    path: String,
    end: String,
}

impl OrgScope {
    /// The subtree under `path`, the union itself included.
    pub fn subtree(path: &str) -> Self {
        Self { path: path.to_owned(), end: subtree_end(path) }
    }

    /// Whether this is the whole province.
    pub fn is_whole_tree(&self) -> bool {
        self.path.matches('/').count() == 2
    }

    /// First path of the range (inclusive).
    pub fn start(&self) -> &str {
        &self.path
    }

    /// End of the range (exclusive).
    pub fn end(&self) -> &str {
        &self.end
    }

    /// Whether `path` lies within.
    pub fn contains(&self, path: &str) -> bool {
        path.starts_with(&self.path)
    }

    /// The part of this scope under `path`; `None` when `path` is not within.
    pub fn narrow(&self, path: &str) -> Option<Self> {
        self.contains(path).then(|| Self::subtree(path))
    }
}

/// Who acts, for audit rows and separation of duties.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The natural person.
    pub person: Option<Uuid>,
    /// The account.
    pub account: Option<Uuid>,
    /// The post or staff role.
    pub post: Option<Uuid>,
    /// The union acted for, with its path.
    pub org: Option<(Uuid, String)>,
    /// The channel.
    pub channel: String,
    /// The request.
    pub request_id: Option<Uuid>,
    /// The natural person they act for, where it is another's matter.
    pub on_behalf_of: Option<Uuid>,
}

impl Actor {
    /// The actor of a request.
    pub fn of(principal: &Principal, info: &RequestInfo) -> Self {
        if let Some(assist) = &principal.assist {
            let Assist { person, account, post, org, way, scopes: _, below_county: _ } = assist.as_ref();
            return Self {
                person: Some(*person),
                account: Some(*account),
                post: *post,
                org: org.clone(),
                channel: way.as_str().to_owned(),
                request_id: Some(info.id),
                on_behalf_of: principal.person,
            };
        }
        let role = principal.role.as_ref();
        Self {
            person: principal.person,
            account: Some(principal.account),
            post: role.filter(|r| r.seat != Seat::Own).map(|r| r.id),
            org: role.and_then(|r| match &r.seat {
                Seat::Union { id, path } => Some((*id, path.clone())),
                Seat::Branch { .. } | Seat::Recruiter { .. } | Seat::Own => None,
            }),
            channel: info.channel.clone(),
            request_id: Some(info.id),
            on_behalf_of: None,
        }
    }

    /// Somebody who is not logged in.
    pub fn anonymous(info: &RequestInfo) -> Self {
        Self {
            person: None,
            account: None,
            post: None,
            org: None,
            channel: info.channel.clone(),
            request_id: Some(info.id),
            on_behalf_of: None,
        }
    }

    /// The system itself, in a background task.
    pub fn task() -> Self {
        Self {
            person: None,
            account: None,
            post: None,
            org: None,
            channel: "task".into(),
            request_id: None,
            on_behalf_of: None,
        }
    }

    /// An audit row for something this actor did to a row of the union at `path`
    /// (of the acting union when none is named, and of the chain `/` when there is neither).
    pub fn event(
        &self,
        id: Uuid,
        at: DateTime<Utc>,
        path: Option<&str>,
        action: &str,
        object: (&str, Option<Uuid>),
    ) -> Event {
        let path = path.or_else(|| self.org.as_ref().map(|(_, path)| path.as_str()));
        Event {
            id,
            at,
            chain: path.map_or_else(|| "/".to_owned(), chain_of),
            actor_person: self.person,
            actor_account: self.account,
            post_id: self.post,
            org_id: self.org.as_ref().map(|(id, _)| *id),
            channel: self.channel.clone(),
            request_id: self.request_id,
            action: action.to_owned(),
            object_type: object.0.to_owned(),
            object_id: object.1,
            subject_person: None,
            changes: json!({}),
            reason: None,
            outcome: "done".to_owned(),
            on_behalf_of: self.on_behalf_of,
        }
    }
}

/// Small setters for audit rows.
pub trait EventExt: Sized {
    /// Whose data it is about.
    #[must_use]
    fn about(self, person: Uuid) -> Self;
    /// The changed fields, masked.
    #[must_use]
    fn changes(self, changes: Value) -> Self;
    /// The reason given.
    #[must_use]
    fn reason(self, reason: &str) -> Self;
    /// `done`, `intent` or `refused`.
    #[must_use]
    fn outcome(self, outcome: &str) -> Self;
}

impl EventExt for Event {
    fn about(mut self, person: Uuid) -> Self {
        self.subject_person = Some(person);
        self
    }

    fn changes(mut self, changes: Value) -> Self {
        self.changes = changes;
        self
    }

    fn reason(mut self, reason: &str) -> Self {
        self.reason = Some(reason.to_owned());
        self
    }

    fn outcome(mut self, outcome: &str) -> Self {
        outcome.clone_into(&mut self.outcome);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_holds_its_subtree_and_nothing_beside_it() {
        let scope = OrgScope::subtree("/41/4101/");
        assert!(scope.contains("/41/4101/410102/"));
        assert!(!scope.contains("/41/4102/"));
        assert!(!scope.contains("/41/"));
        assert_eq!(scope.narrow("/41/4101/410102/"), Some(OrgScope::subtree("/41/4101/410102/")));
        assert_eq!(scope.narrow("/41/"), None);
    }
}
