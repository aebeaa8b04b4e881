//! What rules make of events: conditions, templates, decisions. Pure: no clock, no file, no database.
//!
//! Rules are compiled when they are saved or loaded; after that a look at an event only reads. Whatever an
//! event carries, a look ends soon, in bounded memory, with a decision. Deliberately absent: the running of
//! actions, the counting of firings, and statements (`{% … %}`) in templates.

mod backtest;
mod book;
mod circumstances;
mod compare;
mod conditions;
mod expression;
mod fault;
mod keys;
mod language;
mod loops;
mod memory;
mod operator;
mod parameters;
mod path;
mod scope;
mod template;
mod times;
mod zone;

pub use backtest::{Backtest, Change, Summary, Verdict};
pub use book::{Facts, Look, RuleBook, RuleFault, check_rule};
pub use circumstances::Circumstances;
pub use conditions::{Count, Looked, check_conditions, eval_condition, full_conditions};
pub use expression::evaluate;
pub use fault::Fault;
pub use keys::{Keys, NoKeys};
pub use language::Place;
pub use loops::{Loop, Route, Turn, loop_through, loops};
pub use memory::{Remembered, RuleMemory};
pub use operator::OPERATORS;
pub use parameters::{check_parameters, check_templates, is_template, render};
pub use zone::Zone;
