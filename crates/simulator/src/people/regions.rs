//! The six digits a citizen number begins with.

use std::sync::LazyLock;

use rand::RngExt as _;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom as _;
use unionhall_kernel::division;

/// Where a citizen number was first given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum RegionKind {
    /// Mostly counties of today's Henan, some retired, some of other provinces.
    #[default]
    Any,
    /// A code of Henan that has been retired since, as 412901.
    Retired,
    /// A code in no list, as 410171.
    Unknown,
}

#[derive(Default)]
struct Regions {
    henan: Vec<u64>,
    retired: Vec<u64>,
    elsewhere: Vec<u64>,
    unknown: Vec<u64>,
}

// From 71 on, the first two digits are those of documents of another kind.
static REGIONS: LazyLock<Regions> = LazyLock::new(|| {
    let mut all = Regions::default();
    for number in 110_000..660_000 {
        let code = number.to_string();
        match (code.starts_with("41"), division::is_known_id_region(&code)) {
            (true, true) if division::division(&code).is_some() => all.henan.push(number),
            (true, true) => all.retired.push(number),
            (false, true) => all.elsewhere.push(number),
            (true, false) if division::is_functional_zone(&code) => all.unknown.push(number),
            _ => {}
        }
    }
    all
});

/// Draws a region.
pub(super) fn draw(rng: &mut StdRng, kind: RegionKind) -> u64 {
    let list = match (kind, rng.random_range(0..100)) {
        (RegionKind::Any, 0..75) => &REGIONS.henan,
        (RegionKind::Any, 75..85) | (RegionKind::Retired, _) => &REGIONS.retired,
        (RegionKind::Any, _) => &REGIONS.elsewhere,
        (RegionKind::Unknown, _) => &REGIONS.unknown,
    };
    list.choose(rng).copied().unwrap_or(410_102)
}
