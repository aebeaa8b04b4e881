//! Ids to names, names to ids.

use crate::wire::RuleLink;
use crate::{Api, ApiError};
use engine::Rules;
use model::{Rule, RuleId};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Links to rules, also to those that are deleted.
pub(super) struct Links {
    rules: Arc<Rules>,
    gone: BTreeMap<RuleId, RuleLink>,
}

impl Links {
    pub(super) fn link(&self, id: RuleId) -> RuleLink {
        let known = self.rules.by_id.get(&id).map(|rule| link(rule));
        known.or_else(|| self.gone.get(&id).cloned()).unwrap_or_else(|| RuleLink {
            id: id.0,
            r#ref: String::new(),
            label: format!("Rule {id}"),
        })
    }
}

pub(super) fn link(rule: &Rule) -> RuleLink {
    RuleLink { id: rule.id.0, r#ref: rule.r#ref.to_string(), label: rule.body.label.clone() }
}

impl Api {
    /// Links to some rules; the names of deleted ones are looked up.
    pub(super) async fn links(&self, ids: impl Iterator<Item = RuleId>) -> Result<Links, ApiError> {
        let rules = self.engine.shared().rules();
        let mut unknown: Vec<RuleId> = ids.filter(|id| !rules.by_id.contains_key(id)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        let mut gone = BTreeMap::new();
        if !unknown.is_empty() {
            for name in self.read(move |view| view.rule_names(&unknown)).await? {
                gone.insert(
                    name.id,
                    RuleLink { id: name.id.0, r#ref: name.r#ref.to_string(), label: name.label },
                );
            }
        }
        Ok(Links { rules, gone })
    }

    /// The id of an optional rule filter; an unknown name is an error, not an empty list.
    pub(super) fn rule_filter(&self, name: Option<&str>) -> Result<Option<RuleId>, ApiError> {
        name.map(|name| self.rule(name).map(|rule| rule.id)).transpose()
    }
}
