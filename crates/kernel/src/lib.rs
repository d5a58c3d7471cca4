//! The words of the domain, without I/O: ids and clocks, money, identity documents, names, codes,
//! masks, and the catalogue of problems a caller may be told.
//!
//! Nothing here knows HTTP, SQL or a runtime. Time and chance come in as arguments ([`clock`]).

pub mod bank_card;
pub mod clock;
pub mod codes;
pub mod cursor;
pub mod division;
pub mod document;
pub mod geo;
pub mod id_type;
pub mod luhn;
pub mod mask;
pub mod mobile;
pub mod money;
pub mod name;
mod newtype;
pub mod org_name;
pub mod pii;
pub mod problem;
pub mod sex;
pub mod text;
pub mod uscc;

pub use bank_card::BankCard;
pub use clock::{Clock, IdGen, shanghai_date};
pub use codes::CodeRow;
pub use division::Division;
pub use document::{Document, DocumentFlags, Entry};
pub use id_type::IdType;
pub use luhn::{luhn_digit, luhn_is_valid};
pub use mobile::Mobile;
pub use money::{BasisPoints, Fen};
pub use name::PersonName;
pub use org_name::OrgName;
pub use pii::Pii;
pub use problem::{Code, FieldError, Fields, Invalid, Problem};
pub use sex::Sex;
pub use uscc::Uscc;
