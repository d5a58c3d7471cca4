//! What may go wrong, as the caller is told it: RFC 9457 problems with stable codes.
//!
//! There is one catalogue for the whole product, not one error enum a room: the published error list
//! (`/openapi/errors.json`), the documents and the handlers then cannot disagree. A use-case answers
//! `Result<T, Problem>`; any other error that reaches `?` becomes [`Code::Internal`], its text kept for the
//! log and never shown.

use std::borrow::Cow;
use std::error::Error;

use serde::Serialize;
use serde_json::{Map, Value};

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Entry {
    /// The stable code, `UPPER_SNAKE`.
    pub code: &'static str,
    /// The HTTP status it is answered with.
    pub status: u16,
    /// Short title, Chinese.
    pub title: &'static str,
    /// A sentence a member may be shown, at most 60 characters, that says what to do. Chinese.
    pub detail: &'static str,
    /// Short title, English.
    pub title_en: &'static str,
    /// The sentence in English.
    pub detail_en: &'static str,
}

macro_rules! catalogue {
    ($($variant:ident $code:literal $status:literal $title:literal $detail:literal $title_en:literal $detail_en:literal;)*) => {
        /// Every code a caller can be answered with. Codes are stable: they are added, never renamed.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code {
            $(#[doc = concat!("`", $code, "` (", stringify!($status), "): ", $title_en, ". ", $detail_en)] $variant,)*
        }

        impl Code {
            /// The whole catalogue, in order.
            pub const ALL: &[Code] = &[$(Code::$variant),*];

            /// This code's row.
            pub const fn entry(self) -> &'static Entry {
                match self {
                    $(Code::$variant => &Entry {
                        code: $code, status: $status, title: $title, detail: $detail,
                        title_en: $title_en, detail_en: $detail_en,
                    },)*
                }
            }
        }
    };
}

catalogue! {
    // 400
    Malformed "MALFORMED" 400 "请求格式有误" "请求无法识别，请更新应用后重试。" "Malformed request" "The request could not be read.";
    UnknownParameter "UNKNOWN_PARAMETER" 400 "未知的查询参数" "查询条件中有系统不认识的参数，请检查后重试。" "Unknown query parameter" "A query parameter is not known to this operation.";
    InvalidParameter "INVALID_PARAMETER" 400 "查询参数有误" "查询条件的值不正确，请检查后重试。" "Invalid query parameter" "A query parameter has a value that is not allowed.";
    IdempotencyKeyMissing "IDEMPOTENCY_KEY_MISSING" 400 "缺少幂等键" "请更新应用后重试。" "Idempotency-Key missing" "This operation needs an Idempotency-Key header.";
    IdempotencyKeyInvalid "IDEMPOTENCY_KEY_INVALID" 400 "幂等键格式有误" "请更新应用后重试。" "Idempotency-Key invalid" "The key must be 1 to 64 visible ASCII characters.";
    CursorInvalid "CURSOR_INVALID" 400 "翻页标记无效" "请回到第一页重新查询。" "Invalid cursor" "The cursor does not belong to this list; start again from the first page.";
    CursorExpired "CURSOR_EXPIRED" 400 "翻页标记已过期" "请回到第一页重新查询。" "Cursor expired" "Cursors live 24 hours; start again from the first page.";
    // 401
    Unauthenticated "UNAUTHENTICATED" 401 "请先登录" "登录状态无效，请重新登录。" "Not authenticated" "A valid access token of the right audience is needed.";
    TokenExpired "TOKEN_EXPIRED" 401 "登录已过期" "登录已过期，请刷新或重新登录。" "Token expired" "The access token has expired; refresh it.";
    LoginFailed "LOGIN_FAILED" 401 "登录失败" "用户名或密码不正确。" "Login failed" "The username or the password is wrong.";
    SecondFactorRequired "SECOND_FACTOR_REQUIRED" 401 "需要第二重验证" "请输入动态口令或短信验证码。" "Second factor required" "Send one of the listed second factors.";
    SecondFactorFailed "SECOND_FACTOR_FAILED" 401 "第二重验证未通过" "动态口令或验证码不正确，请重试。" "Second factor failed" "The second factor is wrong or was used already.";
    DeviceNotBound "DEVICE_NOT_BOUND" 401 "设备未绑定" "请用已绑定的设备生成绑定码，或联系上级工会解除原设备。" "Device not bound" "Log in with the code that a bound device shows, or have the old devices released.";
    OtpInvalid "OTP_INVALID" 401 "验证码不正确" "验证码不正确或已过期，请重新获取。" "Code invalid" "The one-time code is wrong, used or expired.";
    RefreshInvalid "REFRESH_INVALID" 401 "请重新登录" "登录状态已失效，请重新登录。" "Refresh token invalid" "The refresh token is not valid any more; log in again.";
    PinWrong "PIN_WRONG" 401 "PIN不正确" "PIN不正确，请重试。" "PIN wrong" "The PIN is wrong; see tries_left.";
    WechatCodeInvalid "WECHAT_CODE_INVALID" 401 "微信凭证无效" "微信登录凭证无效或已失效，请重新登录。" "WeChat code invalid" "The WeChat code is wrong, used or expired; get a new one.";
    AssertionInvalid "ASSERTION_INVALID" 401 "身份断言无效" "合作系统的身份断言未通过验证，请重新签发后再试。" "Assertion invalid" "The client assertion is not acceptable; sign a new one.";
    // 403
    PinLocked "PIN_LOCKED" 403 "PIN已锁定" "PIN已锁定，请用短信验证码登录后重设。" "PIN locked" "Log in with a code and set a new PIN.";
    Forbidden "FORBIDDEN" 403 "没有权限" "您当前的身份不能进行此操作。" "Forbidden" "Your acting role does not allow this.";
    LevelTooLow "LEVEL_TOO_LOW" 403 "需要实名认证" "请先完成实名认证。" "Real-name level too low" "Raise your real-name level first.";
    NotOnBehalf "NOT_ON_BEHALF" 403 "不能代办" "此事项须由会员本人办理。" "Not on behalf" "The member has to do this themself, or in another way.";
    WechatRefused "WECHAT_REFUSED" 403 "微信拒绝登录" "微信提示该用户存在风险，请改用短信验证码登录。" "Refused by WeChat" "WeChat takes the user for a risk; log in with a code by SMS.";
    ConsentRequired "CONSENT_REQUIRED" 403 "需要您的同意" "首次进入该合作系统前，请先同意向其提供所列信息。" "Consent required" "The member has not agreed to this partner; see receives.";
    NotAnotherPerson "NOT_ANOTHER_PERSON" 403 "须由他人办理" "本人的或本人提交的事项，须由他人办理。" "Needs another person" "What is one's own, or was entered by oneself, takes another person.";
    GrantExceedsCeiling "GRANT_EXCEEDS_CEILING" 403 "超出授权范围" "不能授予超出本人授权上限的职务。" "Above the grant ceiling" "You cannot grant a role above your ceiling.";
    // 404, 405, 408
    NotFound "NOT_FOUND" 404 "未找到" "内容不存在，或您无权查看。" "Not found" "It does not exist, or you may not see it.";
    MethodNotAllowed "METHOD_NOT_ALLOWED" 405 "不支持的请求方法" "请更新应用后重试。" "Method not allowed" "This path does not answer this method.";
    RequestTimeout "REQUEST_TIMEOUT" 408 "请求超时" "网络不稳定，请重试。" "Request timeout" "The request did not arrive in time.";
    // 409
    InProgress "IN_PROGRESS" 409 "正在处理" "上一次提交仍在处理，请稍候。" "In progress" "The first request with this key is still running; retry shortly.";
    InvalidState "INVALID_STATE" 409 "当前状态不允许" "当前状态不能进行此操作，请刷新后重试。" "State does not allow this" "The resource is in a state that does not allow this transition.";
    ModuleClosed "MODULE_CLOSED" 409 "功能未开放" "您所在的工会暂未开放此功能。" "Not open here" "The union has closed this part of the platform.";
    AlreadyExists "ALREADY_EXISTS" 409 "已存在" "相同的记录已经存在。" "Already exists" "A record with the same identity exists already.";
    NotOpen "NOT_OPEN" 409 "活动未开放" "活动尚未开始或已经结束。" "Not open" "The offer has not started, is paused or is over.";
    PostingClosed "POSTING_CLOSED" 409 "职位已关闭" "该职位已停止招聘，请看看其他职位。" "Posting closed" "The posting has ended or expired.";
    SoldOut "SOLD_OUT" 409 "已领完" "名额已用完，感谢参与。" "Sold out" "The quota or the budget is used up.";
    AlreadyHave "ALREADY_HAVE" 409 "已达上限" "您已达到本活动的参与次数。" "Already have it" "You have reached the limit per member.";
    NotEligible "NOT_ELIGIBLE" 409 "不符合条件" "您暂不符合本活动的条件。" "Not eligible" "A condition of the offer is not met.";
    CardQrUsed "CARD_QR_USED" 409 "二维码已使用" "此二维码已用过，请刷新后再扫。" "QR code used" "This code or a newer one was redeemed already; show a fresh code.";
    CardNotValid "CARD_NOT_VALID" 409 "会员卡不可用" "会员卡已挂失、注销或暂停。" "Card not valid" "The card is lost, revoked, suspended or expired.";
    VerificationExpired "VERIFICATION_EXPIRED" 409 "核验已过期" "核验已超过三分钟，请重新扫码。" "Verification expired" "Verifications live three minutes; scan again.";
    WrongLevel "WRONG_LEVEL" 403 "不由本级办理" "此事项由其他层级的工会办理。" "Another level's" "Unions of another level do this.";
    ShiftOverlaps "SHIFT_OVERLAPS" 409 "班次重叠" "该律师在此时段已有班次。" "Shifts overlap" "The lawyer has another shift then.";
    LawyerConflict "LAWYER_CONFLICT" 409 "利益冲突" "该律师与本案存在利益冲突，请另选律师。" "Conflict of interest" "The lawyer or their firm acts or acted for a party.";
    RosterNeedsReason "ROSTER_NEEDS_REASON" 409 "需说明原因" "值班表不足7天发布或仍有空档，请补齐或说明原因。" "Say why" "The roster begins within seven days or has gaps; mend it or give a reason.";
    LawyerOnLeave "LAWYER_ON_LEAVE" 409 "律师请假" "该律师在此时段请假。" "On leave" "The lawyer is on leave then.";
    LicenceEnds "LICENCE_ENDS" 409 "执业证将到期" "律师或其律所的执业证在此时段内到期。" "Licence ends" "The lawyer's licence or their firm's ends before the shift does.";
    GroupCycle "GROUP_CYCLE" 409 "集团归属成环" "所填集团属于该单位自己的集团，请先调整上级归属。" "Group in a circle" "The head belongs to the company's own group.";
    CouponUsed "COUPON_USED" 409 "券已使用" "这张券已经使用或过期。" "Coupon used" "The coupon is used or past its date.";
    VoidWindowClosed "VOID_WINDOW_CLOSED" 409 "已过撤销时限" "已过可撤销时间，请联系上级处理。" "Void window closed" "The time in which you may void this is over.";
    ApplicationOpen "APPLICATION_OPEN" 409 "已有在办申请" "您已有一份正在办理的申请。" "Application open" "An application of this kind is open already.";
    TicketInvalid "TICKET_INVALID" 409 "登录凭证无效" "登录凭证无效或已失效，请返回应用重新进入。" "Ticket invalid" "The ticket is unknown, used, expired, withdrawn or another partner's.";
    PhoneRequired "PHONE_REQUIRED" 409 "需要手机号" "首次使用请授权微信手机号后登录。" "Phone required" "This WeChat user is bound to no account; send phone_code with a new js_code.";
    TooManyFiles "TOO_MANY_FILES" 409 "待用文件过多" "未使用的文件过多，请先删除或明天再试。" "Too many unused files" "Files wait a day to be used; delete some or try again tomorrow.";
    // 410
    LinkExpired "LINK_EXPIRED" 410 "链接已过期" "链接已过期，请重新打开。" "Link expired" "Links to files live five minutes; ask for a new one.";
    // 412, 413, 415
    Stale "STALE" 412 "内容已变更" "内容已被他人更新，请刷新后重试。" "Stale version" "Somebody changed it since you read it; read it again.";
    TooLarge "TOO_LARGE" 413 "内容过大" "提交的内容超过大小限制。" "Too large" "The body is larger than this operation accepts.";
    UnsupportedMediaType "UNSUPPORTED_MEDIA_TYPE" 415 "不支持的格式" "请按要求的格式提交。" "Unsupported media type" "The content type is not accepted here.";
    // 422
    ValidationFailed "VALIDATION_FAILED" 422 "内容有误" "请检查标出的内容后重试。" "Validation failed" "Some fields are not acceptable; see errors.";
    IdempotencyKeyReused "IDEMPOTENCY_KEY_REUSED" 422 "幂等键被重复使用" "请更新应用后重试。" "Idempotency-Key reused" "The same key was used with another body.";
    // 426, 428, 429
    ClientTooOld "CLIENT_TOO_OLD" 426 "应用版本过低" "请更新到最新版本后使用。" "Client too old" "Update the app to go on.";
    IfMatchRequired "IF_MATCH_REQUIRED" 428 "缺少版本标记" "请刷新后重试。" "If-Match required" "Send the ETag you read in If-Match.";
    RateLimited "RATE_LIMITED" 429 "操作太频繁" "操作太频繁，请稍后再试。" "Too many requests" "Slow down; see Retry-After.";
    OtpTooOften "OTP_TOO_OFTEN" 429 "验证码获取太频繁" "验证码获取太频繁，请稍后再试。" "Codes asked too often" "Too many codes were asked for this number or from this address.";
    LoginDelayed "LOGIN_DELAYED" 429 "登录暂缓" "多次失败，请按提示等待后再试。" "Login delayed" "After failures each try waits longer; see Retry-After.";
    TriesExhausted "TRIES_EXHAUSTED" 429 "今日次数已用完" "今日尝试次数已用完，请明天再试。" "Tries used up" "The daily number of tries is used up.";
    // 5xx
    Internal "INTERNAL" 500 "系统繁忙" "系统出现问题，请稍后再试。" "Internal error" "Something failed on our side.";
    Unavailable "UNAVAILABLE" 503 "服务暂不可用" "服务暂不可用，请稍后再试。" "Unavailable" "Try again shortly.";
}

/// A value that was refused: the code and sentence of one field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invalid {
    /// Stable code of the rule, `UPPER_SNAKE` (`ID_CHECK_DIGIT`, `REQUIRED`, …).
    pub code: &'static str,
    /// What is wrong and what to do, Chinese.
    pub detail: Cow<'static, str>,
}

impl Invalid {
    /// A refusal with a fixed sentence.
    pub const fn new(code: &'static str, detail: &'static str) -> Self {
        Self { code, detail: Cow::Borrowed(detail) }
    }
}

/// One entry of `errors[]` in a 422.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// JSON pointer to the field, `/mobile`.
    pub pointer: String,
    /// Stable code of the rule.
    pub code: &'static str,
    /// What is wrong, Chinese.
    pub detail: Cow<'static, str>,
}

/// Something a client can offer as a next step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Action {
    /// What it is: `raise-level`, `retry`, `call`, `find-union`.
    pub rel: &'static str,
    /// What the button says.
    pub label: &'static str,
    /// Where it leads: a path of this API or a `tel:`.
    pub href: &'static str,
}

/// Collects what is wrong with a body, field by field, so the caller learns everything at once.
#[derive(Debug, Default)]
pub struct Fields(Vec<FieldError>);

impl Fields {
    /// Nothing found yet.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Keeps the value, or notes why not.
    pub fn take<T>(&mut self, pointer: &str, parsed: Result<T, Invalid>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(invalid) => {
                self.refuse(pointer, invalid);
                None
            }
        }
    }

    /// Notes a refusal.
    pub fn refuse(&mut self, pointer: &str, invalid: Invalid) {
        self.0.push(FieldError { pointer: pointer.to_owned(), code: invalid.code, detail: invalid.detail });
    }

    /// Notes `invalid` unless `ok`.
    pub fn require(&mut self, ok: bool, pointer: &str, invalid: Invalid) {
        if !ok {
            self.refuse(pointer, invalid);
        }
    }

    /// The 422 with everything noted, for the moment a value is missing because it was refused.
    pub fn problem(self) -> Problem {
        let mut problem = Problem::new(Code::ValidationFailed);
        problem.errors = self.0;
        problem
    }

    /// `Ok` when nothing was noted.
    ///
    /// # Errors
    /// `VALIDATION_FAILED` with every refusal.
    pub fn finish(self) -> Result<(), Problem> {
        if self.0.is_empty() { Ok(()) } else { Err(self.problem()) }
    }
}

/// An answer other than success. Boxed, so that a `Result` of one stays small.
pub struct Problem(Box<Parts>);

/// What a [`Problem`] is made of.
pub struct Parts {
    /// The catalogue entry.
    pub code: Code,
    /// A sentence more precise than the catalogue's, where there is one.
    pub detail: Option<Cow<'static, str>>,
    /// Refused fields (422).
    pub errors: Vec<FieldError>,
    /// Next steps a client can offer.
    pub actions: Vec<Action>,
    /// Further members of the body (`factors`, `rule`), each published as a field of `Problem`.
    pub members: Map<String, Value>,
    /// Seconds after which a retry makes sense; sent as `Retry-After`.
    pub retry_after: Option<u32>,
    /// What really happened, for the log only.
    pub source: Option<Box<dyn Error + Send + Sync>>,
}

impl Problem {
    /// The plain problem of the catalogue.
    pub fn new(code: Code) -> Self {
        Self(Box::new(Parts {
            code,
            detail: None,
            errors: Vec::new(),
            actions: Vec::new(),
            members: Map::new(),
            retry_after: None,
            source: None,
        }))
    }

    /// What really happened, taken out for the log.
    pub fn into_source(self) -> Option<Box<dyn Error + Send + Sync>> {
        self.0.source
    }

    /// 404: absent or out of scope, which must not be told apart.
    pub fn not_found() -> Self {
        Self::new(Code::NotFound)
    }

    /// 422 for one field.
    pub fn invalid(pointer: &str, invalid: Invalid) -> Self {
        let mut fields = Fields::new();
        fields.refuse(pointer, invalid);
        fields.problem()
    }

    /// A failure of ours: answered as 500 `INTERNAL`, logged with its cause.
    pub fn internal(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        let mut problem = Self::new(Code::Internal);
        problem.source = Some(source.into());
        problem
    }

    /// With a more precise sentence.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// With a further member of the body.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name.to_owned(), value.into());
        self
    }

    /// With a next step.
    #[must_use]
    pub fn with_action(mut self, rel: &'static str, label: &'static str, href: &'static str) -> Self {
        self.actions.push(Action { rel, label, href });
        self
    }

    /// With `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after = Some(seconds);
        self
    }
}

impl std::ops::Deref for Problem {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::ops::DerefMut for Problem {
    fn deref_mut(&mut self) -> &mut Parts {
        &mut self.0
    }
}

impl std::fmt::Debug for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Problem")
            .field("code", &self.code.entry().code)
            .field("detail", &self.detail)
            .field("errors", &self.errors)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

// `Problem` is no `std::error::Error` itself, which lets `?` turn every error into one, as anyhow does.
impl<E: Error + Send + Sync + 'static> From<E> for Problem {
    fn from(source: E) -> Self {
        Self::internal(source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn the_catalogue_is_unique_short_and_complete() {
        let mut seen = HashSet::new();
        for code in Code::ALL {
            let e = code.entry();
            assert!(seen.insert(e.code), "{} twice", e.code);
            assert!((400..=599).contains(&e.status));
            assert!(e.detail.chars().count() <= 60, "{}", e.code);
            for text in [e.title, e.detail, e.title_en, e.detail_en] {
                assert!(!text.is_empty());
            }
            assert!(e.code.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_'));
        }
    }

    #[test]
    fn fields_collect_everything() {
        let mut fields = Fields::new();
        assert_eq!(fields.take("/a", Ok::<_, Invalid>(1)), Some(1));
        fields.require(false, "/b", Invalid::new("REQUIRED", "必填。"));
        fields.require(false, "/c", Invalid::new("REQUIRED", "必填。"));
        let problem = fields.finish().unwrap_err();
        assert_eq!(problem.errors.iter().map(|e| e.pointer.as_str()).collect::<Vec<_>>(), ["/b", "/c"]);
    }

    #[test]
    fn any_error_becomes_internal_and_keeps_its_cause_out_of_the_detail() {
        fn fails() -> Result<(), Problem> {
            Err(std::io::Error::other("secret"))?
        }
        let problem = fails().unwrap_err();
        assert_eq!(problem.code, Code::Internal);
        assert!(problem.detail.is_none());
        assert_eq!(problem.into_source().unwrap().to_string(), "secret");
    }
}
