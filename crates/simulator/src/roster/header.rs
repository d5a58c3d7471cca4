//! The columns of a roster, and the names unions give them.

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

/// A column's meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Column {
    Serial,
    Name,
    IdType,
    Id,
    Mobile,
    UnionName,
    UnionCode,
    Sex,
    Ethnic,
    Political,
    Education,
    Joined,
    Post,
    Team,
    Remark,
}

impl Column {
    /// Whether the importer has no use for it, and must say so.
    const fn is_ignored(self) -> bool {
        matches!(self, Self::Serial | Self::Team | Self::Remark)
    }
}

/// Which columns a roster has, in which order, and what it calls them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum HeaderStyle {
    /// 姓名, 身份证号, 手机, 所属工会 and a remark.
    Plain,
    /// An employer's list: 职工姓名, 身份证号码, 联系电话, 工会名称.
    Staff,
    /// A union's own: 会员姓名, 证件类型, 证件号码, 手机号码, with most of the optional columns.
    #[default]
    Member,
    /// 姓名, 证件类型, 证件号码, 手机号, and 工会代码 in place of the name.
    Coded,
}

impl HeaderStyle {
    pub(super) const fn columns(self) -> &'static [(Column, &'static str)] {
        match self {
            Self::Plain => &[
                (Column::Name, "姓名"),
                (Column::Id, "身份证号"),
                (Column::Mobile, "手机"),
                (Column::UnionName, "所属工会"),
                (Column::Remark, "备注"),
            ],
            Self::Staff => &[
                (Column::Serial, "序号"),
                (Column::UnionName, "工会名称"),
                (Column::Name, "职工姓名"),
                (Column::Sex, "性别"),
                (Column::Ethnic, "民族"),
                (Column::Id, "身份证号码"),
                (Column::Post, "岗位"),
                (Column::Mobile, "联系电话"),
                (Column::Team, "班组"),
                (Column::Remark, "备注"),
            ],
            Self::Member => &[
                (Column::Name, "会员姓名"),
                (Column::IdType, "证件类型"),
                (Column::Id, "证件号码"),
                (Column::Mobile, "手机号码"),
                (Column::Ethnic, "民族"),
                (Column::Political, "政治面貌"),
                (Column::Education, "学历"),
                (Column::Joined, "入会日期"),
                (Column::Post, "岗位"),
                (Column::UnionName, "所属工会"),
                (Column::Team, "班组"),
                (Column::Remark, "备注"),
            ],
            Self::Coded => &[
                (Column::Name, "姓名"),
                (Column::IdType, "证件类型"),
                (Column::Id, "证件号码"),
                (Column::Mobile, "手机号"),
                (Column::UnionCode, "工会代码"),
                (Column::Joined, "入会日期"),
            ],
        }
    }

    /// Whether documents other than the citizen's can be told.
    pub(super) fn has_id_type(self) -> bool {
        self.columns().iter().any(|(column, _)| *column == Column::IdType)
    }

    /// The columns the importer must list as ignored, in the order of the file.
    pub fn columns_ignored(self) -> Vec<String> {
        let ignored = self.columns().iter().filter(|(column, _)| column.is_ignored());
        ignored.map(|(_, title)| (*title).to_owned()).collect()
    }
}
