//! Branches near by.

use serde_json::{Value, json};
use unionhall_kernel::geo::{Datum, METRES_PER_DEGREE, Point};
use unionhall_testkit::shop::Shop;

const HERE: Point = Point { lat: 34.7466, lng: 113.6253 };

async fn open(shop: &Shop, name: &str, at: Point, datum: Datum) {
    let body = json!({"name": name, "address": "郑州市中原区 9 号", "division_code": "410102",
                      "lat": at.lat, "lng": at.lng, "datum": datum.as_str()});
    let path = format!("/v1/admin/merchants/{}/branches", shop.merchant);
    shop.app.post(&path, body).by(&shop.officer.session).await.expect(201);
}

fn north(metres: f64) -> Point {
    Point { lat: HERE.lat + metres / METRES_PER_DEGREE, ..HERE }
}

async fn near(shop: &Shop, query: &str) -> Vec<(String, i64)> {
    let path = format!("/v1/public/branches?near={},{}{query}", HERE.lat, HERE.lng);
    let page = shop.app.get(&path).await.expect(200);
    let item = |b: &Value| (b["name"].as_str().unwrap().to_owned(), b["distance_m"].as_i64().unwrap());
    page["items"].as_array().unwrap().iter().map(item).collect()
}

fn found(names: &[(&str, i64)]) -> Vec<(String, i64)> {
    names.iter().map(|(name, metres)| ((*name).to_owned(), *metres)).collect()
}

#[tokio::test]
async fn one_place_is_found_whatever_datum_it_was_entered_in() {
    let shop = Shop::open().await;
    for (n, datum) in Datum::ALL.into_iter().enumerate() {
        let metres = 100.0 * f64::from(u8::try_from(n).unwrap());
        open(&shop, datum.as_str(), north(metres).moved(Datum::Gcj02, datum), datum).await;
    }
    let all = found(&[("gcj02", 0), ("wgs84", 100), ("bd09", 200)]);
    assert_eq!(near(&shop, "").await, all);
    let wgs = HERE.moved(Datum::Gcj02, Datum::Wgs84);
    let path = format!("/v1/public/branches?datum=wgs84&near={:.7},{:.7}", wgs.lat, wgs.lng);
    let page = shop.app.get(&path).await.expect(200);
    assert_eq!(page["items"][0]["distance_m"], 0);
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    // Taken for another datum, the place is hundreds of metres off.
    let wrong = path.replace("wgs84", "gcj02");
    assert!(shop.app.get(&wrong).await.expect(200)["items"][0]["distance_m"].as_i64().unwrap() > 200);
}

#[tokio::test]
async fn the_radius_belongs_to_the_circle_and_the_nearest_come_first() {
    let shop = Shop::open().await;
    for (name, metres) in [("远店", 1001.0), ("近店", 10.0), ("边店", 1000.0)] {
        open(&shop, name, north(metres), Datum::Gcj02).await;
    }
    let east = Point { lng: HERE.lng + 999.0 / (METRES_PER_DEGREE * HERE.lat.to_radians().cos()), ..HERE };
    open(&shop, "东店", east, Datum::Gcj02).await;
    assert_eq!(near(&shop, "&radius_m=1000").await, found(&[("近店", 10), ("东店", 999), ("边店", 1000)]));
    assert_eq!(near(&shop, "&radius_m=998").await, found(&[("近店", 10)]));
    let mut path = format!("/v1/public/branches?near={},{}&limit=1", HERE.lat, HERE.lng);
    let mut names = Vec::new();
    loop {
        let page = shop.app.get(&path).await.expect(200);
        names
            .extend(page["items"].as_array().unwrap().iter().map(|b| b["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/public/branches?near={},{}&limit=1&after={next}", HERE.lat, HERE.lng);
    }
    assert_eq!(names.concat(), "近店东店边店远店");
}

#[tokio::test]
async fn only_what_is_open_and_sells_it_is_shown() {
    let shop = Shop::open().await;
    open(&shop, "书香店", HERE, Datum::Gcj02).await;
    assert_eq!(near(&shop, "&category=%E9%A4%90%E9%A5%AE").await.len(), 1, "餐饮");
    assert_eq!(near(&shop, "&category=%E4%B9%A6%E5%BA%97").await.len(), 0, "书店");
    let merchant = format!("/v1/admin/merchants/{}", shop.merchant);
    let tag = shop.app.get(&merchant).by(&shop.officer.session).await.etag();
    let suspend = shop.app.post(&format!("{merchant}/suspend"), json!({"reason": "投诉核实中"}));
    suspend.by(&shop.officer.session).if_match(&tag).await.expect(200);
    assert_eq!(near(&shop, "").await.len(), 0, "suspended");
    let tag = shop.app.get(&merchant).by(&shop.officer.session).await.etag();
    let resume = shop.app.post(&format!("{merchant}/resume"), json!({}));
    resume.by(&shop.officer.session).if_match(&tag).await.expect(200);
    assert_eq!(near(&shop, "").await.len(), 1);
    shop.app.clock.set("2026-12-31T16:00:00Z".parse().unwrap());
    assert_eq!(near(&shop, "").await.len(), 0, "the contract ended at midnight in Shanghai");
}

#[tokio::test]
async fn a_place_that_is_none_is_refused() {
    let shop = Shop::open().await;
    for query in [
        "near=34.7",
        "near=34.7,",
        "near=91,113",
        "near=34,181",
        "near=nan,113",
        "near=34.7,113.6&radius_m=0",
        "near=34.7,113.6&radius_m=50001",
        "near=34.7,113.6&datum=utm",
        "near=34.7,113.6&category=",
        "radius_m=10",
    ] {
        let reply = shop.app.get(&format!("/v1/public/branches?{query}")).await;
        assert_eq!(reply.problem(400), "INVALID_PARAMETER", "{query}");
    }
    let pole = shop.app.get("/v1/public/branches?near=-90,0").await.expect(200);
    assert_eq!(pole["items"], json!([]));
}
