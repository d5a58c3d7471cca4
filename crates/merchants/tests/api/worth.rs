//! What a card is worth is written twice: as a function in cards, and in the redemption's statement, which must
//! judge within one round trip. Here both meet every combination.

use chrono::NaiveDate;
use serde_json::json;
use unionhall_cards::standing::{Validity, validity};
use unionhall_testkit::shop::Shop;

const STATUSES: [&str; 7] = ["REQUESTED", "ISSUED", "ACTIVE", "LOST", "REPLACED", "REVOKED", "REJECTED"];
const STATES: [&str; 5] = ["ACTIVE", "RETAINED", "FROZEN", "LEAVING", "ENDED"];
const POLICIES: [&str; 3] = ["full", "limited", "suspended"];
/// In force; begins today; ends today; ended yesterday; begins tomorrow.
const DATES: [(u32, u32); 5] = [(1, 30), (20, 30), (1, 20), (1, 19), (21, 30)];

#[tokio::test]
async fn verification_and_redemption_agree_on_every_card() {
    let shop = Shop::open().await;
    let till = shop.cashier().await;
    let mut terms = shop.terms("quota");
    terms["per_member_limit"] = json!(99);
    let offer = shop.campaign(terms).await;
    let holder = shop.holder().await;
    let code = shop.qr(&holder).await;
    let token = shop.verify(&till, &code).await["verification_token"].as_str().unwrap().to_owned();
    let day = |n| NaiveDate::from_ymd_opt(2026, 11, n).unwrap();
    let mut valid = 0;
    for status in STATUSES {
        for state in STATES {
            for policy in POLICIES {
                for (from, to) in DATES {
                    // Dates matter to an active card alone; another status is refused before them.
                    if status != "ACTIVE" && (from, to) != DATES[0] {
                        continue;
                    }
                    let case = format!("{status} {state} {policy} {from}..{to}");
                    shop.app
                        .sql(&format!(
                            "UPDATE card SET status = '{status}', valid_from = '{}', valid_to = '{}', last_step = 0; \
                             UPDATE membership SET state = '{state}'; UPDATE card_policy SET retained = '{policy}'",
                            day(from),
                            day(to)
                        ))
                        .await;
                    let expected = validity(status, Some(state), policy, day(from), day(to), day(20));
                    let seen = shop.verify(&till, &code).await;
                    assert_eq!(
                        seen["valid"],
                        json!(matches!(expected, Validity::Valid { .. })),
                        "{case}: {seen}"
                    );
                    let offered = seen["offers"].as_array().is_some_and(|offers| !offers.is_empty());
                    assert_eq!(offered, expected == Validity::Valid { limited: false }, "{case}: {seen}");
                    let reply = shop.redeem(&till, &token, offer, 3_000, &case.replace(' ', "-")).await;
                    match expected {
                        Validity::Valid { limited: false } => {
                            reply.expect(201);
                            valid += 1;
                        }
                        Validity::Valid { limited: true } => {
                            assert_eq!(reply.problem(409), "NOT_ELIGIBLE", "{case}")
                        }
                        _ => assert_eq!(reply.problem(409), "CARD_NOT_VALID", "{case}"),
                    }
                }
            }
        }
    }
    // ACTIVE and LEAVING under each policy, RETAINED under `full`, each on the three days in force.
    assert_eq!(valid, (2 * 3 + 1) * 3);
}
