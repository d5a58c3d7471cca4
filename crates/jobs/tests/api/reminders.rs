//! What recruiters are reminded of by SMS, and how often.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;

use crate::desk::{Desk, body};

// The n-th morning after the first day with its tasks done; twice, as if the worker had died.
async fn morning(desk: &Desk, day: i64) {
    let first: DateTime<Utc> = "2026-11-20T00:01:00Z".parse().unwrap();
    let core = desk.app.core();
    let left = first + Duration::days(day) - core.now();
    desk.app.advance(left).await;
    for _ in 0..2 {
        unionhall_jobs::tasks::enqueue_daily(core, &mut core.db.writer().await.unwrap()).await.unwrap();
        desk.app.drain().await;
        desk.app
            .sql("UPDATE task SET state = 'queued', finished_at = NULL WHERE kind = 'recruiter.remind'")
            .await;
    }
    desk.app.drain().await;
}

fn sent(desk: &Desk) -> usize {
    desk.app.sms.count(&desk.recruiter.mobile)
}

#[tokio::test]
async fn five_days_before_a_posting_ends_its_recruiter_is_reminded_once() {
    let desk = Desk::open().await;
    let mut ten = body();
    ten["valid_days"] = json!(10);
    let posting = desk.publish(&ten).await;
    let mut short = body();
    (short["valid_days"], short["content"]) = (json!(5), json!("短期的工作。"));
    desk.publish(&short).await;
    let closed = desk
        .publish(&{
            let mut other = ten.clone();
            other["content"] = json!("已招满的工作。");
            other
        })
        .await;
    desk.step(closed, "close").await.expect(200);
    let before = sent(&desk);
    morning(&desk, 4).await;
    assert_eq!(sent(&desk), before, "six days before");
    morning(&desk, 5).await;
    assert_eq!(sent(&desk), before + 1, "not of one that was to stand five days, nor of one that is closed");
    assert_eq!(desk.app.sms.last(&desk.recruiter.mobile), Some("posting_ending"));
    morning(&desk, 6).await;
    assert_eq!(sent(&desk), before + 1);
    // Prolonged, it has another last day.
    let desk = desk.again().await;
    let path = format!("/v1/recruiter/postings/{posting}/extend");
    desk.app.post(&path, json!({"days": 20})).by(&desk.recruiter.session).await.expect(200);
    let before = sent(&desk);
    morning(&desk, 20).await;
    assert_eq!(sent(&desk), before);
    morning(&desk, 22).await;
    assert_eq!(sent(&desk), before + 1, "the morning of the 21st day was missed");
    morning(&desk, 23).await;
    assert_eq!(sent(&desk), before + 1);
}

#[tokio::test]
async fn fourteen_days_before_a_verification_ends_its_recruiter_is_reminded_once_unless_it_has_applied() {
    let desk = Desk::open().await;
    let other = desk.app.recruiter(&desk.officer, "410102", "郑州另一家机械有限公司").await;
    // Both were verified on the 20th of November, until the 20th of May.
    let until = "SELECT count(*) FROM recruiter WHERE verified_until = '2027-05-20'";
    assert_eq!(desk.app.number(until).await, 2);
    let before = (sent(&desk), desk.app.sms.count(&other.mobile));
    morning(&desk, 166).await;
    assert_eq!(sent(&desk), before.0, "fifteen days before");
    let desk = desk.again().await;
    let mut papers = desk.app.recruiter_body(&desk.recruiter.session).await;
    papers["uscc"] = json!(desk.recruiter.uscc);
    desk.app.apply_as_recruiter(&desk.recruiter.session, &papers).await.expect(201);
    let before = (sent(&desk), before.1);
    morning(&desk, 167).await;
    assert_eq!(sent(&desk), before.0, "its papers are with the county");
    assert_eq!(desk.app.sms.count(&other.mobile), before.1 + 1);
    assert_eq!(desk.app.sms.last(&other.mobile), Some("verification_ending"));
    morning(&desk, 168).await;
    assert_eq!(desk.app.sms.count(&other.mobile), before.1 + 1);
}
