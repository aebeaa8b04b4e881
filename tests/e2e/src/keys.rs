//! Keys, as a person presses them.

use fantoccini::actions::{InputSource, KeyAction, KeyActions};
use fantoccini::key::Key;

/// One key, with what is held beside it.
#[derive(Clone, Copy, Debug)]
pub enum Stroke {
    /// A key alone, such as `n`.
    Char(char),
    /// A key with Control.
    Control(char),
    /// Control and Enter.
    ControlEnter,
    /// Tab.
    Tab,
    /// Enter.
    Enter,
    /// Escape.
    Escape,
    /// The space bar.
    Space,
    /// Arrow down.
    Down,
    /// Arrow right.
    Right,
    /// Shift and arrow right.
    ShiftRight,
}

impl Stroke {
    pub(crate) fn actions(self) -> KeyActions {
        let (held, key) = match self {
            Self::Char(key) => (None, key),
            Self::Control(key) => (Some(Key::Control), key),
            Self::ControlEnter => (Some(Key::Control), Key::Enter.into()),
            Self::Tab => (None, Key::Tab.into()),
            Self::Enter => (None, Key::Enter.into()),
            Self::Escape => (None, Key::Escape.into()),
            Self::Space => (None, ' '),
            Self::Down => (None, Key::Down.into()),
            Self::Right => (None, Key::Right.into()),
            Self::ShiftRight => (Some(Key::Shift), Key::Right.into()),
        };
        let mut actions = KeyActions::new("keyboard".to_owned());
        if let Some(held) = held {
            actions = actions.then(KeyAction::Down { value: held.into() });
        }
        actions = actions.then(KeyAction::Down { value: key }).then(KeyAction::Up { value: key });
        if let Some(held) = held {
            actions = actions.then(KeyAction::Up { value: held.into() });
        }
        actions
    }
}
