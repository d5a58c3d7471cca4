//! Extractors that say who may call. A handler that takes `Cadre<can::MemberRead>` cannot be reached by
//! anybody the matrix does not allow, and gets the scope it must pass to the store.

use std::future::{Ready, ready};
use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use unionhall_kernel::{Code, Problem};
use uuid::Uuid;

use crate::actor::{Actor, OrgScope, Principal, Realm, Role, Seat};
use crate::policy::{Action, allows, can::Can};
use crate::problem::Fault;
use crate::request::RequestInfo;

fn principal(req: &HttpRequest) -> Result<(Principal, Actor), Problem> {
    let extensions = req.extensions();
    let principal = extensions.get::<Principal>().ok_or_else(|| Problem::new(Code::Unauthenticated))?;
    let info = extensions.get::<RequestInfo>().ok_or_else(|| Problem::new(Code::Internal))?;
    Ok((principal.clone(), Actor::of(principal, info)))
}

fn of_audience(req: &HttpRequest, audience: &str) -> Result<(Principal, Actor), Problem> {
    let (principal, actor) = principal(req)?;
    if principal.realm.audience() == audience {
        Ok((principal, actor))
    } else {
        Err(Problem::new(Code::Unauthenticated))
    }
}

macro_rules! extractor {
    ([$($generics:tt)*] $name:ty, $from:expr) => {
        impl<$($generics)*> FromRequest for $name {
            type Error = Fault;
            type Future = Ready<Result<Self, Fault>>;

            fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
                let from: fn(&HttpRequest) -> Result<Self, Problem> = $from;
                ready(from(req).map_err(Fault))
            }
        }
    };
}

/// Nobody in particular; a token, where there is one, was checked all the same.
#[derive(Debug, Clone)]
pub struct Public {
    /// For audit rows.
    pub actor: Actor,
    /// Who it is, if they said.
    pub principal: Option<Principal>,
}

extractor!([] Public, |req| {
    let extensions = req.extensions();
    let info = extensions.get::<RequestInfo>().ok_or_else(|| Problem::new(Code::Internal))?;
    let principal = extensions.get::<Principal>().cloned();
    let actor = principal.as_ref().map_or_else(|| Actor::anonymous(info), |p| Actor::of(p, info));
    Ok(Public { actor, principal })
});

// What a PIN does not open.
fn unpinned(principal: &Principal) -> Result<(), Problem> {
    match principal.pinned {
        true => {
            Err(Problem::new(Code::Forbidden).with_detail("换班登录只能收银，请用短信验证码登录后再操作。"))
        }
        false => Ok(()),
    }
}

// The logins, devices and roles of a member are nobody else's.
fn unassisted(req: &HttpRequest, principal: &Principal) -> Result<(), Problem> {
    let own = req.path().starts_with("/v1/auth/");
    match principal.assist.is_some() && own {
        true => Err(Problem::new(Code::NotOnBehalf)),
        false => Ok(()),
    }
}

// What is open to whoever is logged in is a person's: a partner is a system, and has its own operations alone.
fn somebody(req: &HttpRequest) -> Result<(Principal, Actor), Problem> {
    let (principal, actor) = principal(req)?;
    match principal.realm {
        Realm::Partner => Err(Problem::new(Code::Unauthenticated)),
        _ => Ok((principal, actor)),
    }
}

/// Any person who is logged in, by their own means: not by a PIN at a till.
#[derive(Debug, Clone)]
pub struct Anyone {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
}

extractor!([] Anyone, |req| {
    let (principal, actor) = somebody(req)?;
    unpinned(&principal)?;
    unassisted(req, &principal)?;
    Ok(Anyone { principal, actor })
});

/// Whoever holds a session, one that a PIN began too: to end it.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
}

extractor!([] Holder, |req| somebody(req).map(|(principal, actor)| Holder { principal, actor }));

/// A member, at a real-name level of at least `LEVEL`, about themself only.
#[derive(Debug, Clone)]
pub struct Member<const LEVEL: u8 = 0> {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
}

impl<const LEVEL: u8> Member<LEVEL> {
    /// The natural person, known from level 1 on.
    ///
    /// # Errors
    /// `LEVEL_TOO_LOW` when nobody knows yet.
    pub fn person(&self) -> Result<Uuid, Problem> {
        self.principal.person.ok_or_else(level_too_low)
    }
}

fn level_too_low() -> Problem {
    Problem::new(Code::LevelTooLow).with_action("raise-level", "去实名认证", "/v1/me/real-name")
}

extractor!([const LEVEL: u8] Member<LEVEL>, |req| {
    let (principal, actor) = of_audience(req, Realm::Member.audience())?;
    if principal.level < LEVEL {
        return Err(level_too_low().with("required_level", LEVEL));
    }
    Ok(Member { principal, actor })
});

/// A cadre, auditor or administrator whose acting post the matrix allows `A`.
#[derive(Debug, Clone)]
pub struct Cadre<A> {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows and separation of duties.
    pub actor: Actor,
    /// The rows they may touch; goes into every query.
    pub scope: OrgScope,
    /// The union they act for.
    pub union: Uuid,
    /// The post acted in.
    pub role: Role,
    action: PhantomData<A>,
}

impl<A> Cadre<A> {
    /// The natural person who acts.
    ///
    /// # Errors
    /// `FORBIDDEN`, which the schema makes impossible: every cadre is bound to a person.
    pub fn person(&self) -> Result<Uuid, Problem> {
        self.principal.person.ok_or_else(|| Problem::new(Code::Forbidden))
    }
}

extractor!([A: Can] Cadre<A>, |req| {
    let (principal, actor) = of_audience(req, Realm::Cadre.audience())?;
    let forbidden = || Problem::new(Code::Forbidden);
    let role = principal.role.clone().ok_or_else(forbidden)?;
    if !allows(role.name, A::ACTION) {
        return Err(forbidden());
    }
    let Seat::Union { id, path } = &role.seat else { return Err(forbidden()) };
    let (union, scope) = (*id, OrgScope::subtree(path));
    Ok(Cadre { principal, actor, scope, union, role, action: PhantomData })
});

/// Any account of the merchant realm: whoever applies for a merchant has no place on a staff yet.
#[derive(Debug, Clone)]
pub struct MerchantAccount {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
}

extractor!([] MerchantAccount, |req| {
    let (principal, actor) = of_audience(req, Realm::Merchant.audience())?;
    unpinned(&principal)?;
    Ok(MerchantAccount { principal, actor })
});

/// Staff of a merchant whose place the matrix allows `A`.
#[derive(Debug, Clone)]
pub struct Merchant<A> {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
    /// The merchant.
    pub merchant: Uuid,
    /// The branch; `None` for a manager of all branches.
    pub branch: Option<Uuid>,
    /// The place on the staff.
    pub role: Role,
    action: PhantomData<A>,
}

extractor!([A: Can] Merchant<A>, |req| {
    let (principal, actor) = of_audience(req, Realm::Merchant.audience())?;
    let forbidden = || Problem::new(Code::Forbidden);
    let role = principal.role.clone().ok_or_else(forbidden)?;
    if !allows(role.name, A::ACTION) {
        return Err(forbidden());
    }
    if A::ACTION != Action::Till {
        unpinned(&principal)?;
    }
    let Seat::Branch { merchant, branch, .. } = &role.seat else { return Err(forbidden()) };
    let (merchant, branch) = (*merchant, *branch);
    Ok(Merchant { principal, actor, merchant, branch, role, action: PhantomData })
});

/// A lawyer whom the matrix allows `A`.
#[derive(Debug, Clone)]
pub struct Lawyer<A> {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
    /// The lawyer.
    pub lawyer: Uuid,
    action: PhantomData<A>,
}

impl<A> Lawyer<A> {
    /// The natural person.
    ///
    /// # Errors
    /// `FORBIDDEN`, which the schema makes impossible: every lawyer is bound to a person.
    pub fn person(&self) -> Result<Uuid, Problem> {
        self.principal.person.ok_or_else(|| Problem::new(Code::Forbidden))
    }
}

extractor!([A: Can] Lawyer<A>, |req| {
    let (principal, actor) = of_audience(req, Realm::Lawyer.audience())?;
    let forbidden = || Problem::new(Code::Forbidden);
    let role = principal.role.clone().ok_or_else(forbidden)?;
    if !allows(role.name, A::ACTION) {
        return Err(forbidden());
    }
    Ok(Lawyer { principal, actor, lawyer: role.id, action: PhantomData })
});

/// Any account of the recruiter realm: whoever applies recruits for nobody yet.
#[derive(Debug, Clone)]
pub struct RecruiterAccount {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
}

extractor!([] RecruiterAccount, |req| {
    let (principal, actor) = of_audience(req, Realm::Recruiter.audience())?;
    Ok(RecruiterAccount { principal, actor })
});

/// Whoever acts for a recruiter that was verified, and whose place the matrix allows `A`.
#[derive(Debug, Clone)]
pub struct Recruiter<A> {
    /// Who it is.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
    /// The recruiter; goes into every query.
    pub recruiter: Uuid,
    action: PhantomData<A>,
}

extractor!([A: Can] Recruiter<A>, |req| {
    let (principal, actor) = of_audience(req, Realm::Recruiter.audience())?;
    let forbidden = || Problem::new(Code::Forbidden);
    let role = principal.role.as_ref().ok_or_else(forbidden)?;
    let Seat::Recruiter { recruiter } = &role.seat else { return Err(forbidden()) };
    let recruiter = *recruiter;
    match allows(role.name, A::ACTION) {
        true => Ok(Recruiter { principal, actor, recruiter, action: PhantomData }),
        false => Err(forbidden()),
    }
});

/// Another system that acts with a token of its own account.
#[derive(Debug, Clone)]
pub struct Partner {
    /// Which one: the account, and the partner of the same id.
    pub principal: Principal,
    /// For audit rows.
    pub actor: Actor,
}

extractor!([] Partner, |req| {
    let (principal, actor) = of_audience(req, Realm::Partner.audience())?;
    Ok(Partner { principal, actor })
});
