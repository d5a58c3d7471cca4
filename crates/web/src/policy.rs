//! May this role do this? One pure table; its matrix is committed as `docs/authz-matrix.md` by a test.
//!
//! On *which rows* is not decided here: that is [`crate::OrgScope`] in the SQL. State rules (two persons, no
//! self-approval) live in the use-case.

use crate::actor::RoleName;

macro_rules! actions {
    ($($(#[$doc:meta])* $variant:ident = $word:literal => [$($role:ident),*];)*) => {
        /// Something a cadre, an auditor or a merchant's staff may be allowed to do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $variant,)* }

        impl Action {
            /// Every action, in the order of the table.
            pub const ALL: &[Action] = &[$(Action::$variant),*];

            /// Its name in documents and audit rows.
            pub const fn as_str(self) -> &'static str {
                match self { $(Action::$variant => $word,)* }
            }

            /// Reads the name.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|action| action.as_str() == word)
            }
        }

        /// Whether `role` may do `action`.
        pub const fn allows(role: RoleName, action: Action) -> bool {
            match action {
                $(Action::$variant => matches!(role, $(RoleName::$role)|*),)*
            }
        }

        /// The actions as types, for extractors: `Cadre<can::MemberRead>`.
        pub mod can {
            /// An action as a type.
            pub trait Can: 'static {
                /// The action.
                const ACTION: super::Action;
            }
            $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub struct $variant;
            impl Can for $variant { const ACTION: super::Action = super::Action::$variant; })*
        }
    };
}

actions! {
    /// Read the union tree.
    OrgRead = "org.read" => [Leader, Officer, Reviewer, Registrar, LegalOfficer, MerchantOfficer, CashierOfFunds, Auditor, SystemAdmin, SecurityAdmin, AuditAdmin];
    /// Create unions.
    OrgWrite = "org.write" => [Leader, Officer, Registrar];
    /// Read which parts of the platform are open where.
    ModuleRead = "module.read" => [Leader, Officer, Auditor, SystemAdmin];
    /// Open and close parts of the platform for one's subtree.
    ModuleWrite = "module.write" => [SystemAdmin];
    /// Read who holds which post.
    PostRead = "post.read" => [Leader, Officer, Auditor, SystemAdmin, SecurityAdmin, AuditAdmin];
    /// Invite a cadre or grant a post, under one's ceiling.
    PostGrant = "post.grant" => [Leader, SecurityAdmin];
    /// List and read members, masked.
    MemberRead = "member.read" => [Leader, Officer, Reviewer, Registrar, Auditor];
    /// Find a member by the full number or mobile.
    MemberSearch = "member.search" => [Leader, Officer, Registrar];
    /// See full values, with a reason and an audit row.
    MemberReveal = "member.reveal" => [Leader, Registrar];
    /// Freeze, unfreeze and end memberships.
    MemberWrite = "member.write" => [Leader, Registrar];
    /// Act for members at the counter, on the hotline or from a signed form.
    MemberAssist = "member.assist" => [Leader, Officer, Registrar];
    /// Propose that members have left.
    LeaverPropose = "leaver.propose" => [Leader, Officer, Registrar];
    /// Read imports and their errors.
    ImportRead = "import.read" => [Leader, Officer, Registrar, Auditor];
    /// Upload, commit, cancel and revert imports.
    ImportWrite = "import.write" => [Leader, Officer, Registrar];
    /// Sign the reconciliation sheets of imports that other persons committed.
    ImportSign = "import.sign" => [Leader];
    /// Ask for exports, and see those of one's scope.
    ExportWrite = "export.write" => [Leader, Officer, Registrar];
    /// Approve or reject an export another person asked for.
    ExportApprove = "export.approve" => [Leader];
    /// Read join applications.
    ApplicationRead = "application.read" => [Leader, Officer, Reviewer, Registrar, Auditor];
    /// Decide join applications.
    ApplicationReview = "application.review" => [Leader, Officer, Reviewer, Registrar];
    /// Report a member's card lost or revoke it.
    CardWrite = "card.write" => [Leader, Registrar];
    /// Read merchants, branches and staff.
    MerchantRead = "merchant.read" => [Leader, Officer, Reviewer, MerchantOfficer, Auditor];
    /// Create and change merchants, branches and staff.
    MerchantWrite = "merchant.write" => [Leader, Officer, MerchantOfficer];
    /// Read campaigns.
    CampaignRead = "campaign.read" => [Leader, Officer, Reviewer, MerchantOfficer, CashierOfFunds, Auditor];
    /// Create, change and submit campaigns.
    CampaignWrite = "campaign.write" => [Leader, Officer, MerchantOfficer];
    /// Approve a campaign another person entered.
    CampaignApprove = "campaign.approve" => [Leader, Reviewer];
    /// Void a redemption after the merchant's own windows.
    RedemptionVoid = "redemption.void" => [Leader, MerchantOfficer];
    /// Read the notices of one's unions, drafts too.
    NoticeRead = "notice.read" => [Leader, Officer, Reviewer, Auditor];
    /// Write, submit and withdraw notices.
    NoticeWrite = "notice.write" => [Leader, Officer];
    /// Approve or return a notice another person wrote.
    NoticeApprove = "notice.approve" => [Leader];
    /// Read notices that are addressed to cadres.
    NoticeReceive = "notice.receive" => [Leader, Officer, Reviewer, Registrar, LegalOfficer, MerchantOfficer, CashierOfFunds];
    /// Read the partners of one's unions.
    PartnerRead = "partner.read" => [Leader, Officer, Auditor];
    /// Register, suspend, resume and close partners, and exchange their keys.
    PartnerWrite = "partner.write" => [Leader, Officer];
    /// Approve a partner another person registered.
    PartnerApprove = "partner.approve" => [Leader];
    /// Learn which member of one's scope a partner's subject stands for, with a reason and an audit row.
    PartnerResolve = "partner.resolve" => [Leader, Registrar];
    /// Read the parameters of the law, with all their versions.
    LawParameterRead = "law_parameter.read" => [Leader, Officer, LegalOfficer, Auditor];
    /// Enter versions of parameters of the law, and reject them.
    LawParameterWrite = "law_parameter.write" => [LegalOfficer];
    /// Approve a version another person entered.
    LawParameterApprove = "law_parameter.approve" => [Leader, LegalOfficer];
    /// Read recruiters and their applications.
    RecruiterRead = "recruiter.read" => [Leader, Officer, Reviewer, Auditor];
    /// Verify, suspend and ban recruiters.
    RecruiterWrite = "recruiter.write" => [Leader, Officer];
    /// Read what recruiters handed in for publication, and what members reported.
    PostingRead = "posting.read" => [Leader, Officer, Reviewer, Auditor];
    /// Let postings out, send them back, take them down.
    PostingReview = "posting.review" => [Leader, Officer, Reviewer];
    /// Read benefit statistics.
    StatsRead = "stats.read" => [Leader, Officer, Reviewer, MerchantOfficer, CashierOfFunds, Auditor];
    /// Read one's work list.
    TodoRead = "todo.read" => [Leader, Officer, Reviewer, Registrar, MerchantOfficer, LegalOfficer];
    /// Enter the working calendar of a year, at the province.
    WorkCalendarWrite = "work_calendar.write" => [Leader];
    /// Read law firms, their engagements, lawyers and rosters.
    LegalRead = "legal.read" => [Leader, Officer, LegalOfficer, Auditor];
    /// Enter and change law firms, engagements, lawyers and shifts.
    LegalWrite = "legal.write" => [Leader, LegalOfficer];
    /// Read members' questions that wait for the legal department.
    ConsultationRead = "consultation.read" => [Leader, LegalOfficer];
    /// Give waiting questions to lawyers, and call about bad ratings.
    ConsultationWrite = "consultation.write" => [Leader, LegalOfficer];
    /// Read applications for legal aid and the cases they became.
    LegalAidRead = "legal_aid.read" => [Leader, LegalOfficer];
    /// Look applications for legal aid through, decide them, name lawyers, entrust and put away.
    LegalAidWrite = "legal_aid.write" => [Leader, LegalOfficer];
    /// Be there and answer.
    Advise = "advise" => [Lawyer];
    /// Read audit rows.
    AuditRead = "audit.read" => [Auditor, AuditAdmin];
    /// Verify cards, redeem, and void within ten minutes.
    Till = "till" => [Manager, Staff];
    /// Publish postings and work off the applications to them.
    Recruit = "recruit" => [Recruiter];
    /// Void within a day; see every branch's summary; read staff.
    MerchantManage = "merchant.manage" => [Manager];
}

/// The matrix as a Markdown table, committed as text and diffed.
pub fn matrix() -> String {
    use std::fmt::Write as _;
    let roles: Vec<RoleName> = RoleName::ALL.iter().copied().filter(|r| *r != RoleName::Member).collect();
    let mut out = String::from(
        "# Who may do what\n\nGenerated from the policy table; a test keeps it true.\n\n| action |",
    );
    for role in &roles {
        let _ = write!(out, " {role} |");
    }
    out.push_str("\n|---|");
    out.push_str(&"---|".repeat(roles.len()));
    for action in Action::ALL {
        let _ = write!(out, "\n| `{}` |", action.as_str());
        for role in &roles {
            out.push_str(if allows(*role, *action) { " ● |" } else { "  |" });
        }
    }
    out.push('\n');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_administrators_do_no_business() {
        for role in [RoleName::SystemAdmin, RoleName::SecurityAdmin, RoleName::AuditAdmin] {
            for action in Action::ALL {
                let administrative = matches!(
                    action,
                    Action::OrgRead
                        | Action::ModuleRead
                        | Action::ModuleWrite
                        | Action::PostRead
                        | Action::PostGrant
                        | Action::AuditRead
                );
                assert!(!allows(role, *action) || administrative, "{role} may {}", action.as_str());
            }
        }
    }

    #[test]
    fn system_administrators_cannot_grant_and_security_administrators_cannot_create_accounts() {
        assert!(!allows(RoleName::SystemAdmin, Action::PostGrant));
    }

    #[test]
    fn auditors_only_read() {
        for action in Action::ALL {
            assert!(!allows(RoleName::Auditor, *action) || action.as_str().ends_with(".read"));
        }
    }
}
