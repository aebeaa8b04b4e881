//! What rules make of events: conditions, templates, decisions. Pure: no clock, no file, no database.
//!
//! Rules are compiled when they are saved or loaded; after that a look at an event only reads. Whatever an
//! event carries, a look ends soon, in bounded memory, with a decision. Deliberately absent: the running of
//! actions, the counting of firings, and statements (`{% … %}`) in templates.

mod book;
mod compare;
mod conditions;
mod expression;
mod operator;
mod parameters;
mod path;
mod scope;
mod syntax;
mod template;

pub use book::{Facts, RuleBook, RuleFault, RuleMemory};
pub use conditions::{check_conditions, eval_condition};
pub use operator::OPERATORS;
pub use parameters::{check_parameters, check_templates, is_template};
