//! What a field of a cron expression says, once it is known to be right.

use super::field::{Field, WEEKDAY};

/// One part of a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `*` or `?`, and with a step `*/n`.
    Every(u8),
    /// `a`.
    One(u8),
    /// `a-b` or `a-b/n`.
    Range(u8, u8, u8),
    /// `L`: the last day of the month.
    Last,
    /// `LW`: its last day from Monday to Friday.
    LastWeekday,
    /// `15W`: the day from Monday to Friday that is nearest to the 15th, in the same month.
    Nearest(u8),
    /// `5#2` and `1-5#2`: the second of each of these weekdays in the month; 0 stands for the last, `5L` and `5#L`.
    Nth(u8, u8, u8),
}

/// A whole field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Items(pub(super) Vec<Item>);

impl Items {
    /// Whether it allows everything.
    pub(super) fn all(&self) -> bool {
        self.0.contains(&Item::Every(1))
    }

    /// Whether it is written with a star, so that the two day fields are both asked instead of either.
    pub(super) fn star(&self) -> bool {
        self.0.iter().any(|item| matches!(item, Item::Every(_)))
    }

    /// Its plain values as bits; a weekday 7 is a 0.
    pub(super) fn bits(&self, field: &Field) -> u64 {
        let mut bits = 0;
        for item in &self.0 {
            let (from, to, step) = match *item {
                Item::Every(step) => (field.least, field.most, step),
                Item::One(value) => (value, value, 1),
                Item::Range(from, to, step) => (from, to, step),
                Item::Last | Item::LastWeekday | Item::Nearest(_) | Item::Nth(..) => continue,
            };
            for value in (from..=to).step_by(usize::from(step)) {
                bits |= 1 << if field.name == WEEKDAY.name { value % 7 } else { value };
            }
        }
        bits
    }

    /// As `croner` reads it: plain numbers only.
    pub(super) fn plain(&self) -> String {
        if self.all() {
            return "*".to_owned();
        }
        let parts: Vec<String> = self.0.iter().map(Item::plain).collect();
        parts.join(",")
    }
}

impl Item {
    fn plain(&self) -> String {
        let range = |from: u8, to: u8| if from == to { from.to_string() } else { format!("{from}-{to}") };
        match *self {
            Self::Every(step) => format!("*/{step}"),
            Self::One(value) => value.to_string(),
            Self::Range(from, to, step) => format!("{from}-{to}/{step}"),
            Self::Last => "L".to_owned(),
            Self::LastWeekday => "LW".to_owned(),
            Self::Nearest(day) => format!("{day}W"),
            Self::Nth(from, to, 0) => format!("{}#L", range(from, to)),
            Self::Nth(from, to, nth) => format!("{}#{nth}", range(from, to)),
        }
    }
}
