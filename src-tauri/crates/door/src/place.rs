//! Where the data lie.

use directories::BaseDirs;
use std::ffi::OsString;
use std::path::PathBuf;

/// The variable that names the folder with all data.
const DATA_DIR: &str = "ATTUNE_DATA_DIR";

/// Nobody said where the data shall lie, and there is no home folder.
#[derive(Debug, thiserror::Error)]
#[error("there is no home folder to keep data in: pass --data-dir or set {DATA_DIR}")]
pub struct NoDataDir;

/// The folder with all data: the one given, else `ATTUNE_DATA_DIR`, else `attune-studio` in the user's data
/// folder. Absolute; it need not exist.
///
/// # Errors
/// None of the three is there.
pub fn data_dir(given: Option<PathBuf>) -> Result<PathBuf, NoDataDir> {
    choose(given, std::env::var_os(DATA_DIR), || Some(BaseDirs::new()?.data_dir().join("attune-studio")))
}

fn choose(
    given: Option<PathBuf>,
    variable: Option<OsString>,
    home: impl FnOnce() -> Option<PathBuf>,
) -> Result<PathBuf, NoDataDir> {
    let variable = variable.filter(|value| !value.is_empty()).map(PathBuf::from);
    let chosen = given.or(variable).or_else(home).ok_or(NoDataDir)?;
    Ok(std::path::absolute(&chosen).unwrap_or(chosen))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_counts() {
        let home = || Some(PathBuf::from("/home/me/.local/share/attune-studio"));
        let at = |given: Option<&str>, variable: Option<&str>| {
            choose(given.map(PathBuf::from), variable.map(OsString::from), home).unwrap()
        };
        assert_eq!(at(Some("/a"), Some("/b")), PathBuf::from("/a"));
        assert_eq!(at(None, Some("/b")), PathBuf::from("/b"));
        assert_eq!(at(None, Some("")), home().unwrap());
        assert!(at(Some("here"), None).is_absolute());
        assert!(choose(None, None, || None).is_err());
    }
}
