//! The door against requests that nobody should make: each is refused, nothing is stored, nobody else is
//! disturbed.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use door::{ROUTES, Route};
use futures_util::{SinkExt, StreamExt};
use harness::{World, wait_until};
use protocol_tests::{Raw, exchange, lab};
use serde_json::{Value, json};
use std::time::Duration;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

const EVENT: &str = r#"{"trigger_ref":"lab.ping","payload":{"n":1}}"#;

/// A path of a route with real names in it.
fn path_of(route: &Route) -> String {
    let names = if route.path.contains("/rules/") { "core.echo_every_second" } else { "lab.ping" };
    route.path.replace("{ref}", names).replace("{command}", "rule.list")
}

async fn count_events(world: &World) -> usize {
    let answer = world.must("event.list", json!({})).await;
    answer["events"].as_array().unwrap().len()
}

/// A request with everything right but what the test makes wrong.
fn post_event(host: &str, token: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n{more}\r\n{body}"
    )
}

#[tokio::test]
async fn a_request_for_another_host_is_refused_before_anything_else() {
    let world = World::start_with(&[lab()]).await;
    let (port, token) = (world.port(), world.info().token.clone());
    let other_port = if port == 65_535 { 1 } else { port + 1 };
    let hosts = [
        "evil.com".to_owned(),
        format!("evil.com:{port}"),
        format!("127.0.0.1.evil.com:{port}"),
        format!("localhost.evil.com:{port}"),
        format!("evil.com.localhost:{port}"),
        format!("localhost:{other_port}"),
        format!("127.0.0.1:{other_port}"),
        "localhost".to_owned(),
        "127.0.0.1".to_owned(),
        "localhost:".to_owned(),
        format!("localhost:{port}0"),
        format!("localhost:0{port}"),
        format!("localhost:+{port}"),
        format!("localhost.:{port}"),
        // The door is bound to IPv4 alone, so the IPv6 loopback is another host.
        format!("[::1]:{port}"),
        format!("[::ffff:127.0.0.1]:{port}"),
        format!("0.0.0.0:{port}"),
        format!("127.1:{port}"),
        format!("2130706433:{port}"),
        format!("0x7f.0.0.1:{port}"),
        format!("user@localhost:{port}"),
        format!("localhost:{port}@evil.com"),
        format!("localhost:{port},evil.com"),
        format!("localhost:{port}/"),
        String::new(),
    ];
    for host in &hosts {
        for token in [token.as_str(), "garbage"] {
            let answer = exchange(port, post_event(host, token, "", EVENT)).await;
            assert!(matches!(answer.status, 400 | 403), "Host: {host}: {}", answer.text);
        }
        let upgrade = format!(
            "GET /ws HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        let answer = exchange(port, upgrade).await;
        assert!(matches!(answer.status, 400 | 403), "WebSocket, Host: {host}: {}", answer.text);
    }
    let absolute =
        format!("GET http://evil.com/health HTTP/1.1\r\nHost: localhost:{port}\r\nConnection: close\r\n\r\n");
    assert_eq!(exchange(port, absolute).await.status, 403, "an address in the request line counts too");
    assert_eq!(count_events(&world).await, 0);

    for host in [format!("127.0.0.1:{port}"), format!("localhost:{port}"), format!("LocalHost:{port}")] {
        assert_eq!(exchange(port, post_event(&host, &token, "", EVENT)).await.status, 201, "{host}");
    }
}

#[tokio::test]
async fn a_request_without_one_host_is_malformed() {
    let world = World::start().await;
    let port = world.port();
    assert_eq!(exchange(port, "GET /health HTTP/1.0\r\n\r\n").await.status, 400);
    assert_eq!(exchange(port, "GET /health HTTP/1.1\r\nConnection: close\r\n\r\n").await.status, 400);
    let two = format!("GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nHost: localhost:{port}\r\n\r\n");
    assert_eq!(exchange(port, two).await.status, 400);
}

#[tokio::test]
async fn no_other_origin_gets_in_on_any_route() {
    let world = World::start_with(&[lab()]).await;
    let (port, token) = (world.port(), &world.info().token);
    for route in ROUTES {
        for origin in [
            "null",
            "file://",
            "http://localhost:3000",
            "https://evil.com",
            "tauri://localhost",
            "http://127.0.0.1",
        ] {
            for method in [route.method.as_str(), "OPTIONS", "PUT"] {
                let request = format!(
                    "{method} {} HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: {origin}\r\n\
                     Authorization: Bearer {token}\r\nAccess-Control-Request-Method: POST\r\n\
                     Content-Type: application/json\r\nContent-Length: 0\r\n\r\n",
                    path_of(route)
                );
                let answer = exchange(port, request).await;
                assert_eq!(answer.status, 403, "{method} {} from {origin}: {}", route.path, answer.text);
                assert!(!answer.text.to_lowercase().contains("access-control"), "{}", answer.text);
            }
        }
        let options = format!(
            "OPTIONS {} HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n",
            path_of(route)
        );
        let answer = exchange(port, options).await;
        assert_eq!(answer.status, 405, "{}: {}", route.path, answer.text);
        assert!(!answer.text.to_lowercase().contains("access-control"));
    }
    let own = format!(
        "GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nOrigin: http://localhost:{port}\r\nConnection: close\r\n\r\n"
    );
    assert_eq!(exchange(port, own).await.status, 200, "our own origin is no other one");
}

#[tokio::test]
async fn a_body_that_is_not_json_by_type_is_not_read() {
    let world = World::start_with(&[lab()]).await;
    let post = |kind: &'static str, encoding: &'static str, body: Vec<u8>| {
        let request = world.http().post(world.url("/api/v1/events")).bearer_auth(&world.info().token);
        let request = if kind.is_empty() { request } else { request.header("content-type", kind) };
        let request =
            if encoding.is_empty() { request } else { request.header("content-encoding", encoding) };
        request.body(body).send()
    };
    for kind in [
        "",
        "text/plain",
        "text/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json; charset=utf-16",
        "application/jsonp",
        "application/xml",
    ] {
        assert_eq!(post(kind, "", EVENT.into()).await.unwrap().status(), 415, "{kind}");
    }
    let multipart =
        "--x\r\nContent-Disposition: form-data; name=\"files[0].filepath\"\r\n\r\n/etc/passwd\r\n--x--\r\n";
    assert_eq!(post("multipart/form-data; boundary=x", "", multipart.into()).await.unwrap().status(), 415);
    for encoding in ["gzip", "br", "deflate", "identity, gzip"] {
        assert_eq!(
            post("application/json", encoding, vec![0x1f, 0x8b, 8, 0]).await.unwrap().status(),
            415,
            "{encoding}"
        );
    }
    assert_eq!(count_events(&world).await, 0);
    assert_eq!(
        post("Application/JSON; Charset=UTF-8", "identity", EVENT.into()).await.unwrap().status(),
        201
    );
}

#[tokio::test]
async fn a_body_without_end_is_cut_at_its_limit() {
    let world = World::start_with(&[lab()]).await;
    let (port, token) = (world.port(), &world.info().token);
    let mut raw = Raw::connect(port).await;
    let head = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    raw.send(head).await;
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x1_0000));
    let mut sent = 0_u64;
    while sent < 2 * 1024 * 1024 * 1024 && raw.send(&chunk).await {
        sent += 0x1_0000;
    }
    assert!(sent < 64 * 1024 * 1024, "{sent} bytes were taken");
    let answer = raw.read_to_end().await;
    assert!(answer.status == 413 || answer.status == 0, "{}", answer.text);

    // With a declared length nothing of the body is read.
    let declared = format!(
        "POST /api/v1/events HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\
         Content-Type: application/json\r\nContent-Length: 2147483648\r\n\r\n"
    );
    let answer = exchange(port, declared).await;
    assert_eq!(answer.status, 413, "{}", answer.text);
    let just_too_long = json!({"trigger_ref": "lab.ping", "payload": {"text": "x".repeat(1024 * 1024)}});
    assert_eq!(world.post_event(&just_too_long).await.status, 413);
    let long = json!({"trigger_ref": "lab.ping", "payload": {"text": "x".repeat(1000 * 1024)}});
    assert_eq!(world.post_event(&long).await.status, 201);
}

#[tokio::test]
async fn a_request_has_one_length_and_the_next_one_is_not_confused() {
    let world = World::start_with(&[lab()]).await;
    let (port, token) = (world.port(), &world.info().token);
    let head = |lengths: &str| {
        format!(
            "POST /api/v1/events HTTP/1.1\r\nHost: localhost:{port}\r\nAuthorization: Bearer {token}\r\n\
             Content-Type: application/json\r\n{lengths}\r\n"
        )
    };
    let smuggled = format!("0\r\n\r\n{}", post_event(&format!("localhost:{port}"), token, "", EVENT));
    for lengths in [
        format!("Content-Length: {}\r\nTransfer-Encoding: chunked\r\n", smuggled.len()),
        format!("Transfer-Encoding: chunked\r\nContent-Length: {}\r\n", smuggled.len()),
        "Content-Length: 44\r\nContent-Length: 5\r\n".to_owned(),
        "Content-Length: -1\r\n".to_owned(),
        "Content-Length: +44\r\n".to_owned(),
        "Transfer-Encoding: gzip, chunked\r\n".to_owned(),
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n".to_owned(),
        "Transfer-Encoding: identity\r\n".to_owned(),
    ] {
        let answer = exchange(port, head(&lengths) + &smuggled).await;
        assert_eq!(answer.status, 400, "{lengths}: {}", answer.text);
        assert_eq!(answer.text.matches("HTTP/1.1").count(), 1, "{lengths}: {}", answer.text);
    }
    // Five bytes are the body; the rest is no request.
    let answer =
        exchange(port, head("Content-Length: 5\r\n") + &"{\"trigger_ref\":\"lab.ping\"}".repeat(2)).await;
    assert_eq!(answer.status, 400);
    assert!(!answer.text.contains(" 201 "), "{}", answer.text);
    assert_eq!(count_events(&world).await, 0);

    let chunked = format!(
        "{}{:x}\r\n{EVENT}\r\n0\r\n\r\n",
        head("Transfer-Encoding: chunked\r\nConnection: close\r\n"),
        EVENT.len()
    );
    assert_eq!(exchange(port, chunked).await.status, 201, "chunks alone are fine");
}

#[tokio::test]
async fn a_head_is_bounded_in_size_and_time() {
    let world = World::start().await;
    let port = world.port();
    let long =
        format!("GET /health HTTP/1.1\r\nHost: localhost:{port}\r\nX: {}\r\n\r\n", "x".repeat(1024 * 1024));
    let answer = exchange(port, long).await;
    assert!(answer.status == 431, "{} {}", answer.status, answer.text);
    let many: String = (0..200).map(|n| format!("X-{n}: 1\r\n")).collect();
    let answer =
        exchange(port, format!("GET /health HTTP/1.1\r\nHost: localhost:{port}\r\n{many}\r\n")).await;
    assert_eq!(answer.status, 431);

    // Half a head, and nothing more: the connection ends by itself.
    let mut slow = Raw::connect(port).await;
    slow.send("GET /health HTTP/1.1\r\nHo").await;
    let answer = slow.read_to_end().await;
    assert_ne!(answer.status, 200);
}

#[tokio::test]
async fn a_crowd_of_idle_strangers_locks_nobody_out() {
    let world = World::process().await;
    let port = world.port();
    let mut crowd = Vec::new();
    for _ in 0..600 {
        crowd.push(Raw::connect(port).await);
    }
    let status = world.rpc("engine.status", json!({})).await;
    assert_eq!(status.status, 200, "the person is still answered");
    let still_open = wait_until("strangers beyond the limit are let go", Duration::from_secs(8), || {
        let engine = format!("/proc/{}/fd", world.info().pid);
        async move {
            let sockets = std::fs::read_dir(engine).unwrap().flatten();
            let open = sockets.filter(|fd| {
                std::fs::read_link(fd.path()).is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
            });
            let open = open.count();
            if open <= 256 + 16 { Ok(open) } else { Err(format!("{open} sockets")) }
        }
    });
    still_open.await;
    drop(crowd);
}

#[tokio::test]
async fn a_path_names_what_is_there_or_nothing() {
    let world = World::start().await;
    let token = &world.info().token;
    let status = async |path: &str| world.get(path, token).await.status;
    for path in [
        "/api/v1/rules/..%2f..%2fetc",
        "/api/v1/rules/../../etc/passwd",
        "/api/v1/rules/core.nothing",
        "/api/v1/nothing",
        "/nothing",
        "//health",
        "/api/v1/triggers/core.nothing/rules",
        "/",
    ] {
        assert_eq!(status(path).await, 404, "{path}");
    }
    for path in [
        "/api/v1/rules/core.%00x",
        "/api/v1/rules/%0d%0aX:1",
        "/api/v1/triggers/%ff/rules",
        "/api/v1/rules/%zz",
    ] {
        assert_eq!(status(path).await, 400, "{path}");
    }
    let answer = world.get("/api/v1/rules/core.echo_every_secnd", token).await;
    assert!(
        answer.body["error"].as_str().unwrap().contains("did you mean `core.echo_every_second`?"),
        "{answer:?}"
    );
}

#[tokio::test]
async fn a_token_travels_in_the_header_alone_and_is_never_repeated() {
    let mut world = World::process().await;
    let token = world.info().token.clone();
    let in_query =
        world.http().get(world.url(&format!("/api/v1/rules/core.echo_every_second?token={token}")));
    let answer = in_query.send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert_eq!(answer.headers()["www-authenticate"], "Bearer");
    assert!(!answer.text().await.unwrap().contains(&token));

    let with = async |value: String| {
        let request = world.http().get(world.url("/api/v1/rules/core.echo_every_second"));
        request.header("authorization", value).send().await.unwrap().status().as_u16()
    };
    for good in [format!("Bearer {token}"), format!("bearer  {token}"), format!("BEARER {token}  ")] {
        assert_eq!(with(good.clone()).await, 200, "{good}");
    }
    for bad in [
        token.clone(),
        format!("Basic {token}"),
        format!("Bearer {token}x"),
        "Bearer".to_owned(),
        format!("Bearer\t{token}"),
    ] {
        assert_eq!(with(bad.clone()).await, 401, "{bad}");
    }
    world.stop().await;
    let said = std::fs::read_to_string(world.home().join("serve.log")).unwrap();
    assert!(!said.contains(&token), "the log holds the token:\n{said}");
}

#[tokio::test]
async fn a_stream_needs_a_token_a_subscription_and_small_frames() {
    let world = World::start_with(&[lab()]).await;
    let url = format!("ws://127.0.0.1:{}/ws", world.port());
    match tokio_tungstenite::connect_async(&url).await {
        Err(Error::Http(answer)) => assert_eq!(answer.status(), 401),
        other => panic!("a stream was opened without a token: {other:?}"),
    }
    let open = async || {
        let mut request = url.as_str().into_client_request().unwrap();
        let protocols = format!("attune.v1, attune.jwt.{}", world.info().token);
        request.headers_mut().insert("sec-websocket-protocol", protocols.parse().unwrap());
        let (stream, answer) = tokio_tungstenite::connect_async(request).await.unwrap();
        assert_eq!(answer.headers()["sec-websocket-protocol"], "attune.v1");
        stream
    };
    // Whoever subscribes to nothing is let go.
    let mut silent = open().await;
    let mut last = None;
    while let Some(Ok(frame)) = silent.next().await {
        last = Some(frame);
    }
    assert!(matches!(last, Some(Message::Close(Some(frame))) if frame.reason.contains("subscribed")));

    let mut large = open().await;
    let _ = large.send(Message::text("x".repeat(100 * 1024))).await;
    while let Some(Ok(frame)) = large.next().await {
        assert!(!frame.is_text(), "{frame:?}");
    }

    let mut wrong = open().await;
    let mut ask = async |text: &str| {
        wrong.send(Message::text(text)).await.unwrap();
        loop {
            if let Message::Text(text) = wrong.next().await.unwrap().unwrap() {
                return serde_json::from_str::<Value>(&text).unwrap();
            }
        }
    };
    for bad in
        ["", "nonsense", "[]", r#"{"type":"subscribe"}"#, r#"{"type":"subscribe","filter":"everything"}"#]
    {
        assert_eq!(ask(bad).await["type"], "error", "{bad}");
    }
    assert_eq!(ask(r#"{"type":"subscribe","filter":"feed"}"#).await["type"], "subscribed");
    world.post_event(&json!({"trigger_ref": "lab.ping"})).await;
    let heard = async {
        loop {
            if let Some(Ok(Message::Text(text))) = wrong.next().await
                && text.contains(r#""type":"feed""#)
                && text.contains("events")
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(10), heard).await.expect("the feed tells of the event");
}

#[tokio::test]
async fn a_page_of_a_list_is_brought_into_its_limits() {
    let world = World::start().await;
    let token = &world.info().token;
    let pages = async |query: &str| {
        world.get(&format!("/api/v1/triggers/core.intervaltimer/rules?{query}"), token).await
    };
    for bad in ["page=-1", "page=0", "page=x", "page=1.5", "page_size=-1", "page_size="] {
        assert_eq!(pages(bad).await.status, 400, "{bad}");
    }
    assert_eq!(pages("page_size=1000000").await.body["pagination"]["page_size"], 200);
    for n in 0..3 {
        let rule = harness::interval_rule(
            &format!("default.r{n}"),
            &json!({"interval": 1, "unit": "days"}),
            "core.noop",
            &json!({}),
            true,
        );
        world.must("rule.create", rule).await;
    }
    let first = pages("page=1&page_size=2").await.body;
    let second = pages("page=2&page_size=2").await.body;
    assert_eq!(first["items"].as_array().unwrap().len(), 2);
    assert_eq!(second["items"].as_array().unwrap().len(), 1);
    let expected = json!({
        "page": 2, "page_size": 2, "total_items": 3, "total_pages": 2, "has_previous": true, "has_next": false,
    });
    assert_eq!(second["pagination"], expected);
    assert_eq!(pages("page=4294967295&page_size=200").await.body["items"], json!([]));
}
