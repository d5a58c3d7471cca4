//! Rights calculators 权益计算器: overtime, the end of a job, work without a contract, annual leave, work injuries, probation,
//! retirement, limitation, dues; and the dated parameters they reckon with.
//!
//! Owns `law_parameter`. Asks casework for the calendar. Publishes no view and no event and listens to none: a calculation is
//! a pure function of its request, the parameters of its date and the calendar, and nothing of it is kept.
//!
//! Amounts are exact fractions ([`exact::Exact`]) until a line ends, and are rounded half up to the fen there.

pub mod annual_leave;
pub mod calculation;
pub mod day;
pub mod dues;
pub mod exact;
pub mod http;
pub mod limitation;
pub mod no_contract;
pub mod overtime;
pub mod parameter;
pub mod probation;
pub mod retirement;
mod schema;
pub mod severance;
pub mod work_injury;
pub mod working;
