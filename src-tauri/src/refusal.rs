//! Says why the program does not start: on stderr always, in a dialog for those who see no terminal.

use gtk::prelude::{DialogExt, GtkWindowExt};
use std::io::{IsTerminal, Write, stderr};

/// Tells the person; returns when they have read it.
pub(crate) fn show(sentence: &str) {
    // Where even stderr is closed there is nobody left to tell.
    let _ = writeln!(stderr(), "attune-studio: {sentence}");
    // Under automation a dialog would wait for ever for a person who is not there.
    let automated = std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    if stderr().is_terminal() || automated || !gtk::is_initialized() {
        return;
    }
    let dialog = gtk::MessageDialog::new(
        None::<&gtk::Window>,
        gtk::DialogFlags::MODAL,
        gtk::MessageType::Error,
        gtk::ButtonsType::Close,
        sentence,
    );
    dialog.set_title("Attune Studio does not start");
    dialog.run();
}
