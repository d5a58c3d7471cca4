//! Members who hold a card, made in bulk through the rooms' own functions: what benches and faults are tried with.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::Result;
use chrono::{DateTime, Utc};
use unionhall_identity::account::{self, NewAccount, State};
use unionhall_identity::person;
use unionhall_kernel::document::Entry;
use unionhall_kernel::{Document, IdGen, Mobile, PersonName, Problem};
use unionhall_registry::{membership, org};
use unionhall_simulator::people::People;
use unionhall_storage::Core;
use unionhall_web::Realm;
use uuid::Uuid;

use super::failed;

/// Members written in one transaction.
const A_BATCH: u32 = 500;
/// Where the people with numbers come from: always the same ones.
const SEED: u64 = 20_261_121;

/// The id of the `n`-th numbered member: its decimal digits end the id, so that SQL can name it by number.
pub fn numbered(n: u32) -> Uuid {
    // Below a million the digits fit the last group; they are read as hexadecimal.
    let digits = u128::from_str_radix(&n.to_string(), 16).unwrap_or_default();
    Uuid::from_u128(0x0190_0000_0000_7000_8000_0000_0000_0000 | digits)
}

/// `n` members of a county with an account at level 1 and a card.
pub async fn make(core: &Core, people: &mut People, county: &str, n: usize) -> Result<Vec<Uuid>> {
    write(core, people, county, vec![None; n]).await
}

/// Sees to it that the members numbered 1 to `n` are there (whole batches); answers how many had to be made.
pub async fn ensure_numbered(core: &Core, county: &str, n: u32) -> Result<usize> {
    let mut people = People::new(SEED);
    let mut made = 0;
    for first in (1..=n).step_by(A_BATCH as usize) {
        // A batch is one transaction, so its first member stands for all. People are drawn either way, so that
        // the same number is always the same person.
        let batch = first..first + A_BATCH;
        let there = {
            let mut conn = core.db.read().await.map_err(failed)?;
            person::views(&core.sealer, &mut conn, &[numbered(first)]).await.map_err(failed)?
        };
        if there.is_empty() {
            let ids = batch.map(|n| Some(numbered(n))).collect();
            made += write(core, &mut people, county, ids).await?.len();
        } else {
            batch.for_each(|_| drop(people.citizen()));
        }
    }
    Ok(made)
}

async fn write(core: &Core, people: &mut People, county: &str, ids: Vec<Option<Uuid>>) -> Result<Vec<Uuid>> {
    let made: Vec<_> = ids.into_iter().map(|id| (id, people.citizen())).collect();
    core.db
        .write(async |tx| {
            let union = org::by_code(tx, county).await?.ok_or_else(Problem::not_found)?;
            let mut persons = Vec::new();
            for (id, someone) in &made {
                let broken = |_| Problem::internal("a made-up person is refused");
                let name = PersonName::parse(&someone.name).map_err(broken)?;
                let document =
                    Document::parse(someone.id_type, &someone.id_number, core.today(), Entry::Import);
                let mobile = Mobile::parse(&someone.mobile).map_err(broken)?;
                let ids: Arc<dyn IdGen> = match id {
                    Some(id) => Arc::new(FirstId::new(*id, core.ids.clone())),
                    None => core.ids.clone(),
                };
                let named = Core { ids, ..core.clone() };
                let person = person::create(&named, tx, &name, &document.map_err(broken)?).await?;
                membership::admit(core, tx, person, &union, core.today()).await?;
                let new = NewAccount {
                    realm: Realm::Member,
                    person: None,
                    username: None,
                    mobile: Some(&mobile),
                    state: State::Active,
                    password_hash: None,
                    totp_secret: None,
                };
                let account = account::create(core, tx, &new).await?;
                account::bind(tx, account, person, 1, core.now()).await?;
                unionhall_cards::issue::ensure_virtual(core, tx, person).await?;
                persons.push(person);
            }
            Ok(persons)
        })
        .await
        .map_err(failed)
}

/// Gives one id that was chosen, and then chance.
struct FirstId {
    first: Mutex<Option<Uuid>>,
    rest: Arc<dyn IdGen>,
}

impl FirstId {
    fn new(first: Uuid, rest: Arc<dyn IdGen>) -> Self {
        Self { first: Mutex::new(Some(first)), rest }
    }
}

impl IdGen for FirstId {
    fn id(&self, now: DateTime<Utc>) -> Uuid {
        let first = self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
        first.unwrap_or_else(|| self.rest.id(now))
    }

    fn opaque_id(&self) -> Uuid {
        self.rest.opaque_id()
    }

    fn fill(&self, bytes: &mut [u8]) {
        self.rest.fill(bytes);
    }
}
