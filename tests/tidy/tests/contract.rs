//! The contract in TypeScript is what the crate `api` says.

const PATH: &str = "ui/src/contract/index.ts";

/// With `ATTUNE_WRITE_CONTRACT` set (as `cargo xtask contract` does) the file is written instead.
#[test]
fn the_contract_of_the_page_is_that_of_the_engine() {
    let path = tidy_tests::root().join(PATH);
    let wanted = api::typescript();
    if std::env::var_os("ATTUNE_WRITE_CONTRACT").is_some() {
        std::fs::write(&path, &wanted).unwrap_or_else(|error| panic!("{PATH}: {error}"));
    }
    let found = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{PATH}: {error}"));
    let differs = found.lines().zip(wanted.lines()).enumerate().find(|(_, (found, wanted))| found != wanted);
    if let Some((index, (found, wanted))) = differs {
        panic!("{PATH}:{}: is `{found}`, should be `{wanted}`; run `cargo xtask contract`", index + 1);
    }
    assert!(found == wanted, "{PATH} has other lines at its end than it should; run `cargo xtask contract`");
}
