//! A client that posts events without pause and writes down every one that was acknowledged.

use crate::Dice;
use serde_json::{Value, json};
use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::time::Duration;
use tokio::sync::watch;

/// One post in so many is cut off before its answer can be read, as a lost connection does.
const CUT_OFF: u64 = 40;
/// One event in so many fires the rule.
const FIRES: u64 = 25;

/// Where the door is at present: address and token. It changes with every start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Door {
    /// `127.0.0.1:PORT`.
    pub address: String,
    /// The admin token.
    pub token: String,
}

/// An event that the engine said it has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Acknowledged {
    /// Its key.
    pub key: String,
    /// Its id.
    pub id: i64,
}

/// What one client did.
#[derive(Debug)]
pub struct Client {
    name: usize,
    http: reqwest::Client,
    door: watch::Receiver<Door>,
    dice: Dice,
    file: File,
    /// What was acknowledged, in order.
    pub acknowledged: Vec<Acknowledged>,
    /// Posts whose answer was lost although the event had been recorded.
    pub answers_lost: u32,
    /// Repeats of what was acknowledged before the last kill.
    pub repeated: u32,
}

impl Client {
    /// A client with its own list of what was acknowledged.
    ///
    /// # Panics
    /// Where the list cannot be made.
    #[must_use]
    pub fn new(name: usize, seed: u64, folder: &Path, door: watch::Receiver<Door>) -> Self {
        let file = File::create(folder.join(format!("acknowledged-{name}"))).expect("a file can be made");
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build();
        Self {
            name,
            http: http.expect("a client needs nothing"),
            door,
            dice: Dice::new(seed),
            file,
            acknowledged: Vec::new(),
            answers_lost: 0,
            repeated: 0,
        }
    }

    /// Posts until the sender of doors is gone.
    pub async fn work(mut self) -> Self {
        let mut seen = self.door.borrow().clone();
        for number in 0_u32.. {
            let body = json!({
                "trigger_ref": "lab.ping",
                "payload": {"client": self.name, "number": number, "fire": self.dice.below(FIRES) == 0},
                "dedupe_key": format!("client-{}-{number}", self.name),
            });
            let Some((id, is_repeat)) = self.post_until_taken(&body).await else { return self };
            self.answers_lost += u32::from(is_repeat);
            self.write_down(&body, id);
            let door = self.door.borrow().clone();
            if door != seen {
                seen = door;
                self.repeat_the_last(&body, id).await;
            }
        }
        self
    }

    /// Whatever happens, the same event is posted again until the engine says that it has it. None at the end.
    async fn post_until_taken(&mut self, body: &Value) -> Option<(i64, bool)> {
        loop {
            if self.door.has_changed().is_err() {
                return None;
            }
            let cut_off = self.dice.below(CUT_OFF) == 0;
            let post = self.post(body);
            let answer = if cut_off {
                let patience = Duration::from_micros(self.dice.below(6_000));
                tokio::time::timeout(patience, post).await.ok().flatten()
            } else {
                post.await
            };
            match answer {
                Some((status @ (200 | 201), answer)) => {
                    let id = answer["data"]["id"].as_i64().expect("an event has an id");
                    return Some((id, status == 200));
                }
                // On its way out, or just begun with another token.
                Some((401 | 503, _)) | None => {}
                Some((status, answer)) => panic!("{body} was answered with {status}: {answer}"),
            }
            if !cut_off {
                // Dead or dying: somebody starts it again, or this is the end.
                let _ = tokio::time::timeout(Duration::from_millis(20), self.door.changed()).await;
            }
        }
    }

    fn post(&self, body: &Value) -> impl Future<Output = Option<(u16, Value)>> + use<> {
        let door = self.door.borrow().clone();
        let request = self.http.post(format!("http://{}/api/v1/events", door.address));
        let request = request.bearer_auth(door.token).json(body);
        async move {
            let response = request.send().await.ok()?;
            let status = response.status().as_u16();
            Some((status, response.json().await.ok()?))
        }
    }

    fn write_down(&mut self, body: &Value, id: i64) {
        let key = body["dedupe_key"].as_str().unwrap_or_default().to_owned();
        writeln!(self.file, "{key} {id}").expect("a line can be written");
        self.acknowledged.push(Acknowledged { key, id });
    }

    /// After each start: the event that was acknowledged last is posted once more, and is still the same one.
    async fn repeat_the_last(&mut self, body: &Value, id: i64) {
        if let Some((again, is_repeat)) = self.post_until_taken(body).await {
            assert!(
                is_repeat && again == id,
                "{body} was event {id} and is now event {again} (repeat: {is_repeat})"
            );
            self.repeated += 1;
        }
    }
}
