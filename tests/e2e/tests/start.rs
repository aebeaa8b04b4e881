//! How the app starts, and says why where it does not.

use anyhow::Result;
use e2e_tests::{Stage, until};

#[tokio::test]
async fn told_to_end_it_ends_in_order() -> Result<()> {
    let stage = Stage::set()?;
    let mut app = stage.start_app(&[])?;
    let engine = until("the engine is there", async || Ok(stage.engine().ok())).await?;
    app.terminate()?;
    let ended = app.ends().await?;
    assert_eq!(ended.code, Some(0), "{}", ended.said);
    assert!(engine.is_gone(), "its runtime file is removed");
    Ok(())
}

#[tokio::test]
async fn a_second_window_on_the_same_data_says_so_and_ends() -> Result<()> {
    let stage = Stage::set()?;
    let window = stage.open().await?;
    let ended = stage.start_app(&[])?.ends().await?;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("another engine"), "{}", ended.said);
    assert!(ended.said.contains("close it first"), "{}", ended.said);
    // The first one goes on.
    window.go("Rules").await?;
    window.close().await
}

#[tokio::test]
async fn without_a_display_it_says_what_to_do_instead() -> Result<()> {
    let stage = Stage::set()?;
    let ended = stage.start_app(&["DISPLAY"])?.ends().await?;
    assert_eq!(ended.code, Some(1), "{}", ended.said);
    assert!(ended.said.contains("there is no display"), "{}", ended.said);
    assert!(ended.said.contains("attune serve"), "{}", ended.said);
    assert!(stage.engine().is_err(), "no engine was started for a window that cannot be");
    Ok(())
}
