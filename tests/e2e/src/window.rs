//! The app's window, driven by WebDriver, used by the names that are on the screen.

use crate::processes::{Guarded, start};
use crate::{Engine, PATIENCE, Stage, Stroke, until};
use anyhow::{Context, Result, bail, ensure};
use fantoccini::elements::{Element, ElementRef};
use fantoccini::error::{CmdError, ErrorStatus};
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

const FIND: &str = include_str!("page.js");
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A place on the rail, as it is called there.
pub type Screen = &'static str;

/// Every place on the rail.
pub const SCREENS: &[Screen] = &["Now", "Rules", "Events", "Runs", "Packs", "Sensors", "Settings"];

/// An open window.
pub struct Window {
    client: Client,
    engine: Engine,
    _driver: Guarded,
}

impl Window {
    pub(crate) async fn open(stage: &Stage) -> Result<Self> {
        let app = app()?;
        // The port is free now; nobody else on this machine is likely to take it in the next moment.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let arguments = ["--", "WebKitWebDriver", &format!("--port={port}")];
        let driver = start("dbus-run-session", &arguments, stage.environment(), &stage.log_path(), None)?;
        until("the driver listens", async || Ok(TcpStream::connect(("127.0.0.1", port)).await.ok())).await?;
        let mut wishes = Map::new();
        wishes.insert("webkitgtk:browserOptions".to_owned(), json!({ "binary": app, "args": [] }));
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(wishes);
        // The driver itself would wait for ever for an app that does not start.
        let client = timeout(PATIENCE, builder.connect(&format!("http://127.0.0.1:{port}")))
            .await
            .context("the app did not answer its driver")??;
        let engine = stage.engine()?;
        let window = Self { client, engine, _driver: driver };
        window.find("link", "Rules").await.context("the page is not there")?;
        Ok(window)
    }

    /// The engine behind it.
    #[must_use]
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Waits for a thing on the screen, by its ARIA role and its name.
    ///
    /// # Errors
    /// It does not come; the message has the names that are there.
    pub async fn find(&self, role: &str, name: &str) -> Result<Element> {
        self.look("find", role, name).await
    }

    async fn look(&self, what: &str, role: &str, name: &str) -> Result<Element> {
        let ask = async || {
            let found = self.script(FIND, vec![json!(what), json!(role), json!(name)]).await?;
            let id = found.get(ELEMENT).and_then(Value::as_str).map(str::to_owned);
            Ok(id.map(|id| Element::from_element_id(self.client.clone(), ElementRef::from(id))))
        };
        match until(&format!("a {role} named {name}"), ask).await {
            Ok(element) => Ok(element),
            Err(error) => {
                let names = self.script(FIND, vec![json!("names"), json!(role)]).await?;
                Err(error.context(format!("there are: {names}\non the page:\n{}", self.text().await?)))
            }
        }
    }

    /// Clicks a thing.
    ///
    /// # Errors
    /// It is not there, or something lies over it.
    pub async fn click(&self, role: &str, name: &str) -> Result<()> {
        // A list that is drawn anew between the look and the click leaves nothing to click on: look again.
        until(&format!("a click on the {role} {name}"), async || {
            let element = self.look("target", role, name).await?;
            match element.click().await {
                Ok(()) => Ok(Some(())),
                Err(error) if error.is_stale_element_reference() || is_covered(&error) => Ok(None),
                Err(error) => Err(error.into()),
            }
        })
        .await
    }

    /// Writes into a field, in place of what is there.
    ///
    /// # Errors
    /// There is no such field.
    pub async fn write(&self, name: &str, text: &str) -> Result<()> {
        let field = self.find("textbox", name).await?;
        field.clear().await?;
        field.send_keys(text).await?;
        Ok(())
    }

    /// Chooses in a native list of choices, by the choice's value.
    ///
    /// # Errors
    /// There is no such list or no such choice.
    pub async fn choose(&self, name: &str, choice: &str) -> Result<()> {
        self.find("combobox", name).await?.select_by_value(choice).await?;
        Ok(())
    }

    /// Presses one key on whatever has the focus.
    ///
    /// # Errors
    /// The window is gone.
    pub async fn press(&self, stroke: Stroke) -> Result<()> {
        self.client.perform_actions(stroke.actions()).await?;
        Ok(())
    }

    /// Types a text into whatever has the focus.
    ///
    /// # Errors
    /// The window is gone.
    pub async fn type_text(&self, text: &str) -> Result<()> {
        for key in text.chars() {
            self.press(Stroke::Char(key)).await?;
        }
        Ok(())
    }

    /// Tabs until something of this name has the focus, as somebody without a mouse does.
    ///
    /// # Errors
    /// The focus never gets there.
    pub async fn tab_to(&self, name: &str) -> Result<()> {
        const FOCUSED: &str = "const at = document.activeElement; \
            return at?.labels?.[0]?.textContent?.trim() ?? at?.getAttribute('aria-label') ?? at?.textContent?.trim() ?? ''";
        until(&format!("the focus reaches {name}"), async || {
            let at = self.script(FOCUSED, vec![]).await?;
            if at.as_str().is_some_and(|at| at.starts_with(name)) {
                return Ok(Some(()));
            }
            self.press(Stroke::Tab).await?;
            Ok(None)
        })
        .await
    }

    /// Goes to a place on the rail and waits for its head.
    ///
    /// # Errors
    /// There is no such place.
    pub async fn go(&self, screen: Screen) -> Result<()> {
        self.click("link", screen).await?;
        if screen != "Now" {
            self.find("heading", screen).await?;
        }
        Ok(())
    }

    /// All text that is on the screen.
    ///
    /// # Errors
    /// The window is gone.
    pub async fn text(&self) -> Result<String> {
        let text = self.script("return document.body.innerText", vec![]).await?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// Waits until the screen shows this text.
    ///
    /// # Errors
    /// It does not in time; the message has what it shows.
    pub async fn shows(&self, text: &str) -> Result<()> {
        let what = format!("the screen shows {text:?}");
        let shown = until(&what, async || Ok(self.text().await?.contains(text).then_some(())));
        match shown.await {
            Ok(()) => Ok(()),
            Err(error) => Err(error.context(self.text().await?)),
        }
    }

    /// Chooses a theme as Settings does.
    ///
    /// # Errors
    /// The page does not change.
    pub async fn use_theme(&self, theme: &str) -> Result<()> {
        self.go("Settings").await?;
        let name = if theme == "dark" { "Ink" } else { "Paper" };
        self.click("radio", name).await?;
        until(&format!("the theme is {theme}"), async || {
            let now = self.script("return document.documentElement.dataset.theme", vec![]).await?;
            Ok((now == theme).then_some(()))
        })
        .await
    }

    /// Waits until nothing on the screen is of an older draft, moves or fades, fonts are loaded and all is painted.
    ///
    /// # Errors
    /// The window is gone, or the screen does not come to rest.
    pub async fn settles(&self) -> Result<()> {
        const AT_REST: &str = "return !document.querySelector('[aria-busy=true]') \
            && document.getAnimations().every((one) => !(one instanceof CSSTransition))";
        const PAINTED: &str = "const done = arguments[arguments.length - 1]; \
            document.fonts.ready.then(() => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))";
        let at_rest = async || Ok((self.script(AT_REST, vec![]).await? == true).then_some(()));
        until("the screen comes to rest", at_rest).await?;
        self.script_async(PAINTED, vec![]).await?;
        Ok(())
    }

    /// Opens the newest run of a rule of this name from the list of runs, and answers its number.
    ///
    /// # Errors
    /// There is none.
    pub async fn open_run_of(&self, label: &str) -> Result<i64> {
        self.go("Runs").await?;
        self.click("button", label).await?;
        until("the address names the run", async || {
            let address = self.script("return location.hash", vec![]).await?;
            let number = address.as_str().and_then(|address| address.rsplit_once('#')?.1.parse().ok());
            Ok(number)
        })
        .await
    }

    /// Flips the switch of a rule in the list of rules. Rules may have the same name, so the link says which.
    ///
    /// # Errors
    /// The rule is not in the list.
    pub async fn flip(&self, rule: &str) -> Result<()> {
        self.switch_of(rule).await?.click().await?;
        Ok(())
    }

    /// Whether the list of rules shows a rule as on.
    ///
    /// # Errors
    /// The rule is not in the list.
    pub async fn shows_on(&self, rule: &str) -> Result<bool> {
        Ok(self.switch_of(rule).await?.attr("aria-checked").await?.as_deref() == Some("true"))
    }

    async fn switch_of(&self, rule: &str) -> Result<Element> {
        let link = format!("[role=row]:has(a[href='#/rules/{rule}']) [role=switch]");
        self.client
            .wait()
            .at_most(PATIENCE)
            .for_element(Locator::Css(&link))
            .await
            .with_context(|| format!("no rule {rule} in the list"))
    }

    /// Runs a function body in the page.
    ///
    /// # Errors
    /// It throws, or the window is gone.
    pub async fn script(&self, body: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(self.client.execute(body, arguments).await?)
    }

    /// Runs a function body in the page that calls its last argument when it is done.
    ///
    /// # Errors
    /// It throws, takes too long, or the window is gone.
    pub async fn script_async(&self, body: &str, arguments: Vec<Value>) -> Result<Value> {
        Ok(timeout(PATIENCE, self.client.execute_async(body, arguments))
            .await
            .context("the script takes too long")??)
    }

    /// Makes the window so large, in pixels.
    ///
    /// # Errors
    /// The window does not follow.
    pub async fn resize(&self, width: u32, height: u32) -> Result<()> {
        self.client.set_window_rect(0, 0, width, height).await?;
        until(&format!("the window is {width} x {height}"), async || {
            let size = self.script("return [innerWidth, innerHeight]", vec![]).await?;
            Ok((size == json!([width, height])).then_some(()))
        })
        .await
    }

    /// Takes a picture of the page.
    ///
    /// # Errors
    /// The window is gone, or the file cannot be written.
    pub async fn picture(&self, path: &Path) -> Result<()> {
        let picture =
            timeout(PATIENCE, self.client.screenshot()).await.context("the picture takes too long")??;
        std::fs::write(path, picture).with_context(|| path.display().to_string())
    }

    /// Closes it by the button in its title bar and waits until the engine has ended in order.
    ///
    /// # Errors
    /// It does not end.
    pub async fn close(self) -> Result<()> {
        let close = self.find("button", "Close").await?;
        // The window may be gone before the driver can tell that it has clicked.
        let _ = timeout(PATIENCE, close.click()).await;
        until("the engine ends", async || Ok(self.engine.is_gone().then_some(()))).await
    }
}

/// Whether something lay over what was to be clicked.
fn is_covered(error: &CmdError) -> bool {
    matches!(error, CmdError::Standard(error) if error.error == ErrorStatus::ElementClickIntercepted)
}

/// The app, built beside this test.
pub(crate) fn app() -> Result<PathBuf> {
    let own = std::env::current_exe()?;
    // <target>/<profile>/deps/<test>, or <target>/<profile>/<program>
    for folder in own.ancestors().skip(1).take(2) {
        let app = folder.join("attune-studio");
        if app.is_file() {
            // An engine without its sensor would fire nothing.
            ensure!(
                folder.join("attune-core-timer-sensor").is_file(),
                "the timer sensor is not built beside {}",
                app.display()
            );
            return Ok(app);
        }
    }
    bail!("the app is not built; `cargo xtask test` builds it")
}
