//! Packs, triggers, actions.

use crate::wire::{
    ActionList, ActionView, DiagnosticView, Empty, PackList, PackValidateRequest, PackValidation, PackView,
    TriggerList, TriggerView,
};
use crate::{Api, ApiError, Code};
use engine::{Catalog, PackEntry};
use model::{Action, Runner, Trigger, limits};
use packs::{Diagnostic, Severity};
use std::path::PathBuf;

fn diagnostic(diagnostic: &Diagnostic) -> DiagnosticView {
    let severity = if diagnostic.severity == Severity::Error { "error" } else { "warning" };
    DiagnosticView {
        severity: severity.to_owned(),
        file: diagnostic.file.display().to_string(),
        line: diagnostic.line,
        column: diagnostic.column,
        message: diagnostic.message.clone(),
    }
}

pub(crate) fn trigger_view(trigger: &Trigger, catalog: &Catalog) -> TriggerView {
    TriggerView {
        r#ref: trigger.r#ref.to_string(),
        label: trigger.label.clone(),
        description: trigger.description.clone(),
        parameters: trigger.parameters.document().clone(),
        output: trigger.output.document().clone(),
        sensor: catalog.sensor_of(&trigger.r#ref).map(|sensor| sensor.r#ref.to_string()),
    }
}

fn action_view(action: &Action) -> ActionView {
    let runner = match action.runner {
        Runner::Shell => "shell",
        Runner::Python => "python",
        Runner::Node => "node",
        Runner::Native => "native",
    };
    ActionView {
        r#ref: action.r#ref.to_string(),
        label: action.label.clone(),
        description: action.description.clone(),
        runner: runner.to_owned(),
        parameters: action.parameters.document().clone(),
        timeout_seconds: action.timeout_seconds.unwrap_or(limits::EXECUTION_TIMEOUT.as_secs()),
    }
}

fn pack_view(entry: &PackEntry) -> PackView {
    let mut view = PackView {
        r#ref: entry.name.clone(),
        label: entry.name.clone(),
        description: String::new(),
        version: String::new(),
        folder: entry.folder.display().to_string(),
        triggers: Vec::new(),
        sensors: Vec::new(),
        actions: Vec::new(),
        rules: Vec::new(),
        diagnostics: entry.diagnostics.iter().map(diagnostic).collect(),
        loaded: entry.pack.is_some(),
    };
    if let Some(pack) = &entry.pack {
        view.r#ref = pack.r#ref.to_string();
        view.label.clone_from(&pack.label);
        view.description.clone_from(&pack.description);
        view.version.clone_from(&pack.version);
        view.triggers = pack.triggers.iter().map(|it| it.r#ref.to_string()).collect();
        view.sensors = pack.sensors.iter().map(|it| it.r#ref.to_string()).collect();
        view.actions = pack.actions.iter().map(|it| it.r#ref.to_string()).collect();
        view.rules = pack.rules.iter().map(|it| it.r#ref.to_string()).collect();
    }
    view
}

impl Api {
    pub(crate) async fn trigger_list(&self, _: Empty) -> Result<TriggerList, ApiError> {
        let catalog = self.engine.shared().catalog();
        Ok(TriggerList {
            triggers: catalog.triggers().map(|trigger| trigger_view(trigger, &catalog)).collect(),
        })
    }

    pub(crate) async fn action_list(&self, _: Empty) -> Result<ActionList, ApiError> {
        let catalog = self.engine.shared().catalog();
        Ok(ActionList { actions: catalog.actions().map(|action| action_view(action)).collect() })
    }

    pub(crate) async fn pack_list(&self, _: Empty) -> Result<PackList, ApiError> {
        let catalog = self.engine.shared().catalog();
        Ok(PackList { packs: catalog.packs.iter().map(pack_view).collect() })
    }

    pub(crate) async fn pack_validate(
        &self,
        request: PackValidateRequest,
    ) -> Result<PackValidation, ApiError> {
        let folder = PathBuf::from(&request.folder);
        if !folder.is_absolute() {
            return Err(model::Invalid::new(
                "folder",
                format!("`{}` is not an absolute path", request.folder),
            )
            .into());
        }
        let result = tokio::task::spawn_blocking(move || packs::load(&folder)).await;
        let result = result.map_err(|error| ApiError::new(Code::Internal, error.to_string()))?;
        let ok = result.is_ok();
        let diagnostics = result.map_or_else(|errors| errors, |loaded| loaded.warnings);
        Ok(PackValidation { ok, diagnostics: diagnostics.iter().map(diagnostic).collect() })
    }

    pub(crate) async fn pack_reload(&self, _: Empty) -> Result<PackList, ApiError> {
        self.engine.reload_packs().await.map_err(|refusal| crate::api::refused(&refusal))?;
        self.pack_list(Empty {}).await
    }
}
