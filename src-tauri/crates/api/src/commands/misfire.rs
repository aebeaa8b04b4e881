//! What was missed.

use super::names::Links;
use super::page_rows;
use crate::wire::{LaneMissed, MisfireList, MisfireListRequest, MisfireRow, MissReasonView, Time};
use crate::{Api, ApiError};
use model::{MisfireEntry, MissReason};
use store::Page;

impl From<MissReason> for MissReasonView {
    fn from(reason: MissReason) -> Self {
        match reason {
            MissReason::Asleep => Self::Asleep,
            MissReason::NotRunning => Self::NotRunning,
            MissReason::Disabled => Self::Disabled,
            MissReason::ClockChanged => Self::ClockChanged,
            MissReason::Limit => Self::Limit,
        }
    }
}

fn row(entry: &MisfireEntry, links: &Links) -> MisfireRow {
    let missed = &entry.misfire;
    MisfireRow {
        id: entry.id.0,
        rule: links.link(missed.rule),
        first: Time(missed.first),
        last: Time(missed.last),
        count: missed.count,
        reason: missed.reason.into(),
        recorded: Time(entry.recorded),
    }
}

/// The same on a lane of the score.
pub(super) fn lane_missed(entry: &MisfireEntry) -> LaneMissed {
    let missed = &entry.misfire;
    LaneMissed {
        at: Time(missed.first),
        until: Time(missed.last),
        count: missed.count,
        reason: missed.reason.into(),
    }
}

impl Api {
    pub(crate) async fn misfire_list(&self, request: MisfireListRequest) -> Result<MisfireList, ApiError> {
        let rule = self.rule_filter(request.rule.as_deref())?;
        let page = Page { before: request.before, after: None, limit: page_rows(request.limit) };
        let listed = self.read(move |view| view.misfires(rule, page)).await?;
        let links = self.links(listed.rows.iter().map(|entry| entry.misfire.rule)).await?;
        let misfires = listed.rows.iter().map(|entry| row(entry, &links)).collect();
        Ok(MisfireList { misfires, next: listed.next })
    }
}
