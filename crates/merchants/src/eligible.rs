//! Why somebody cannot have an offer, in words that say what would help.

use unionhall_kernel::{Code, Fen, Problem};

/// `NOT_ELIGIBLE` with its rule: `union`, `membership`, `card_limited`, `coupon_needed`, `min_spend`.
pub(crate) fn refused(rule: &str, min_spend_fen: Option<i64>) -> Problem {
    let problem = Problem::new(Code::NotEligible).with("rule", rule);
    match (rule, min_spend_fen) {
        ("union", _) => problem.with_detail("本优惠仅限指定工会的会员。"),
        ("membership", _) => problem.with_detail("您的会籍目前不能享受此优惠，请联系所在工会。"),
        ("card_limited", _) => problem.with_detail("保留会籍期间不能享受此优惠。"),
        ("coupon_needed", _) => problem.with_detail("请先领取优惠券。"),
        ("min_spend", Some(least)) => {
            let problem = problem.with("min_spend_fen", least);
            match Fen::new(least) {
                Ok(yuan) => problem.with_detail(format!("满{yuan}元可用。")),
                Err(_) => problem,
            }
        }
        _ => problem,
    }
}
