//! The table, and the same as JSON.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal talks on it")]

use serde_json::{Value, json};

/// What a number counts.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    PerSecond,
    Millis,
    Count,
    Percent,
    Megabytes,
}

impl Unit {
    fn show(self, number: f64) -> String {
        match self {
            // Wake-ups are few, events many.
            Self::PerSecond if number < 100.0 => format!("{number:.1}/s"),
            Self::PerSecond => format!("{number:.0}/s"),
            Self::Millis => format!("{number:.2} ms"),
            Self::Count => format!("{number:.0}"),
            Self::Percent => format!("{number:.2} %"),
            Self::Megabytes => format!("{number:.1} MB"),
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::PerSecond => "per_second",
            Self::Millis => "ms",
            Self::Count => "count",
            Self::Percent => "percent",
            Self::Megabytes => "mb",
        }
    }
}

/// What shall hold.
#[derive(Clone, Copy)]
pub(crate) enum Target {
    /// The ratio to the limit.
    AtLeast(f64),
    /// The ratio to the limit.
    AtMost(f64),
    /// The number itself.
    Under(f64),
}

/// One figure.
pub(crate) struct Row {
    id: &'static str,
    what: String,
    unit: Unit,
    ours: f64,
    limit: Option<f64>,
    target: Target,
    /// One more limit, for the eye.
    beside: Option<(&'static str, f64)>,
}

impl Row {
    pub(crate) fn ratio(
        id: &'static str,
        what: String,
        unit: Unit,
        ours: f64,
        limit: f64,
        target: Target,
    ) -> Self {
        Self { id, what, unit, ours, limit: Some(limit), target, beside: None }
    }

    pub(crate) fn absolute(
        id: &'static str,
        what: String,
        unit: Unit,
        ours: f64,
        limit: Option<f64>,
        target: Target,
    ) -> Self {
        Self { id, what, unit, ours, limit, target, beside: None }
    }

    /// The same with one more limit beside it.
    pub(crate) fn beside(self, name: &'static str, number: f64) -> Self {
        Self { beside: Some((name, number)), ..self }
    }

    fn quotient(&self) -> Option<f64> {
        self.limit.map(|limit| self.ours / limit)
    }

    fn is_met(&self) -> bool {
        let quotient = self.quotient().unwrap_or(f64::NAN);
        match self.target {
            Target::AtLeast(wanted) => quotient >= wanted,
            Target::AtMost(wanted) => quotient <= wanted,
            Target::Under(wanted) => self.ours < wanted,
        }
    }

    fn target(&self) -> String {
        match self.target {
            Target::AtLeast(wanted) => format!(">= {wanted} L"),
            Target::AtMost(wanted) => format!("<= {wanted} L"),
            Target::Under(wanted) => format!("< {}", self.unit.show(wanted)),
        }
    }

    fn line(&self) -> String {
        let limit = self.limit.map_or_else(String::new, |limit| self.unit.show(limit));
        let quotient = self.quotient().map_or_else(String::new, |quotient| format!("{quotient:.2}"));
        let met = if self.is_met() { "met" } else { "not met" };
        let beside = self
            .beside
            .map_or_else(String::new, |(name, number)| format!("{name} {}", self.unit.show(number)));
        let line = format!(
            "{:<3} {:<52} {:>10} {limit:>10} {quotient:>6}  {:<11} {met:<8} {beside}",
            self.id,
            self.what,
            self.unit.show(self.ours),
            self.target()
        );
        line.trim_end().to_owned()
    }

    fn json(&self) -> Value {
        json!({
            "id": self.id,
            "what": self.what,
            "unit": self.unit.word(),
            "engine": self.ours,
            "limit": self.limit,
            "ratio": self.quotient(),
            "target": self.target(),
            "met": self.is_met(),
            "beside": self.beside.map(|(name, number)| json!({ name: number })),
        })
    }
}

/// All figures.
pub(crate) struct Report {
    talk: bool,
    rows: Vec<Row>,
}

impl Report {
    pub(crate) fn begin(talk: bool) -> Self {
        Self { talk, rows: Vec::new() }
    }

    /// Says what is measured next.
    pub(crate) fn step(&self, what: &str) {
        if self.talk {
            eprintln!("measuring {what} …");
        }
    }

    pub(crate) fn add(&mut self, row: Row) {
        self.rows.push(row);
    }

    pub(crate) fn print(&self, as_json: bool) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if as_json {
            let rows: Vec<Value> = self.rows.iter().map(Row::json).collect();
            println!("{}", json!({ "cores": cores, "figures": rows }));
            return;
        }
        println!("\n{:<3} {:<52} {:>10} {:>10} {:>6}  target", "", "", "engine", "limit L", "ratio");
        self.rows.iter().for_each(|row| println!("{}", row.line()));
        println!(
            "\nL is measured in the same run, in turns with the engine: axum and one row an event in SQLite (FULL, \
             group commit,\nanswered after the commit); for F3 then a bare start of the same program; for F4 \
             clock_nanosleep and the L of F3; for F6\naxum with a bare run of the same program.\n{cores} cores, shared by clients, engine and whatever else runs here."
        );
    }
}
