//! Acting for a member 代办: by a cadre at a counter, on the hotline or from a paper form. Whoever has no phone, or cannot use
//! one, is served all the same: a session of theirs opens every member operation but those in [`EXCEPT`], and what is
//! done in it is written down under both natural persons. The table of what is open by which way is committed as
//! `docs/parity.md` and tried by a test.

use actix_web::http::Method;
use serde::{Deserialize, Serialize};
use unionhall_kernel::{Code, Problem};
use utoipa::ToSchema;
use uuid::Uuid;

/// By which way somebody acts for a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// 柜台: the member is there, shows the document and signs.
    Counter,
    /// 热线: the member calls; nothing can be signed.
    Hotline,
    /// 纸质: the member signed a form that is entered later.
    Paper,
    /// 家属: a relative whom the member named, in the relative's own app.
    Delegate,
}

impl Way {
    /// Every way of a cadre's.
    pub const CADRES: &[Way] = &[Self::Counter, Self::Hotline, Self::Paper];

    /// The word in the store, and the channel of what is done.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Hotline => "hotline",
            Self::Paper => "paper",
            Self::Delegate => "delegate",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::CADRES.iter().copied().chain([Self::Delegate]).find(|way| way.as_str() == word)
    }

    /// Whether there is a form that the member signed.
    pub const fn is_signed(self) -> bool {
        matches!(self, Self::Counter | Self::Paper)
    }
}

/// Who acts for a member, in a session of the member's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assist {
    /// The natural person who acts.
    pub person: Uuid,
    /// Their account.
    pub account: Uuid,
    /// The post they act in.
    pub post: Option<Uuid>,
    /// The union they act for, with its path.
    pub org: Option<(Uuid, String)>,
    /// By which way.
    pub way: Way,
    /// What a delegate may do; empty for a cadre, who may do what the way allows.
    pub scopes: Vec<Scope>,
    /// Whether a cadre acts for a union below the county, which may be the member's own employer's.
    pub below_county: bool,
}

/// What a delegate may do for a member. 委托事项
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DelegateScope)]
pub enum Scope {
    /// 查看: look at what is the member's.
    View,
    /// 办事: hand in, take back and report.
    Matters,
    /// 优惠: claim coupons.
    Benefits,
}

impl Scope {
    /// Every one.
    pub const ALL: &[Scope] = &[Self::View, Self::Matters, Self::Benefits];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Matters => "matters",
            Self::Benefits => "benefits",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|scope| scope.as_str() == word)
    }

    // Which one an operation takes.
    fn of(method: &Method, pattern: &str) -> Self {
        let benefits = pattern.starts_with("/v1/me/coupons") || pattern.starts_with("/v1/me/redemptions");
        match (method == Method::GET, benefits) {
            (true, _) => Self::View,
            (false, true) => Self::Benefits,
            (false, false) => Self::Matters,
        }
    }
}

const NOBODY: &[Way] = &[Way::Counter, Way::Hotline, Way::Paper, Way::Delegate];
const UNSIGNED: &[Way] = &[Way::Hotline, Way::Delegate];
const DELEGATE: &[Way] = &[Way::Delegate];

/// Member operations that are closed to some of the ways, each with its reason.
pub const EXCEPT: &[(&str, &[Way], &str)] = &[
    (
        "get_card_qr",
        NOBODY,
        "出示会员卡须本人在店内: whoever could fetch a member's codes elsewhere could use their card",
    ),
    ("issue_till_code", NOBODY, "同上: as the QR code"),
    (
        "redeem_at_branch",
        NOBODY,
        "使用优惠须本人在店内: it is confirmed in the shop, on the member's own phone",
    ),
    (
        "copy_my_data",
        NOBODY,
        "含完整证件号码，只交本人: it shows full numbers, which takes the right to reveal them; asked for in writing, whoever has that right sends it",
    ),
    ("verify_real_name", NOBODY, "代办前已核对证件: whoever opened the session has seen the document"),
    (
        "change_mobile",
        NOBODY,
        "须两部手机的验证码: it takes both phones; a lost one goes through /v1/public/mobile-changes",
    ),
    ("register_push_device", NOBODY, "推送只发到本人手机: pushes go to the member's own phone"),
    ("remove_push_device", NOBODY, "同上: as its registration"),
    ("add_push_subscription", NOBODY, "同上: as its registration"),
    (
        "create_delegate",
        UNSIGNED,
        "须本人签字: whom a member trusts is the member's word, and is not passed on",
    ),
    ("revoke_delegate", DELEGATE, "受托人可自行退出: who was named by the member takes nobody's trust away"),
    ("accept_delegation", NOBODY, "受托须本人确认: whoever acts for another says so themself"),
    ("decline_delegation", NOBODY, "同上: as its acceptance"),
    ("open_delegated_session", NOBODY, "受托不得转委托: nobody acts for somebody through a third"),
    (
        "create_sso_ticket",
        NOBODY,
        "合作页面在本人手机上打开: a page of another system opens on the member's own phone",
    ),
    ("unbind_my_wechat", NOBODY, "登录方式只归本人: how somebody logs in is theirs alone"),
    ("ask_account_closing", UNSIGNED, "须本人签字: what ends an account is signed"),
    ("copy_my_data", UNSIGNED, "须本人签字: all data are handed to nobody on a call"),
    ("my_card_found", UNSIGNED, "须本人签字: a found card lives again by a signature or a code"),
    ("replace_my_card", UNSIGNED, "须本人签字: as a found card"),
    ("give_consent", UNSIGNED, "须本人签字: a consent is given by oneself, on paper where not in the app"),
    (
        "create_job_application",
        UNSIGNED,
        "须本人签字: a resume is handed to an employer by the member's own word, on paper where not in the app",
    ),
    ("create_correction", UNSIGNED, "须提交证明材料: evidence cannot be shown on a call"),
];

/// Whether a way is closed for an operation, and why.
pub fn closed(operation: &str, way: Way) -> Option<&'static str> {
    let row = EXCEPT.iter().find(|(id, ways, _)| *id == operation && ways.contains(&way));
    row.map(|(_, _, reason)| *reason)
}

/// What is none of the business of whoever may be the member's own employer: their questions and cases, their applications
/// for other jobs, and the messages that tell of them.
pub const SHIELDED: &[&str] = &[
    "/v1/me/consultations",
    "/v1/me/legal-aid",
    "/v1/me/job-",
    "/v1/me/resume",
    "/v1/me/matters",
    "/v1/me/home",
    "/v1/me/inbox",
];

/// # Errors
/// `NOT_ON_BEHALF` for what [`SHIELDED`] names where the helper's union is below the county, for what [`EXCEPT`] names, and for what a delegate was not asked to do.
pub fn check(assist: &Assist, method: &Method, pattern: &str, operation: &str) -> Result<(), Problem> {
    let is_in_scope = assist.way != Way::Delegate
        || !pattern.starts_with("/v1/me")
        || assist.scopes.contains(&Scope::of(method, pattern));
    let is_shielded = assist.below_county && SHIELDED.iter().any(|root| pattern.starts_with(root));
    match is_in_scope && !is_shielded && closed(operation, assist.way).is_none() {
        true => Ok(()),
        false => Err(Problem::new(Code::NotOnBehalf)),
    }
}

/// The parity table: every operation of members, by its id and summary, by every way, with the reason where a cell is empty.
pub fn table<'a>(operations: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    use std::fmt::Write as _;
    let mut out = String::from(
        "# What can be done for a member\n\nEvery operation of members in the app and on their behalf, at the counter, on the hotline and \
         from paper. Unions below the county, which may be the member's employer's, open neither questions, legal aid, jobs, matters, the first screen \
         nor messages on anybody's behalf. Generated; a test tries every cell.\n\n| operation | | app | counter | hotline | paper | where a cell is empty |\n\
         |---|---|---|---|---|---|---|",
    );
    for (id, summary) in operations {
        let _ = write!(out, "\n| `{id}` | {summary} | ● |");
        for way in Way::CADRES {
            out.push_str(if closed(id, *way).is_none() { " ● |" } else { "  |" });
        }
        let reason = EXCEPT.iter().find(|(op, _, _)| *op == id).map_or("", |(_, _, reason)| *reason);
        let _ = write!(out, " {reason} |");
    }
    out.push('\n');
    out
}
