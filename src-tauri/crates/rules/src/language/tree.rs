//! An expression, read.

use super::words::Place;
use crate::path::Part;
use serde_json::Value;

/// Chains (sums, comparisons, filters one after the other) lie flat, so that the tree is only as deep as its
/// source has brackets.
#[derive(Debug)]
pub(crate) enum Expr {
    Constant(Value),
    Name(Access),
    /// `key('name')`
    Key {
        name: String,
        place: Place,
    },
    List(Vec<Expr>),
    Map(Vec<(Expr, Expr)>, Place),
    Steps {
        of: Box<Expr>,
        steps: Vec<(Place, Step)>,
    },
    Negative {
        of: Box<Expr>,
        odd: bool,
        place: Place,
    },
    Not {
        of: Box<Expr>,
        odd: bool,
        place: Place,
    },
    Arithmetic {
        first: Box<Expr>,
        rest: Vec<(Arithmetic, Place, Expr)>,
    },
    Compare {
        first: Box<Expr>,
        rest: Vec<(Comparison, Place, Expr)>,
    },
    /// `a and b and c`, each with its place.
    All(Vec<(Place, Expr)>),
    /// `a or b or c`
    Any(Vec<(Place, Expr)>),
    /// `a if b else c if d else e`: each value with the place of its condition.
    Choice {
        branches: Vec<(Expr, Place, Expr)>,
        otherwise: Option<Box<Expr>>,
    },
}

/// A name with its parts, such as `event.payload.items[0]`. The first part is a name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Access {
    pub(crate) place: Place,
    pub(crate) path: Vec<Part>,
}

#[derive(Debug)]
pub(crate) enum Step {
    Part(Part),
    Get(Expr),
    Slice { start: Option<Expr>, stop: Option<Expr>, step: Option<Expr> },
    Filter { name: &'static str, args: Vec<Argument> },
    Test { name: &'static str, negated: bool, args: Vec<Expr> },
}

#[derive(Debug)]
pub(crate) struct Argument {
    pub(crate) name: Option<String>,
    pub(crate) value: Expr,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arithmetic {
    Plus,
    Minus,
    Join,
    Times,
    Divide,
    DivideWhole,
    Rest,
    Power,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

/// What an expression uses that is not for everybody to see.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Uses {
    /// The first `key(…)`.
    pub(crate) key: Option<Place>,
    /// Settings of the pack that it names.
    pub(crate) settings: Vec<(String, Place)>,
    /// Whether it looks at the settings of the pack at all.
    pub(crate) config: bool,
}

impl Arithmetic {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Join => "~",
            Self::Times => "*",
            Self::Divide => "/",
            Self::DivideWhole => "//",
            Self::Rest => "%",
            Self::Power => "**",
        }
    }

    /// The operator of a sign, and how closely it binds.
    pub(crate) fn of(sign: &str) -> Option<(Self, u8)> {
        Some(match sign {
            "+" => (Self::Plus, 0),
            "-" => (Self::Minus, 0),
            "~" => (Self::Join, 1),
            "*" => (Self::Times, 2),
            "/" => (Self::Divide, 2),
            "//" => (Self::DivideWhole, 2),
            "%" => (Self::Rest, 2),
            "**" => (Self::Power, 3),
            _ => return None,
        })
    }
}

impl Comparison {
    pub(crate) fn sign(self) -> &'static str {
        match self {
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::In => "in",
            Self::NotIn => "not in",
        }
    }

    /// The comparison of a sign, or of a test such as `is gt(3)`.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "==" | "eq" | "equalto" => Self::Equal,
            "!=" | "ne" => Self::NotEqual,
            "<" | "lt" | "lessthan" => Self::Less,
            "<=" | "le" => Self::LessOrEqual,
            ">" | "gt" | "greaterthan" => Self::Greater,
            ">=" | "ge" => Self::GreaterOrEqual,
            "in" => Self::In,
            _ => return None,
        })
    }
}
