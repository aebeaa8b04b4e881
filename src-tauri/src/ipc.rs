//! The two commands of the window. Arguments are checked again by the handlers in the crate `api`.

use api::{Api, ApiError, UiEvent};
use serde_json::Value;
use std::sync::{Mutex, PoisonError};
use tauri::State;
use tauri::async_runtime::JoinHandle;
use tauri::ipc::Channel;

/// The page's one place in the feed. A page that loads again takes over from the one before it.
#[derive(Default)]
pub(crate) struct Subscription(Mutex<Option<JoinHandle<()>>>);

/// Asks the engine something, or tells it to do something, by the table of commands in `api`.
#[tauri::command]
pub(crate) async fn rpc(api: State<'_, Api>, command: String, request: Value) -> Result<Value, ApiError> {
    api.call(&command, request).await
}

/// Sends the page what changes, until it loads again or the engine stops.
#[tauri::command]
#[expect(clippy::needless_pass_by_value, reason = "Tauri hands commands their arguments by value")]
pub(crate) fn subscribe(api: State<'_, Api>, subscription: State<'_, Subscription>, feed: Channel<UiEvent>) {
    let mut changes = api.feed();
    let task = tauri::async_runtime::spawn(async move {
        while let Some(event) = changes.next().await {
            if feed.send(event).is_err() {
                break;
            }
        }
    });
    let mut current = subscription.0.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(before) = current.replace(task) {
        before.abort();
    }
}
