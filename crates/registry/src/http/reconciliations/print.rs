//! The sheet as a page.

use unionhall_kernel::{mask, shanghai_date};
use unionhall_web::poster::Form;

use crate::import::Kind;
use crate::reconciliation::{Figures, Frozen, Sheet};

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Unions => "工会",
        Kind::Members => "会员",
        Kind::Merchants => "商户及门店",
        Kind::Cards => "联名卡",
        Kind::JobPostings => "公共就业岗位",
        Kind::Lawyers => "律师及律所",
        Kind::DutyRoster => "值班班次",
    }
}

/// The page of a sheet.
pub(super) fn form(sheet: &Sheet, frozen: &Frozen) -> Form {
    let Figures {
        rows,
        created,
        updated,
        unchanged,
        rejected,
        rejected_by_reason: _,
        duplicates_in_file,
        needs_review,
        reverted,
        kept,
        standing,
    } = &sheet.totals;
    let open = frozen.imports.iter().filter(|line| line.is_open()).count();
    let mut said: Vec<(String, String)> = vec![
        ("导入文件（个）".into(), format!("{}，其中未办结{open}", frozen.imports.len())),
        ("总行数".into(), rows.to_string()),
        ("新增".into(), format!("{created}（未撤回{standing}）")),
        ("更新".into(), updated.to_string()),
        ("与库中一致（重复）".into(), unchanged.to_string()),
        ("拒绝".into(), rejected.to_string()),
        ("　其中文件内重复".into(), duplicates_in_file.to_string()),
        ("　其中需人工核实".into(), needs_review.to_string()),
        ("已撤回".into(), format!("{reverted}（未能撤回{kept}）")),
    ];
    said.extend(frozen.holds.iter().map(|held| (format!("库中：{}", held.text), held.count.to_string())));
    said.push(("状态".into(), sheet.state.text(sheet.stale).into()));
    said.push((
        "制表人".into(),
        format!("{}　{}", mask::name(&sheet.drawn_by), shanghai_date(sheet.drawn_at)),
    ));
    if let Some((name, at)) = sheet.signed_by.as_deref().zip(sheet.ended_at) {
        said.push(("签认人".into(), format!("{}　{}", mask::name(name), shanghai_date(at))));
    }
    Form {
        title: format!("{}导入对账单", kind(sheet.kind)),
        subtitle: sheet.org_name.clone(),
        rows: said,
        sign: "签字（盖章）：".into(),
        foot: format!("对账单编号 {}", sheet.id),
    }
}
