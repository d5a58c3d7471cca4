//! Coordinates as Chinese maps have them. Taking one datum for another is off by hundreds of metres, so a point never
//! goes without its datum (docs: china.md 11, Map/Geo).
//!
//! GCJ-02 shifts WGS-84 by a published approximation of a secret function; BD-09 shifts GCJ-02 once more. Both ways
//! agree to well below a metre, which is more than a shop's sign is wide.

use std::f64::consts::PI;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Datum of coordinates. 坐标系
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Datum {
    /// What Chinese maps and WeChat give.
    Gcj02,
    /// GPS.
    Wgs84,
    /// Baidu's.
    Bd09,
}

impl Datum {
    /// Every datum.
    pub const ALL: [Datum; 3] = [Self::Gcj02, Self::Wgs84, Self::Bd09];

    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gcj02 => "gcj02",
            Self::Wgs84 => "wgs84",
            Self::Bd09 => "bd09",
        }
    }
}

/// A point on the ground, degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// Latitude, north.
    pub lat: f64,
    /// Longitude, east.
    pub lng: f64,
}

/// Metres of a degree of latitude.
pub const METRES_PER_DEGREE: f64 = EARTH * PI / 180.0;

// Mean radius of the earth, metres.
const EARTH: f64 = 6_371_008.8;
// Krasovsky 1940: semi-major axis and squared eccentricity, which the shift of GCJ-02 is computed on.
const AXIS: f64 = 6_378_245.0;
const ECCENTRICITY: f64 = 0.006_693_421_622_965_943;
const BD: f64 = PI * 3000.0 / 180.0;

// Outside of it nothing is shifted.
fn is_in_china(p: Point) -> bool {
    (0.8293..=55.8271).contains(&p.lat) && (72.004..=137.8347).contains(&p.lng)
}

fn waves(x: f64, y: f64) -> (f64, f64) {
    let wave = |t: f64, a: f64, b: f64, c: f64, d: f64| {
        (20.0 * (t * PI).sin() + 40.0 * (t / 3.0 * PI).sin()) * 2.0 / 3.0
            + (a * (t / 12.0 * PI).sin() + b * (t * PI / c).sin()) * d / 3.0
    };
    let both = (20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin()) * 2.0 / 3.0;
    let root = x.abs().sqrt();
    let lat = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root;
    let lng = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root;
    (lat + both + wave(y, 160.0, 320.0, 30.0, 2.0), lng + both + wave(x, 150.0, 300.0, 30.0, 2.0))
}

fn shift(p: Point) -> Point {
    let (lat, lng) = waves(p.lng - 105.0, p.lat - 35.0);
    let radians = p.lat / 180.0 * PI;
    let sine = radians.sin();
    let magic = 1.0 - ECCENTRICITY * sine * sine;
    let meridian = AXIS * (1.0 - ECCENTRICITY) / (magic * magic.sqrt());
    let parallel = AXIS / magic.sqrt() * radians.cos();
    Point { lat: lat * 180.0 / (meridian * PI), lng: lng * 180.0 / (parallel * PI) }
}

fn gcj_of_wgs(p: Point) -> Point {
    if !is_in_china(p) {
        return p;
    }
    let by = shift(p);
    Point { lat: p.lat + by.lat, lng: p.lng + by.lng }
}

// The shift changes slowly: a few steps of looking for what is shifted to `p` come within a millimetre.
fn wgs_of_gcj(p: Point) -> Point {
    let mut guess = p;
    for _ in 0..6 {
        let there = gcj_of_wgs(guess);
        guess = Point { lat: guess.lat + p.lat - there.lat, lng: guess.lng + p.lng - there.lng };
    }
    guess
}

fn bd_of_gcj(p: Point) -> Point {
    let radius = p.lng.hypot(p.lat) + 0.000_02 * (p.lat * BD).sin();
    let angle = p.lat.atan2(p.lng) + 0.000_003 * (p.lng * BD).cos();
    Point { lat: radius * angle.sin() + 0.006, lng: radius * angle.cos() + 0.0065 }
}

fn gcj_of_bd(p: Point) -> Point {
    let (x, y) = (p.lng - 0.0065, p.lat - 0.006);
    let radius = x.hypot(y) - 0.000_02 * (y * BD).sin();
    let angle = y.atan2(x) - 0.000_003 * (x * BD).cos();
    Point { lat: radius * angle.sin(), lng: radius * angle.cos() }
}

impl Point {
    /// A point; `None` for what is nowhere on the globe.
    pub fn new(lat: f64, lng: f64) -> Option<Self> {
        let on_globe = (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lng);
        on_globe.then_some(Self { lat, lng })
    }

    /// The same place in another datum.
    #[must_use]
    pub fn moved(self, from: Datum, to: Datum) -> Self {
        if from == to {
            return self;
        }
        let gcj = match from {
            Datum::Gcj02 => self,
            Datum::Wgs84 => gcj_of_wgs(self),
            Datum::Bd09 => gcj_of_bd(self),
        };
        match to {
            Datum::Gcj02 => gcj,
            Datum::Wgs84 => wgs_of_gcj(gcj),
            Datum::Bd09 => bd_of_gcj(gcj),
        }
    }

    /// Metres to another point of the same datum, over a round earth: off by half a per cent at most.
    pub fn metres_to(self, other: Self) -> f64 {
        let (a, b) = (self.lat.to_radians(), other.lat.to_radians());
        let (dy, dx) = ((b - a) / 2.0, (other.lng - self.lng).to_radians() / 2.0);
        let h = dy.sin().powi(2) + a.cos() * b.cos() * dx.sin().powi(2);
        2.0 * EARTH * h.sqrt().min(1.0).asin()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn point(lat: f64, lng: f64) -> Point {
        Point::new(lat, lng).unwrap()
    }

    // Pairs that the published conversions agree on.
    #[test]
    fn known_places_are_found() {
        for (wgs, gcj) in [
            ((31.177_427_6, 121.527_210_6), (31.175_303_983_6, 121.531_541_859_2)),
            ((22.543_847, 113.912_316), (22.540_796_131_7, 113.917_176_480_8)),
            ((39.911_954, 116.377_817), (39.913_345_455_4, 116.384_047_224_6)),
        ] {
            let (wgs, gcj) = (point(wgs.0, wgs.1), point(gcj.0, gcj.1));
            assert!(wgs.moved(Datum::Wgs84, Datum::Gcj02).metres_to(gcj) < 0.01);
            assert!(gcj.moved(Datum::Gcj02, Datum::Wgs84).metres_to(wgs) < 0.01);
            assert!((100.0..1000.0).contains(&wgs.metres_to(gcj)), "the datum matters");
        }
    }

    #[test]
    fn a_degree_is_as_long_as_it_is() {
        assert!((point(34.0, 113.0).metres_to(point(35.0, 113.0)) - 111_195.0).abs() < 10.0);
        assert!((METRES_PER_DEGREE - 111_195.0).abs() < 10.0);
        assert!(point(0.0, 0.0).metres_to(point(0.0, 180.0)) > 20_000_000.0);
        assert_eq!(Point::new(90.1, 0.0), None);
        assert_eq!(Point::new(f64::NAN, 0.0), None);
    }

    proptest! {
        #[test]
        fn there_and_back_is_where_one_was(lat in 20.0..50.0f64, lng in 80.0..130.0f64, a in 0usize..3, b in 0usize..3) {
            let (from, to) = (Datum::ALL[a], Datum::ALL[b]);
            let here = point(lat, lng);
            let back = here.moved(from, to).moved(to, from);
            prop_assert!(here.metres_to(back) < 1.0, "{} m", here.metres_to(back));
        }

        #[test]
        fn distances_are_distances(a in 20.0..50.0f64, b in 80.0..130.0f64, c in 20.0..50.0f64, d in 80.0..130.0f64) {
            let (here, there) = (point(a, b), point(c, d));
            prop_assert!((here.metres_to(there) - there.metres_to(here)).abs() < 1e-6);
            prop_assert!(here.metres_to(here) == 0.0);
        }
    }
}
