//! What an attacker tries: a place taken twice, applying without end, contacts in a resume, phrases that hide.

use chrono::Duration;
use futures_util::future::join_all;
use serde_json::{Value, json};
use unionhall_jobs::application::{NEW_A_DAY, OPEN_AT_MOST, TIMES_AT_MOST};
use unionhall_jobs::posting::DRAFTS_AT_MOST;
use unionhall_testkit::shop::id;
use uuid::Uuid;

use crate::applications::{apply, candidate, member_step, recruiter_step, resume, seeker, seeker_of};
use crate::desk::{Desk, body, midnight};

fn titled(n: usize) -> Value {
    let mut body = body();
    body["title"] = json!(format!("数控车床操作工{n}"));
    body["content"] = json!(format!("操作数控车床{n}号。"));
    body
}

/// Some postings of the same kind as one, each with a text of its own.
async fn cloned(desk: &Desk, of: Uuid, n: i64) -> Vec<Uuid> {
    let ids: Vec<Uuid> = (0..n).map(|_| desk.app.core().id()).collect();
    for id in &ids {
        let copy = format!(
            "INSERT INTO job_posting SELECT (jsonb_populate_record(p, jsonb_build_object('id', '{id}', \
             'content_key', '\\x' || md5('{id}')))).* FROM job_posting p WHERE p.id = '{of}'"
        );
        desk.app.sql(&copy).await;
    }
    ids
}

#[tokio::test]
async fn the_last_place_is_taken_once_however_many_take_it_at_once() {
    let desk = Desk::open().await;
    let mut one = body();
    one["headcount"] = json!(1);
    let posting = desk.publish(&one).await;
    let mut offered = Vec::new();
    for _ in 0..6 {
        let by = seeker(&desk).await;
        let application = id(&apply(&desk, posting, &by, "k").await.expect(201));
        for step in ["invite", "offer"] {
            recruiter_step(&desk, application, step, json!({})).await.expect(200);
        }
        offered.push((application, by));
    }
    let taken =
        join_all(offered.iter().map(|(application, by)| member_step(&desk, *application, "accept", by)))
            .await;
    assert_eq!(taken.iter().filter(|r| r.status == 200).count(), 1);
    for late in taken.iter().filter(|r| r.status != 200) {
        assert_eq!(late.problem(409), "POSTING_CLOSED");
    }
    assert_eq!(
        desk.app.number("SELECT count(*) FROM job_application WHERE state = 'HIRED'").await,
        1,
        "whoever came too late still has an offer that the recruiter is to take back"
    );
    assert_eq!(desk.app.number("SELECT filled FROM job_posting").await, 1);
}

#[tokio::test]
async fn pay_in_another_province_is_left_to_a_human_with_the_reason() {
    let desk = Desk::open().await;
    let mut elsewhere = body();
    elsewhere["division_code"] = json!("330106");
    elsewhere["pay"] = json!({"min_fen": 100_000, "period": "month"});
    let made = desk.write(&elsewhere).await.expect(201);
    assert_eq!(made["hits"][0]["pointer"], "/pay/min_fen");
    assert_eq!(made["hits"][0]["phrase"], "工作地在省外，请核对当地最低工资标准");
    let posting = id(&made);
    desk.step(posting, "submit").await.expect(200);
    let path = format!("/v1/admin/job-postings/{posting}");
    let seen = desk.app.get(&path).by(&desk.officer.session).await.expect(200);
    assert_eq!(seen["hits"], made["hits"], "whoever reviews it reads why");
    elsewhere["pay"] = json!({"period": "month", "negotiable": true});
    assert_eq!(desk.write(&elsewhere).await.expect(201)["hits"], json!([]), "nothing is stated");
    assert_eq!(desk.write(&body()).await.expect(201)["hits"], json!([]));
}

#[tokio::test]
async fn one_posting_is_applied_to_three_times_ever() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let by = seeker(&desk).await;
    for n in 0..TIMES_AT_MOST {
        let made = id(&apply(&desk, posting, &by, &format!("k{n}")).await.expect(201));
        member_step(&desk, made, "withdraw", &by).await.expect(200);
    }
    assert_eq!(apply(&desk, posting, &by, "more").await.problem(409), "ALREADY_HAVE");
    // The same text posted anew is the same job, also here.
    let twin = desk.publish(&body()).await;
    assert_eq!(apply(&desk, twin, &by, "twin").await.problem(409), "ALREADY_HAVE");
    apply(&desk, posting, &seeker(&desk).await, "another").await.expect(201);
}

#[tokio::test]
async fn open_applications_and_those_of_a_day_are_limited_also_when_many_come_at_once() {
    let desk = Desk::open().await;
    let first = desk.publish(&body()).await;
    let postings = cloned(&desk, first, NEW_A_DAY + 1).await;
    let (by, member) = seeker_of(&desk, "410102").await;
    let open = usize::try_from(OPEN_AT_MOST).unwrap();
    let keys: Vec<String> = (0..open + 4).map(|n| format!("k{n}")).collect();
    let all = join_all(keys.iter().zip(&postings).map(|(key, to)| apply(&desk, *to, &by, key))).await;
    assert_eq!(all.iter().filter(|r| r.status == 201).count(), open);
    for refused in all.iter().filter(|r| r.status != 201) {
        assert_eq!(refused.problem(409), "ALREADY_HAVE");
    }
    // What has ended makes place, up to the number of a day.
    let applied: Vec<_> = all.iter().filter(|r| r.status == 201).map(|r| id(&r.json())).collect();
    for made in &applied {
        member_step(&desk, *made, "withdraw", &by).await.expect(200);
    }
    let already = usize::try_from(desk.app.number("SELECT count(*) FROM job_application").await).unwrap();
    let left = usize::try_from(NEW_A_DAY).unwrap() - already;
    for (n, to) in postings.iter().take(left).enumerate() {
        apply(&desk, *to, &by, &format!("l{n}")).await.expect(201);
    }
    let refused = apply(&desk, postings[left], &by, "over").await;
    assert_eq!(refused.problem(429), "TRIES_EXHAUSTED");
    assert!(refused.header("retry-after").is_some());
    midnight(&desk.app).await;
    let desk = desk.again().await;
    let by = desk.app.login_member(&member.mobile).await;
    apply(&desk, postings[left], &by, "tomorrow").await.expect(201);
}

#[tokio::test]
async fn a_recruiter_has_so_many_drafts_and_no_more_also_at_once() {
    let desk = Desk::open().await;
    let first = id(&desk.write(&titled(0)).await.expect(201));
    cloned(&desk, first, DRAFTS_AT_MOST - 3).await;
    let bodies: Vec<Value> = (0..6).map(titled).collect();
    let all = join_all(bodies.iter().map(|body| desk.write(body))).await;
    assert_eq!(all.iter().filter(|r| r.status == 201).count(), 2);
    for refused in all.iter().filter(|r| r.status != 201) {
        assert_eq!(refused.problem(409), "ALREADY_HAVE");
    }
    desk.step(first, "submit").await.expect(200);
    desk.write(&body()).await.expect(201);
}

#[tokio::test]
async fn contacts_in_a_resume_are_hidden_until_the_invitation() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    let by = seeker(&desk).await;
    let mut told = resume(&[]);
    let content = &mut told["content"];
    content["headline"] = json!("车工 13812345678");
    content["education"] = json!("中专 一三八一二三四五六七八");
    content["skills"] = json!("三级 wang@example.com");
    content["about"] = json!("加微信：wang_1980，或１３８－１２３４－５６７８。");
    content["experiences"][0]["employer"] = json!("轴承厂 1 3 8 1 2 3 4 5 6 7 8");
    content["experiences"][0]["title"] = json!("车工 微信同号");
    content["experiences"][0]["description"] = json!("2019年至2024年 QQ：12345678");
    desk.app.put("/v1/me/resume", told.clone()).by(&by).await.expect(200);
    let application = id(&apply(&desk, posting, &by, "k").await.expect(201));
    let list = format!("/v1/recruiter/postings/{posting}/candidates");
    let list = desk.app.get(&list).by(&desk.recruiter.session).await.expect(200);
    let one = candidate(&desk, application).await;
    let viewed = recruiter_step(&desk, application, "view", json!({})).await.expect(200);
    for seen in [&list["items"][0]["resume"], &one["resume"], &viewed["resume"]] {
        assert_eq!(seen["headline"], "车工 ***");
        assert_eq!(seen["education"], "中专 ***");
        assert_eq!(seen["skills"], "三级 ***");
        assert_eq!(seen["about"], "加微信：***，或***。");
        assert_eq!(seen["experiences"][0]["employer"], "轴承厂 ***");
        assert_eq!(seen["experiences"][0]["title"], "车工 微信同号");
        assert_eq!(seen["experiences"][0]["description"], "2019年至2024年 QQ：***");
    }
    let invited = recruiter_step(&desk, application, "invite", json!({})).await.expect(200);
    assert_eq!(invited["resume"], told["content"], "as it was handed in");
    let own = desk.app.get("/v1/me/resume").by(&by).await.expect(200);
    assert_eq!(own["content"], told["content"]);
}

#[tokio::test]
async fn the_lexicon_knows_how_people_say_it() {
    let desk = Desk::open().await;
    for blocked in [
        "河南人勿扰",
        "外地人勿扰",
        "限本地户口",
        "限郑州户籍",
        "本地户口优先",
        "未婚未育优先",
        "男士优先",
        "女性优先",
        "只要男",
        "孕妇勿扰",
        "不得怀孕",
        "乙肝勿扰",
        "东北人除外",
        "谢绝周口人",
    ] {
        let mut said = body();
        said["conditions"] = json!(format!("有经验，{blocked}。"));
        let reply = desk.write(&said).await;
        assert_eq!(reply.status, 422, "{blocked}");
        assert_eq!(reply.json()["errors"][0]["code"], "LEXICON_BLOCKED", "{blocked}");
    }
    for (reviewed, phrase) in [
        ("身高170以上", "身高1"),
        ("身高不低于1米65", "身高不低于1"),
        ("五官端正", "五官端正"),
        ("不限本地户口", "限本地户口"),
    ] {
        let mut said = body();
        said["conditions"] = json!(format!("有经验，{reviewed}。"));
        let made = desk.write(&said).await.expect(201);
        assert_eq!(made["hits"][0]["phrase"], phrase, "{reviewed}");
    }
    let mut said = body();
    for harmless in [
        "河南人才市场",
        "身高不限",
        "男女不限",
        "户口不限",
        "婚育不限",
        "周口人民医院",
        "河南人熟悉的品牌",
        "本地企业",
        "外地员工包住宿",
        "身高体重不限，1年以上经验",
        "退伍军人优先",
        "郑州户外拓展",
    ] {
        said["conditions"] = json!(format!("有经验，{harmless}。"));
        let made = desk.write(&said).await.expect(201);
        assert_eq!(made["hits"], json!([]), "{harmless}");
    }
}

#[tokio::test]
async fn two_who_prolong_at_once_both_have_it_prolonged() {
    let desk = Desk::open().await;
    let posting = desk.publish(&body()).await;
    desk.app.advance(Duration::minutes(1)).await;
    let path = format!("/v1/recruiter/postings/{posting}/extend");
    let extend = || async { desk.app.post(&path, json!({"days": 60})).by(&desk.recruiter.session).await };
    for reply in join_all((0..8).map(|_| extend())).await {
        assert_eq!(reply.expect(200)["valid_through"], "2027-01-19");
    }
    // Of two who hand in at once one hands in, and the other reads why not.
    let draft = id(&desk.write(&titled(1)).await.expect(201));
    let all = join_all((0..4).map(|_| desk.step(draft, "submit"))).await;
    assert_eq!(all.iter().filter(|r| r.status == 200).count(), 1);
    assert!(all.iter().filter(|r| r.status != 200).all(|r| r.problem(409) == "INVALID_STATE"));
}
