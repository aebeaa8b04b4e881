//! The one window: its size, its frame, and where it may not go.

use tauri::webview::{Color, NewWindowResponse};
use tauri::{App, Url, WebviewUrl, WebviewWindowBuilder};

/// The frame's colour in the dark theme, so that nothing flashes before the page is there.
const INK: Color = Color(0x09, 0x0e, 0x11, 0xff);

/// Opens the window with the page, which draws its own title bar.
///
/// # Errors
/// There is no WebKit, or no display.
pub(crate) fn open(app: &App) -> tauri::Result<()> {
    WebviewWindowBuilder::new(app, "main", WebviewUrl::default())
        .title("Attune Studio")
        .inner_size(1440.0, 900.0)
        .min_inner_size(960.0, 640.0)
        .decorations(false)
        .background_color(INK)
        .zoom_hotkeys_enabled(true)
        .on_navigation(stays)
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .build()?;
    Ok(())
}

/// Only the page that is built into the program, never another address.
fn stays(address: &Url) -> bool {
    address.scheme() == "tauri" && address.host_str() == Some("localhost")
}

#[cfg(test)]
mod tests {
    use super::stays;

    #[test]
    fn the_window_stays_on_its_own_page() {
        let goes = |address: &str| stays(&address.parse().expect("an address"));
        assert!(goes("tauri://localhost/"));
        assert!(goes("tauri://localhost/rules?q=backup"));
        for elsewhere in
            ["https://example.com/", "http://127.0.0.1:8080/", "file:///etc/passwd", "data:text/html,x"]
        {
            assert!(!goes(elsewhere), "{elsewhere}");
        }
        assert!(!goes("tauri://elsewhere/"));
    }
}
