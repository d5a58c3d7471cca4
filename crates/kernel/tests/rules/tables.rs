use std::collections::HashSet;

use unionhall_kernel::division::{
    Division, ancestors, children, division, henan, is_functional_zone, is_known_id_region, national,
};
use unionhall_kernel::{Division as Row, IdType, Sex, codes};

fn count(rows: &[Division], level: u8) -> usize {
    rows.iter().filter(|row| row.level == level).count()
}

#[test]
fn every_row_is_read() {
    assert_eq!(henan().len(), 2_785);
    assert_eq!([1, 2, 3, 4].map(|level| count(henan(), level)), [1, 17, 181, 2_586]);
    assert_eq!([1, 2, 3].map(|level| count(national(), level)), [34, 333, 2_851]);
    let zones = henan().iter().filter(|row| is_functional_zone(row.code)).count();
    assert_eq!(zones, 24);
    assert!(!national().iter().any(|row| is_functional_zone(row.code)));
}

#[test]
fn codes_are_unique_and_parents_follow_the_rule() {
    for table in [henan(), national()] {
        assert!(table.windows(2).all(|pair| pair[0].code < pair[1].code));
        for row in table {
            let prefixed = |digits, zeros| format!("{}{zeros}", &row.code[..digits]);
            let expected = match row.level {
                1 => None,
                2 => Some(prefixed(2, "0000")),
                3 => Some(prefixed(4, "00"))
                    .filter(|city| division(city).is_some())
                    .or_else(|| Some(prefixed(2, "0000"))),
                _ => Some(prefixed(6, "")),
            };
            assert_eq!(row.parent_code.map(str::to_owned), expected, "{}", row.code);
            assert!(row.parent_code.is_none_or(|parent| division(parent).is_some()));
            assert_eq!(row.code.len(), if row.level == 4 { 9 } else { 6 });
        }
    }
}

#[test]
fn divisions_are_found_from_above_and_below() {
    let names = |rows: Vec<&Row>| rows.iter().map(|row| row.name).collect::<Vec<_>>();
    assert_eq!(names(ancestors("410102001").collect()), ["中原区", "郑州市", "河南省"]);
    assert_eq!(names(ancestors("419001").collect()), ["河南省"]);
    assert_eq!(names(ancestors("110105").collect()), ["北京市"]);
    assert_eq!(ancestors("000000").count(), 0);
    assert_eq!(children("410000").len(), 18);
    assert_eq!(children("").len(), 34);
    let below: usize = henan().iter().map(|row| children(row.code).len()).sum();
    assert_eq!(below, henan().len() - 1);
    assert_eq!(division("410173").unwrap().name, "郑州航空港经济综合实验区");
    assert!(division("4101").is_none() && children("nowhere").is_empty());
}

#[test]
fn id_prefixes_are_older_than_the_divisions() {
    for known in ["412901", "441900", "442000", "460400", "620200", "460300", "530200", "650300", "410102"] {
        assert!(is_known_id_region(known), "{known}");
    }
    for unknown in ["410171", "339901", "810000", "", "41010"] {
        assert!(!is_known_id_region(unknown), "{unknown}");
    }
}

#[test]
fn code_tables_are_complete_and_unique() {
    let rows: Vec<_> = codes::tables().flatten().collect();
    assert_eq!(rows.len(), 286);
    let keys: HashSet<_> = rows.iter().map(|row| (row.table, row.code)).collect();
    assert_eq!(keys.len(), 286);
    let tables: HashSet<_> = codes::tables().map(|rows| rows[0].table).collect();
    assert_eq!(tables.len(), codes::tables().count());
    assert!(rows.iter().all(|row| !row.name.is_empty() && !row.standard.is_empty()));
}

#[test]
fn code_tables_are_looked_up() {
    assert_eq!(codes::table("ethnic").unwrap().len(), 58);
    assert_eq!(codes::lookup("ethnic", "01").unwrap().alpha, Some("HA"));
    let quoted = codes::lookup("unit_type", "161").unwrap();
    assert_eq!(quoted.name, "股份有限公司(国有控股)");
    assert_eq!(quoted.standard, "登记注册类型(国统字2011, 都江堰市总工会2015表)");
    assert!(codes::table("nothing").is_none() && codes::lookup("sex", "3").is_none());
    for row in codes::table("sex").unwrap() {
        assert_eq!(Sex::from_code(row.code).unwrap().code(), row.code);
    }
    for kind in IdType::ALL {
        assert!(codes::lookup("id_type", kind.ga_code("810000199408230021")).is_some());
    }
}
