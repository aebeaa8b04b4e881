//! The page in a browser: its files are open to this machine, its data are not.

use harness::World;

#[tokio::test]
async fn the_page_is_served_with_a_strict_policy_and_no_token() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, content: &str| {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    };
    write("page/index.html", "<!doctype html><title>Attune Studio</title>");
    write("page/assets/app.js", "export {};");
    write("secret.txt", "not of the page");
    let page = folder.path().join("page");
    let world = World::process_with(&[], &["--web", page.to_str().unwrap()]).await;
    let get = async |path: &str| world.http().get(world.url(path)).send().await.unwrap();

    let index = get("/").await;
    assert_eq!(index.status(), 200);
    let headers = index.headers().clone();
    let policy = headers["content-security-policy"].to_str().unwrap();
    assert!(policy.starts_with("default-src 'none'; script-src 'self';"), "{policy}");
    assert!(policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-eval"), "{policy}");
    assert_eq!(headers["x-frame-options"], "DENY");
    assert_eq!(headers["referrer-policy"], "no-referrer");
    assert!(index.text().await.unwrap().contains("<title>Attune Studio"));
    assert_eq!(get("/assets/app.js").await.headers()["content-type"], "text/javascript");

    for path in ["/assets/nothing.js", "/%2e%2e/secret.txt", "/..%2fsecret.txt"] {
        assert_eq!(get(path).await.status(), 404, "{path}");
    }
    for path in ["/api/v1/openapi.json", "/api/v1/nothing", "/auth/x", "/ws"] {
        assert_eq!(get(path).await.status(), 401, "{path}");
    }
    let post = world.http().post(world.url("/")).send().await.unwrap();
    assert_eq!(post.status(), 401);
}

#[tokio::test]
async fn a_folder_without_a_page_is_refused_at_the_start() {
    let world = World::process().await;
    let output = world.attune(&["serve", "--web", "/nonexistent"], "").await;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("/nonexistent holds no index.html"), "{said}");
}
