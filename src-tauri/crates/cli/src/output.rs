//! `attune execution output`: what a run wrote, in the order in which it came.

use crate::arguments::{ExecutionOutput, Stream};
use crate::client::{Client, News};
use crate::failure::Failure;
use crate::screen::Screen;
use crate::text::Plain;
use anyhow::Context;
use api::UiEvent;
use api::wire::{
    ExecutionDetail, ExecutionOutputRequest, ExecutionRequest, OutputChunk, OutputEncoding, OutputPage,
    StreamView,
};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, Write};
use std::time::Duration;
use tokio::time::timeout;

/// News may be missed while the engine is busy; then we look by ourselves.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

pub(crate) async fn run(client: &Client, screen: &Screen, asked: &ExecutionOutput) -> Result<(), Failure> {
    // Watching begins before the first look, so that nothing is missed in between.
    let mut news = if asked.follow { Some(client.watch().await?) } else { None };
    // A person gets text; a file or a pipe gets every byte.
    let raw = !screen.is_terminal() && !screen.is_json();
    let mut plain = Plain::default();
    let mut cursor = None;
    loop {
        let request = ExecutionOutputRequest {
            id: asked.id,
            cursor,
            limit_bytes: None,
            tail: false,
            stream: asked.stream.map(|stream| match stream {
                Stream::Stdout => StreamView::Stdout,
                Stream::Stderr => StreamView::Stderr,
            }),
            encoding: if raw { OutputEncoding::Base64 } else { OutputEncoding::Text },
        };
        let page: OutputPage = client.call("execution.output", &request).await?;
        show(screen, &page, raw, &mut plain)?;
        cursor = Some(page.next);
        if page.more {
            continue;
        }
        match &mut news {
            Some(news) if !page.ended => wait(news, asked.id).await,
            _ => break,
        }
    }
    screen.write(&plain.finish())
}

fn show(screen: &Screen, page: &OutputPage, raw: bool, plain: &mut Plain) -> Result<(), Failure> {
    if screen.is_json() {
        return if page.chunks.is_empty() { Ok(()) } else { screen.show(page, String::new) };
    }
    for chunk in &page.chunks {
        if chunk.dropped_before > 0 {
            let note = format!("{} bytes were left out here", chunk.dropped_before);
            crate::screen::complain(&note);
        }
        if raw {
            write_raw(screen, chunk)?;
        } else {
            screen.write(&plain.push(&chunk.data))?;
        }
    }
    Ok(())
}

/// Every byte to the stream of the same name.
fn write_raw(screen: &Screen, chunk: &OutputChunk) -> Result<(), Failure> {
    let bytes = STANDARD.decode(&chunk.data).context("the engine's answer is not base64")?;
    match chunk.stream {
        StreamView::Stdout => screen.write_bytes(&bytes),
        StreamView::Stderr => Ok(io::stderr().lock().write_all(&bytes)?),
    }
}

/// Waits until there may be something new about an execution.
async fn wait(news: &mut News, id: i64) {
    let topics = [format!("execution:{id}"), format!("output:{id}")];
    let heard = async {
        while let Some(event) = news.next().await {
            match event {
                UiEvent::Resync => return,
                UiEvent::Feed { topics: heard, .. } if heard.iter().any(|topic| topics.contains(topic)) => {
                    return;
                }
                UiEvent::Feed { .. } => {}
            }
        }
        std::future::pending().await
    };
    let _ = timeout(LOOK_AGAIN, heard).await;
}

/// The execution once it has ended.
pub(crate) async fn wait_for_end(client: &Client, id: i64) -> Result<ExecutionDetail, Failure> {
    let mut news = client.watch().await?;
    loop {
        let detail: ExecutionDetail = client.call("execution.show", &ExecutionRequest { id }).await?;
        if detail.execution.finished_at.is_some() {
            return Ok(detail);
        }
        wait(&mut news, id).await;
    }
}
