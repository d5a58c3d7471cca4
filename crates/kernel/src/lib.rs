//! The words of the domain, without I/O: ids and clocks, money, identity documents, names, codes,
//! masks, and the catalogue of problems a caller may be told.
//!
//! Nothing here knows HTTP, SQL or a runtime. Time and chance come in as arguments ([`clock`]).

pub mod clock;
pub mod codes;
pub mod cursor;
pub mod division;
pub mod pii;
pub mod problem;

pub use clock::{Clock, IdGen, shanghai_date};
pub use codes::CodeRow;
pub use division::Division;
pub use pii::Pii;
pub use problem::{Code, FieldError, Fields, Invalid, Problem};
