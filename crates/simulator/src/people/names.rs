//! Names, with the ethnic group they belong to.

use rand::RngExt as _;
use rand::rngs::StdRng;
use unionhall_kernel::Sex;

use super::{NameKind, pick};

type List = &'static [&'static str];

const SURNAMES: List = &[
    "王", "李", "张", "刘", "陈", "杨", "赵", "黄", "周", "吴", "徐", "孙", "马", "朱", "胡", "郭", "何",
    "高", "林", "罗", "郑", "梁", "谢", "宋", "唐", "许", "韩", "冯", "邓", "曹", "彭", "曾", "肖", "田",
    "董", "袁", "潘", "于", "蒋", "蔡", "余", "杜", "叶", "程", "苏", "魏", "吕", "丁", "任", "沈", "姚",
    "卢", "姜", "崔", "钟", "谭", "陆", "汪", "范", "金", "石", "廖", "贾", "夏", "韦", "付", "方", "白",
    "邹", "孟", "熊", "秦", "邱", "江", "尹", "薛", "闫", "段", "雷", "侯", "龙", "史", "陶", "黎", "贺",
    "顾", "毛", "郝", "龚", "邵", "万", "钱", "严", "覃", "武", "戴", "莫", "孔", "向", "汤",
];
const COMPOUND: List =
    &["欧阳", "上官", "司马", "诸葛", "皇甫", "尉迟", "公孙", "慕容", "令狐", "东方", "夏侯", "司徒", "长孙"];
const MALE: List = &[
    "伟", "强", "磊", "军", "勇", "杰", "涛", "超", "明", "刚", "平", "辉", "鹏", "华", "飞", "鑫", "波",
    "斌", "宇", "浩", "凯", "健", "俊", "帆", "帅", "旭", "宁", "龙", "林", "建国", "建军", "志强", "志远",
    "国庆", "海涛", "俊杰", "文博", "浩然", "子轩", "永强", "卫东", "红旗", "新民", "长江", "春生", "学文",
    "保国", "天佑", "家豪", "一鸣",
];
const FEMALE: List = &[
    "芳", "娜", "敏", "静", "丽", "艳", "娟", "霞", "燕", "玲", "桂英", "秀英", "丹", "萍", "红", "玉兰",
    "洁", "梅", "琳", "雪", "倩", "婷", "颖", "慧", "莹", "欣怡", "梓涵", "雨婷", "秀兰", "春梅", "玉珍",
    "海燕", "晓燕", "丽娟", "淑芬", "桂兰", "雅琴", "思远", "诗涵", "佳怡", "爱华", "凤霞", "小红", "若兰",
];
/// Characters beyond the basic plane, or of the extensions that GB 18030-2022 made compulsory.
const RARE: List =
    &["𠮷", "𬭎", "䶮", "𫖮", "𬍛", "𬘭", "𫍯", "𪩘", "𬴊", "㛃", "𬱖", "𫘧", "𬎆", "𨱏", "𬙂"];

const TURKIC_MALE: List = &[
    "阿卜杜拉",
    "买买提",
    "艾尔肯",
    "吐尔逊",
    "亚森",
    "玉素甫",
    "木拉提",
    "阿布都热西提",
    "艾合买提",
    "库尔班",
];
const TURKIC_FEMALE: List =
    &["古丽娜尔", "阿依古丽", "热依汗", "米热古丽", "帕提古丽", "迪丽拜尔", "阿孜古丽", "努尔比亚"];
const TIBETAN_MALE: List = &["扎西次仁", "多吉", "格桑顿珠", "洛桑", "丹增", "次仁旺堆", "巴桑"];
const TIBETAN_FEMALE: List = &["卓玛", "央金", "拉姆", "白玛曲珍", "德吉", "次仁卓嘎"];
const MONGOL_MALE: List = &["巴特尔", "巴雅尔", "苏和", "朝鲁", "哈斯额尔敦", "阿拉坦仓"];
const MONGOL_FEMALE: List = &["乌云其木格", "萨仁", "其其格", "娜仁花", "斯琴高娃", "托娅"];
const HUI_SURNAMES: List = &["马", "白", "海", "丁", "沙", "哈", "买", "底", "虎", "撒", "铁", "金"];
const MANCHU_SURNAMES: List = &["关", "佟", "那", "赫", "富", "完颜", "叶赫那拉", "爱新觉罗"];
const YI: List = &["阿苦日歪", "吉克·阿优", "沙马·拉毅", "阿尔·木果", "吉狄·马加", "曲比·阿乌"];

const TRADITIONAL_SURNAMES: List = &["陳", "黃", "張", "劉", "鄭", "蕭", "葉", "許", "趙", "龔"];
const TRADITIONAL_GIVEN: List =
    &["大文", "志豪", "美玲", "國榮", "淑貞", "嘉欣", "偉倫", "雅婷", "詠詩", "俊傑"];
const FOREIGN_GIVEN: List =
    &["JOHN", "MARIA", "Peter", "Anne-Marie", "José", "Nguyễn Văn", "SEAN", "Olga", "Kenji"];
const FOREIGN_FAMILY: List =
    &["SMITH", "GARCÍA", "O'Connor", "Müller", "An", "de la Cruz", "Petrova", "TANAKA"];

/// The name and ethnic group of a citizen.
pub(super) fn citizen(rng: &mut StdRng, kind: NameKind, sex: Sex) -> (String, &'static str) {
    match (kind, rng.random_range(0..1000)) {
        (NameKind::Dotted, 0..800) => (turkic(rng, sex), pick(rng, &["维吾尔族", "哈萨克族", "乌孜别克族"])),
        (NameKind::Dotted, _) => (dotted_yi(rng), "彝族"),
        (NameKind::Rare, _) => (rare(rng, sex), "汉族"),
        (_, 0..30) => (format!("{}{}", pick(rng, HUI_SURNAMES), given(rng, sex)), "回族"),
        (_, 30..40) => (format!("{}{}", pick(rng, MANCHU_SURNAMES), given(rng, sex)), "满族"),
        (_, 40..50) => (format!("{}{}", pick(rng, SURNAMES), given(rng, sex)), pick(rng, OTHERS)),
        (_, 50..70) => (format!("{}{}", pick(rng, COMPOUND), given(rng, sex)), "汉族"),
        (NameKind::Any, 70..76) => (turkic(rng, sex), "维吾尔族"),
        (NameKind::Any, 76..79) => (by_sex(rng, sex, TIBETAN_MALE, TIBETAN_FEMALE).to_owned(), "藏族"),
        (NameKind::Any, 79..84) => (by_sex(rng, sex, MONGOL_MALE, MONGOL_FEMALE).to_owned(), "蒙古族"),
        (NameKind::Any, 84..86) => (pick(rng, YI).to_owned(), "彝族"),
        (NameKind::Any, 86..90) => (rare(rng, sex), "汉族"),
        _ => (format!("{}{}", pick(rng, SURNAMES), given(rng, sex)), "汉族"),
    }
}

const OTHERS: List = &["土家族", "苗族", "壮族", "朝鲜族", "侗族", "瑶族"];

/// A name as residents of Hong Kong, Macau and Taiwan write it.
pub(super) fn traditional(rng: &mut StdRng) -> String {
    format!("{}{}", pick(rng, TRADITIONAL_SURNAMES), pick(rng, TRADITIONAL_GIVEN))
}

/// A foreigner's name.
pub(super) fn latin(rng: &mut StdRng) -> String {
    format!("{} {}", pick(rng, FOREIGN_GIVEN), pick(rng, FOREIGN_FAMILY))
}

fn by_sex(rng: &mut StdRng, sex: Sex, male: List, female: List) -> &'static str {
    pick(rng, if sex == Sex::Male { male } else { female })
}

fn given(rng: &mut StdRng, sex: Sex) -> &'static str {
    by_sex(rng, sex, MALE, FEMALE)
}

/// The own name, the father's, and now and then the grandfather's.
fn turkic(rng: &mut StdRng, sex: Sex) -> String {
    let own = by_sex(rng, sex, TURKIC_MALE, TURKIC_FEMALE);
    let father = pick(rng, TURKIC_MALE);
    if rng.random_range(0..20) > 0 {
        return format!("{own}·{father}");
    }
    format!("{own}·{father}·{}", pick(rng, TURKIC_MALE))
}

fn dotted_yi(rng: &mut StdRng) -> String {
    let clan = pick(rng, &["吉克", "沙马", "阿尔", "吉狄", "曲比"]);
    format!("{clan}·{}", pick(rng, &["阿优", "拉毅", "木果", "马加", "阿乌", "日歪"]))
}

fn rare(rng: &mut StdRng, sex: Sex) -> String {
    match rng.random_range(0..4) {
        0 => format!("𠮷田{}", pick(rng, RARE)),
        1 => format!("{}{}{}", pick(rng, SURNAMES), pick(rng, RARE), given(rng, sex)),
        _ => format!("{}{}", pick(rng, SURNAMES), pick(rng, RARE)),
    }
}
