//! Pages: pinned ones first, then the newest, none twice and none left out.

use chrono::Duration;
use serde_json::{Value, json};
use unionhall_testkit::Session;
use uuid::Uuid;

use crate::office::Office;

const LIST: &str = "/v1/me/notices";

async fn page(office: &Office, by: &Session, query: &str) -> (Vec<String>, Option<String>) {
    let list = office.app.get(&format!("{LIST}?{query}")).by(by).await.expect(200);
    let titles = list["items"].as_array().unwrap().iter().map(|n| n["title"].as_str().unwrap().to_owned());
    (titles.collect(), list["next"].as_str().map(str::to_owned))
}

// Approved in order, three of them pinned for half a minute; some within one millisecond.
async fn ten(office: &Office) -> Vec<Uuid> {
    let app = &office.app;
    let mut made = Vec::new();
    for n in 0..10 {
        let pin = (n % 3 == 1).then(|| app.core().now() + Duration::seconds(30));
        made.push(office.publish(&format!("第{n}"), &json!({"pinned_until": pin})).await);
        if n % 2 == 0 {
            office.app.advance(Duration::milliseconds(1)).await;
        }
    }
    made
}

fn in_order() -> Vec<String> {
    [7, 4, 1, 9, 8, 6, 5, 3, 2, 0].map(|n| format!("第{n}")).to_vec()
}

#[tokio::test]
async fn pages_have_neither_gaps_nor_repeats_while_pins_exist_and_end() {
    let office = Office::open().await;
    let (_, member) = office.member("410102").await;
    ten(&office).await;
    assert_eq!(page(&office, &member, "limit=100").await, (in_order(), None));
    for limit in 1..=10 {
        for ends in [false, true] {
            let (mut seen, mut next) = page(&office, &member, &format!("limit={limit}")).await;
            let now = office.app.core().now();
            if ends {
                // The pins end between the first page and the second.
                office.app.advance(Duration::seconds(40)).await;
            }
            while let Some(after) = next {
                let (more, then) = page(&office, &member, &format!("limit={limit}&after={after}")).await;
                seen.extend(more);
                assert!(seen.len() <= 10, "limit {limit}, pins end: {ends}: {seen:?}");
                next = then;
            }
            assert_eq!(seen, in_order(), "limit {limit}, pins end: {ends}");
            office.at(now).await;
        }
    }
}

#[tokio::test]
async fn what_comes_and_goes_between_pages_moves_nothing_else() {
    let office = Office::open().await;
    let (app, leader) = (&office.app, &office.leader);
    let (_, member) = office.member("410102").await;
    let made = ten(&office).await;
    let (mut seen, next) = page(&office, &member, "limit=2").await;
    office.app.advance(Duration::seconds(1)).await;
    app.notice_step(made[1], "withdraw", &leader.session).await.expect(200);
    app.notice_step(made[8], "withdraw", &leader.session).await.expect(200);
    office.publish("新置顶", &json!({"pinned_until": app.core().now() + Duration::minutes(1)})).await;
    let (rest, end) = page(&office, &member, &format!("limit=100&after={}", next.unwrap())).await;
    seen.extend(rest);
    assert_eq!(end, None);
    let expected: Vec<String> = in_order().into_iter().filter(|t| t != "第1" && t != "第8").collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_cursor_belongs_to_its_reader_where_they_stand_and_to_its_channel() {
    let office = Office::open().await;
    let app = &office.app;
    let (who, member) = office.member("410102").await;
    let (_, other) = office.member("410102").await;
    for n in 0..3 {
        office.publish(&format!("第{n}"), &json!({"channels": ["member_app"]})).await;
    }
    let (titles, next) = page(&office, &member, "limit=1&channel=member_app").await;
    assert_eq!(titles, ["第2"]);
    let next = next.unwrap();
    let refused = async |by: &Session, query: &str| {
        let reply = app.get(&format!("{LIST}?after={next}{query}")).by(by).await;
        assert_eq!(reply.problem(400), "CURSOR_INVALID", "{query}");
    };
    refused(&member, "").await;
    refused(&member, "&channel=console").await;
    refused(&other, "&channel=member_app").await;
    let tampered =
        app.get(&format!("{LIST}?channel=member_app&after={}x", &next[..next.len() - 1])).by(&member);
    assert_eq!(tampered.await.problem(400), "CURSOR_INVALID");
    let (rest, _) = page(&office, &member, &format!("channel=member_app&after={next}")).await;
    assert_eq!(rest, ["第1", "第0"]);
    app.sql(&format!(
        "UPDATE membership SET path = o.path, org_id = o.id FROM org o WHERE o.code = '410103' AND person_id = '{}'",
        who.person
    ))
    .await;
    refused(&member, "&channel=member_app").await;
}

#[tokio::test]
async fn a_channel_is_asked_for_and_never_guessed() {
    let office = Office::open().await;
    let app = &office.app;
    let (_, member) = office.member("410102").await;
    office.publish("网站", &json!({"channels": ["public_site"]})).await;
    office.publish("全部", &json!({})).await;
    let phone = app.get(LIST).by(&member).header("x-client", "member-app/3.2.1 android").await.expect(200);
    let titles: Vec<&Value> = phone["items"].as_array().unwrap().iter().map(|n| &n["title"]).collect();
    assert_eq!(titles, ["全部", "网站"]);
    assert_eq!(page(&office, &member, "channel=member_app").await.0, ["全部"]);
    assert_eq!(page(&office, &member, "channel=public_site").await.0, ["全部", "网站"]);
    assert_eq!(app.get(&format!("{LIST}?channel=fax")).by(&member).await.problem(400), "INVALID_PARAMETER");
}
