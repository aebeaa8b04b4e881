//! What may lie where the database should be.

use super::world::{World, rule};
use crate::{OpenError, Record, backup, open};
use rusqlite::Connection;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Opens a folder in which `prepare` has put something at `state.db`; the error, and whether that something is as
/// it was.
fn refused(prepare: impl FnOnce(&Path)) -> (OpenError, bool) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    prepare(&path);
    let before = fs::read(&path).ok();
    let error = open(folder.path()).unwrap_err();
    (error, before == fs::read(&path).ok())
}

#[test]
fn files_and_folders_are_for_their_owner_only() {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent.path().join("data/attune");
    let (mut writer, _readers) = open(&folder).unwrap();
    let mut transaction = writer.begin().unwrap();
    transaction.write(&Record::RuleSaved(&rule(1, "default.echo"))).unwrap();
    transaction.commit().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&folder), mode(folder.parent().unwrap())), (0o700, 0o700));
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        assert_eq!(mode(&folder.join(name)), 0o600, "{name}");
    }
}

#[test]
fn what_is_not_a_database_is_refused_and_left_alone() {
    let (error, same) =
        refused(|path| fs::write(path, "Dear diary, today I learned that rust never sleeps.").unwrap());
    assert!(matches!(error, OpenError::NotADatabase(_)) && same, "{error}");
    assert!(error.to_string().contains("is not a database"), "{error}");
    let (error, same) = refused(|path| fs::write(path, vec![0; 8192]).unwrap());
    assert!(matches!(error, OpenError::NotADatabase(_)) && same, "{error}");
    let (error, _) = refused(|path| fs::create_dir(path).unwrap());
    assert!(matches!(error, OpenError::NotAFile(_)), "{error}");
    let (error, same) = refused(|path| {
        let real = path.with_file_name("elsewhere.db");
        fs::write(&real, "").unwrap();
        symlink(real, path).unwrap();
    });
    assert!(matches!(error, OpenError::Link(_)) && same, "{error}");
}

#[test]
fn the_database_of_another_program_is_refused_and_left_alone() {
    let (error, same) = refused(|path| {
        Connection::open(path).unwrap().execute_batch("CREATE TABLE bookmark (url TEXT)").unwrap();
    });
    assert!(matches!(error, OpenError::Foreign(_)) && same, "{error}");
    let (error, same) = refused(|path| {
        Connection::open(path)
            .unwrap()
            .execute_batch("PRAGMA application_id = 12; PRAGMA user_version = 1")
            .unwrap();
    });
    assert!(matches!(error, OpenError::Foreign(_)) && same, "{error}");
}

#[test]
fn a_database_of_a_newer_version_is_refused_with_its_bytes_as_they_were() {
    for leave_it_in_the_log in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        drop(open(folder.path()).unwrap());
        let path = folder.path().join("state.db");
        let newer = Connection::open(&path).unwrap();
        newer
            .set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, leave_it_in_the_log)
            .unwrap();
        newer.execute_batch("CREATE TABLE tomorrow (x); PRAGMA user_version = 99").unwrap();
        drop(newer);
        let before = fs::read(&path).unwrap();
        let log = fs::read(path.with_extension("db-wal")).ok();

        let error = open(folder.path()).unwrap_err();
        assert!(matches!(error, OpenError::Newer { found: 99, known: 3, .. }), "{error}");
        assert!(error.to_string().contains("install the newer version"), "{error}");
        assert_eq!(fs::read(&path).unwrap(), before);
        assert_eq!(log.is_some(), leave_it_in_the_log);
        if let Some(log) = log {
            assert_eq!(fs::read(path.with_extension("db-wal")).unwrap(), log);
        }
    }
}

#[test]
fn a_file_that_may_not_be_written_says_so() {
    if rustix::process::geteuid().is_root() {
        // Nothing is forbidden to root; the sentence alone can be looked at.
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = OpenError::system(Path::new("/data/state.db"), &denied);
        assert!(error.to_string().starts_with("/data/state.db cannot be written"), "{error}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    let path = folder.path().join("state.db");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o400)).unwrap();
    let error = open(folder.path()).unwrap_err();
    assert!(matches!(error, OpenError::ReadOnly { .. }), "{error}");
}

#[test]
fn an_empty_file_is_a_new_database() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("state.db"), "").unwrap();
    let (writer, _readers) = open(folder.path()).unwrap();
    assert!(writer.load().unwrap().rules.is_empty());
}

#[test]
fn a_backup_of_a_live_database_is_whole() {
    let mut world = World::new();
    let echo = rule(1, "default.echo");
    world.commit(&[Record::RuleSaved(&echo)]);
    for id in 1..50 {
        world.timer_fires(id, &echo, model::ExecutionStatus::Completed);
    }
    let elsewhere = tempfile::tempdir().unwrap();
    let target = elsewhere.path().join("state.db");
    // A transaction that is not yet committed is not part of it.
    let mut open_transaction = world.writer.begin().unwrap();
    open_transaction.write(&Record::RuleSaved(&rule(2, "default.later"))).unwrap();
    backup(world.readers.path(), &target).unwrap();
    open_transaction.commit().unwrap();

    assert_eq!(fs::metadata(&target).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    let (restored, _readers) = open(elsewhere.path()).unwrap();
    let (restored, live) = (restored.load().unwrap(), world.writer.load().unwrap());
    assert_eq!((restored.rules.len(), live.rules.len()), (1, 2));
    assert_eq!((restored.last_event.0, restored.instance), (49, live.instance));
}
