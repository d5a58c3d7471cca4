//! A city with a partner and a member who is proved: what every test begins with.

use std::sync::atomic::{AtomicU32, Ordering};

use unionhall_testkit::{CadreHandle, PartnerHandle, Session, TestApp};
use unionhall_web::RoleName;
use uuid::Uuid;

pub(crate) struct City {
    pub(crate) app: TestApp,
    pub(crate) officer: CadreHandle,
    pub(crate) leader: CadreHandle,
    pub(crate) partner: PartnerHandle,
}

pub(crate) struct Proved {
    pub(crate) session: Session,
    pub(crate) person: Uuid,
    pub(crate) union: Uuid,
    pub(crate) mobile: String,
}

impl City {
    pub(crate) async fn open() -> Self {
        let app = TestApp::start().await;
        let officer = app.cadre("4101", RoleName::Officer).await;
        let leader = app.cadre("4101", RoleName::Leader).await;
        let partner = app.partner(&officer, &leader, "郑州职工文化宫").await;
        Self { app, officer, leader, partner }
    }

    pub(crate) async fn another(&self) -> PartnerHandle {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("合作系统{}", COUNT.fetch_add(1, Ordering::Relaxed));
        self.app.partner(&self.officer, &self.leader, &name).await
    }

    pub(crate) async fn member(&self) -> Proved {
        self.member_of("410102").await
    }

    pub(crate) async fn member_of(&self, county: &str) -> Proved {
        let member = self.app.on_roster(county).await;
        let session = self.app.login_member(&member.mobile).await;
        self.app.prove(&session, &member).await;
        Proved { session, person: member.person, union: member.union, mobile: member.mobile }
    }
}
