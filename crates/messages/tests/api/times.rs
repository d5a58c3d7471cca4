//! Boundaries: exactly at its instant, and not a millisecond before.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use unionhall_testkit::shop::id;

use crate::office::Office;

const LIST: &str = "/v1/public/notices";

#[tokio::test]
async fn a_notice_is_there_from_its_instant_until_its_end() {
    let office = Office::open().await;
    let app = &office.app;
    let (_, member) = office.member("410102").await;
    let now = app.core().now();
    let (from, until) = (now + Duration::minutes(3), now + Duration::minutes(4));
    let notice = office
        .publish("定时", &json!({"audience": "everyone", "publish_at": from, "expires_at": until}))
        .await;
    let moment = Duration::milliseconds(1);
    for (at, there, phase) in [
        (from - moment, false, "SCHEDULED"),
        (from, true, "PUBLISHED"),
        (until - moment, true, "PUBLISHED"),
        (until, false, "EXPIRED"),
    ] {
        office.at(at).await;
        assert_eq!(office.titles(LIST, None).await.len(), usize::from(there), "{at}");
        assert_eq!(office.titles("/v1/me/notices", Some(&member)).await.len(), usize::from(there), "{at}");
        let status = if there { 200 } else { 404 };
        assert_eq!(app.get(&format!("{LIST}/{notice}")).await.status, status, "{at}");
        let mine = format!("/v1/me/notices/{notice}");
        assert_eq!(app.get(&mine).by(&member).await.status, status, "{at}");
        assert_eq!(app.post(&format!("{mine}/read"), json!({})).by(&member).await.status, status, "{at}");
        assert_eq!(office.read(notice).await["phase"], phase, "{at}");
    }
}

#[tokio::test]
async fn a_pin_holds_until_its_end() {
    let office = Office::open().await;
    let app = &office.app;
    let until = app.core().now() + Duration::minutes(2);
    office.publish("置顶", &json!({"audience": "everyone", "pinned_until": until})).await;
    office.app.advance(Duration::seconds(1)).await;
    office.publish("新的", &json!({"audience": "everyone"})).await;
    office.at(until - Duration::milliseconds(1)).await;
    assert_eq!(office.titles(LIST, None).await, ["置顶", "新的"]);
    office.at(until).await;
    assert_eq!(office.titles(LIST, None).await, ["新的", "置顶"]);
    let list = app.get(LIST).await.expect(200);
    assert_eq!(list["items"][1]["pinned"], false);
}

#[tokio::test]
async fn a_day_in_shanghai_begins_at_sixteen_hours_utc() {
    let office = Office::open().await;
    let midnight: DateTime<Utc> = "2026-11-20T16:00:00Z".parse().unwrap();
    // As a console sends a Shanghai day: with its offset.
    let day = json!({"audience": "everyone", "publish_at": "2026-11-21T00:00:00+08:00",
                     "expires_at": "2026-11-22T00:00:00+08:00"});
    office.publish("周六", &day).await;
    for (at, there) in [
        (midnight - Duration::milliseconds(1), false),
        (midnight, true),
        (midnight + Duration::days(1) - Duration::milliseconds(1), true),
        (midnight + Duration::days(1), false),
    ] {
        office.at(at).await;
        assert_eq!(office.titles(LIST, None).await.len(), usize::from(there), "{at}");
    }
}

#[tokio::test]
async fn a_published_instant_is_the_approvals_unless_a_later_one_is_wanted() {
    let office = Office::open().await;
    let app = &office.app;
    let before = app.core().now() - Duration::days(1);
    let notice = office.publish("昨天就要", &json!({"publish_at": before})).await;
    let read = office.read(notice).await;
    assert_eq!(read["published_at"], unionhall_web::wire::instant(app.core().now()));
    assert_eq!(id(&read), notice);
}
