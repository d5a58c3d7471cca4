//! Loads the demo: cadres and members through the rooms' own functions, merchants and offers over HTTP as cadres
//! enter and approve them. Loading twice changes nothing but the addresses in `demo.json`.

mod shop;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context as _, Result, anyhow};
use clap::Args as ClapArgs;
use serde_json::json;
use unionhall_cards::Cards;
use unionhall_gateway::config::Config;
use unionhall_gateway::serve::{self, ListenerConfig};
use unionhall_gateway::services::{Parts, Services};
use unionhall_identity::account::{self, NewAccount, State};
use unionhall_identity::sms::FileSms;
use unionhall_identity::{person, totp};
use unionhall_kernel::clock::{RandomIds, SystemClock};
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Clock, Document, IdGen, Mobile, OrgName, PersonName, Pii, Problem};
use unionhall_registry::{membership, org, post, profile};
use unionhall_simulator::api::Api;
use unionhall_simulator::demo_data::{Cadre, DemoData, Member};
use unionhall_simulator::fixture_ids::FixtureIds;
use unionhall_simulator::people::{People, Person};
use unionhall_storage::{Core, DbConfig, POINT_LIMIT};
use unionhall_web::contract::TIME_LIMIT;
use unionhall_web::rate::Rates;
use unionhall_web::{Realm, RoleName};

use super::failed;

pub use shop::{launch, merge};

/// The two sibling counties of the demo.
const COUNTIES: [&str; 2] = ["410102", "410103"];
const CITY: &str = "4101";
const PROVINCE: &str = "41";
const MEMBERS_A_COUNTY: usize = 10;
/// Always the same people: a repeated load finds them.
const SEED: u64 = 20_261_120;

/// Loads the demo into the database that the environment names, and writes `demo.json`.
#[derive(Debug, ClapArgs)]
pub struct Args {
    /// Where `demo.json` goes.
    #[arg(long)]
    data: PathBuf,
    /// Where the API will answer.
    #[arg(long)]
    base_url: String,
    /// Where metrics will answer.
    #[arg(long)]
    internal_url: String,
}

/// Loads the demo.
pub fn run(args: Args) -> Result<()> {
    let background = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let handle = background.handle().clone();
    background.block_on(seed(args, handle))
}

async fn services(runtime: tokio::runtime::Handle, ids: Arc<dyn IdGen>) -> Result<(Services, PathBuf)> {
    let config = Config::load()?;
    let outbox = config.sms_outbox.clone().context("sms_outbox is needed (development profile)")?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let parts = Parts {
        db: DbConfig { url: config.database_url.clone(), writers: 2, readers: 2, point_limit: POINT_LIMIT },
        runtime,
        clock: clock.clone(),
        ids,
        kek: config.kek()?,
        sms: Arc::new(FileSms::new(outbox.clone(), clock)),
        push: None,
        wechat: None,
        issuer: config.issuer.clone(),
        scanner: None,
        redis: None,
        rates: Rates { address: 100_000, account: 100_000, shaped: 100_000 },
        time_limit: TIME_LIMIT,
        clients: config.clients()?,
        environment: config.profile.as_str(),
        cores: 2,
    };
    Ok((Services::start(parts).await.map_err(failed)?, outbox))
}

/// Database and card codes of the instance that the environment names, for what no operation can set up.
pub async fn core(runtime: tokio::runtime::Handle) -> Result<(Core, Cards)> {
    let (services, _) = services(runtime, Arc::new(RandomIds::default())).await?;
    let core = services.app.core.clone();
    let cards = Cards::start(core.clone(), &services.ring).await.map_err(failed)?;
    Ok((core, cards))
}

async fn seed(args: Args, runtime: tokio::runtime::Handle) -> Result<()> {
    let folder = std::fs::canonicalize(&args.data)?;
    let ids = Arc::new(FixtureIds::default());
    let (services, outbox) = services(runtime, ids.clone()).await?;
    let mut seeder = Seeder { services, ids, people: People::new(SEED) };
    if seeder.is_loaded().await? {
        let mut data = DemoData::read(&folder)
            .context("the demo is loaded but demo.json is gone: start again with --fresh")?;
        (data.base_url, data.internal_url) = (args.base_url, args.internal_url);
        return data.write(&folder);
    }
    let listener = ListenerConfig {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        workers: 1,
        cors_origins: Vec::new(),
        docs: false,
        shutdown: std::time::Duration::from_secs(1),
        traced: false,
    };
    tokio::spawn(seeder.services.identity.states.clone().keep_fresh());
    let (server, address) = serve::public(&seeder.services, &listener)?;
    let stop = server.handle();
    tokio::spawn(server);
    let api = Api::new(&format!("http://{address}"), &outbox);
    let mut data = DemoData {
        base_url: args.base_url,
        internal_url: args.internal_url,
        sms_outbox: std::path::absolute(&outbox)?,
        cadres: Vec::new(),
        auditor: seeder.cadre(PROVINCE, "province", RoleName::Auditor).await?,
        merchants: Vec::new(),
        members: Vec::new(),
    };
    for role in [RoleName::Leader, RoleName::SystemAdmin] {
        data.cadres.push(seeder.cadre(PROVINCE, "province", role).await?);
    }
    for role in [RoleName::Leader, RoleName::Officer] {
        data.cadres.push(seeder.cadre(CITY, "city", role).await?);
    }
    let mut tokens = Vec::new();
    for county in COUNTIES {
        for role in [RoleName::Leader, RoleName::Officer] {
            data.cadres.push(seeder.cadre(county, "county", role).await?);
        }
        let union = seeder.union_of(county).await?;
        data.cadres.push(seeder.cadre(&union, "union", RoleName::Leader).await?);
        for _ in 0..MEMBERS_A_COUNTY {
            data.members.push(seeder.member(&union).await?);
        }
        let (officer, leader) =
            (data.cadre("officer", "county", county)?, data.cadre("leader", "county", county)?);
        seeder.ids.begin(&format!("cadres of {county}"));
        let by = (api.login_cadre(officer).await?, api.login_cadre(leader).await?);
        data.merchants.push(seeder.merchant(&api, county, (&by.0, &by.1)).await?);
        tokens.push(by);
    }
    for (merchant, (officer, leader)) in data.merchants.iter_mut().zip(&tokens) {
        seeder.coupon(&api, merchant, (officer, leader)).await?;
    }
    // Last, so that everybody before is who they were.
    seeder.ids.begin("the legal officer of the province");
    data.cadres.push(seeder.cadre(PROVINCE, "province", RoleName::LegalOfficer).await?);
    stop.stop(true).await;
    data.write(&folder)
}

struct Seeder {
    services: Services,
    // What the services make ids with: the same on every machine, so that an app's tests may name them.
    ids: Arc<FixtureIds>,
    people: People,
}

fn label(level: &str) -> &str {
    match level {
        "province" => "henan",
        "city" => "zhengzhou",
        other => other,
    }
}

impl Seeder {
    async fn is_loaded(&self) -> Result<bool> {
        let core = &self.services.app.core;
        let mut conn = core.db.read().await.map_err(failed)?;
        let index = account::username_index(&core.sealer, "henan.leader");
        let found = account::find_by_username(&mut conn, Realm::Cadre, &index).await.map_err(failed)?;
        Ok(found.is_some())
    }

    fn password(&self) -> String {
        let mut bytes = [0u8; 10];
        RandomIds::default().fill(&mut bytes);
        data_encoding::BASE32_NOPAD.encode(&bytes).to_lowercase()
    }

    fn person(&mut self) -> Result<(Person, PersonName, Document, Mobile)> {
        let someone = self.people.citizen();
        let today = self.services.app.core.today();
        let refused = |i: unionhall_kernel::Invalid| anyhow!("{}: {}", i.code, i.detail);
        let name = PersonName::parse(&someone.name).map_err(refused)?;
        let document =
            Document::parse(someone.id_type, &someone.id_number, today, Entry::Import).map_err(refused)?;
        let mobile = Mobile::parse(&someone.mobile).map_err(refused)?;
        Ok((someone, name, document, mobile))
    }

    async fn cadre(&mut self, code: &str, level: &str, role: RoleName) -> Result<Cadre> {
        self.ids.begin(&format!("cadre {code} {role}"));
        let (_, name, document, mobile) = self.person()?;
        let core = &self.services.app.core;
        let place = if level == "county" { code } else { label(level) };
        let division = match level {
            "province" => "410000".to_owned(),
            "city" => format!("{code}00"),
            "county" => code.to_owned(),
            _ => {
                let mut conn = core.db.read().await.map_err(failed)?;
                let union = org::by_code(&mut conn, code).await.map_err(failed)?;
                union.context("the union exists")?.division_code
            }
        };
        let username = match level {
            "union" => format!("union.{division}.{role}"),
            _ => format!("{place}.{role}"),
        };
        let password = self.password();
        let hash = self.services.identity.passwords.hash(Pii::new(password.clone()), core.ids.as_ref());
        let hash = hash.await.map_err(failed)?;
        let secret = totp::new_secret(&RandomIds::default());
        // Leaders may grant business posts below them.
        let ceiling: &[RoleName] = match role {
            RoleName::Leader => {
                &[RoleName::Officer, RoleName::Reviewer, RoleName::Registrar, RoleName::MerchantOfficer]
            }
            _ => &[],
        };
        let (union, strong) = core
            .db
            .write(async |tx| {
                let union = org::by_code(tx, code).await?.ok_or_else(Problem::not_found)?;
                let strong = role == RoleName::Auditor || union.is_county_or_above();
                let person = person::create(core, tx, &name, &document).await?;
                let new = NewAccount {
                    realm: post::realm_of(role),
                    person: Some(person),
                    username: Some(&username),
                    mobile: Some(&mobile),
                    state: State::Active,
                    password_hash: Some(&hash),
                    totp_secret: strong.then_some(secret.as_slice()),
                };
                account::create(core, tx, &new).await?;
                let from = core.now();
                let new =
                    post::NewPost { person, org: &union, role, ceiling, from, to: None, granted_by: None };
                post::grant(core, tx, &new).await?;
                Ok((union.id, strong))
            })
            .await
            .map_err(failed)?;
        Ok(Cadre {
            role: role.to_string(),
            level: level.to_owned(),
            union_id: union.to_string(),
            division,
            username,
            password,
            totp_secret: strong.then(|| totp::base32(&secret)),
            mobile: mobile.national().to_owned(),
        })
    }

    async fn union_of(&self, county: &str) -> Result<String> {
        self.ids.begin(&format!("union of {county}"));
        let core = &self.services.app.core;
        let name = unionhall_kernel::division::division(county).map_or(county, |d| d.name);
        let name =
            OrgName::parse(&format!("{name}示范机械有限公司工会")).map_err(|i| anyhow!("{}", i.code))?;
        let made = core
            .db
            .write(async |tx| {
                let parent = org::by_code(tx, county).await?.ok_or_else(Problem::not_found)?;
                let new = org::NewOrg {
                    code: Some(format!("ED{county}0")),
                    parent: &parent,
                    name: &name,
                    org_type: "1",
                    division_code: county,
                    uscc: None,
                };
                org::create(core, tx, new).await
            })
            .await
            .map_err(failed)?;
        Ok(made.code)
    }

    async fn member(&mut self, union: &str) -> Result<Member> {
        let (someone, name, document, mobile) = self.person()?;
        self.ids.begin(&format!("member {}", someone.mobile));
        let core = &self.services.app.core;
        let union = core
            .db
            .write(async |tx| {
                let union = org::by_code(tx, union).await?.ok_or_else(Problem::not_found)?;
                let person = person::create(core, tx, &name, &document).await?;
                membership::admit(core, tx, person, &union, core.today()).await?;
                profile::put(core, tx, person, Some(&mobile), &json!({})).await?;
                Ok(union.id)
            })
            .await
            .map_err(failed)?;
        Ok(Member {
            mobile: someone.mobile,
            name: someone.name,
            id_type: someone.id_type,
            id_number: someone.id_number,
            union_id: union.to_string(),
        })
    }
}
