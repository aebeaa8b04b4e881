//! From an event to what its run wrote, and every reason why there is none.

use engine_tests::{decisions, draft_of, lab, ping, ping_rule, quiet, run, stdout};
use harness::World;
use serde_json::{Value, json};

#[tokio::test]
async fn an_event_becomes_a_decision_an_enforcement_a_run_and_its_output() {
    let world = World::start_with(&[lab()]).await;
    let conditions =
        json!({"all": [{"field": "event.payload.size", "operator": "greater_than", "value": 10}]});
    let message = json!({"message": "{{ event.payload.name }} has {{ event.payload.size }}"});
    let rule = world.must("rule.create", ping_rule("default.big", &conditions, "core.echo", &message)).await;

    let event = ping(&world, json!({"name": "a file", "size": 11})).await;
    let decision = &decisions(&world, event).await[0];
    assert_eq!((&decision["rule"]["id"], &decision["rule_version"]), (&rule["id"], &json!(1)));
    assert_eq!((&decision["outcome"], &decision["reason"]), (&json!("matched"), &Value::Null));

    let enforcements = world.must("enforcement.list", json!({"rule": "default.big"})).await;
    let enforcement = &enforcements["enforcements"][0];
    assert_eq!((&enforcement["id"], &enforcement["event"]), (&decision["enforcement"], &json!(event)));
    assert_eq!(enforcement["status"], "processed");

    let id = decision["execution"]["id"].as_i64().unwrap();
    let run = world.ended(id).await;
    assert_eq!(run["execution"]["status"], "completed", "{run}");
    assert_eq!(
        (&run["execution"]["enforcement"], &run["execution"]["event"]),
        (&decision["enforcement"], &json!(event))
    );
    assert_eq!((&run["execution"]["attempt"], &run["execution"]["exit_code"]), (&json!(1), &json!(0)));
    assert_eq!(run["parameters"], json!({"message": "a file has 11"}));
    assert_eq!(stdout(&world, id).await, "a file has 11\n");
}

#[tokio::test]
async fn a_condition_that_is_false_is_told_with_both_values() {
    let world = World::start_with(&[lab()]).await;
    let conditions = json!({"all": [
        {"field": "event.payload.kind", "operator": "equals", "value": "file"},
        {"field": "event.payload.size", "operator": "greater_than", "value": 10},
    ]});
    world.must("rule.create", ping_rule("default.big", &conditions, "core.noop", &json!({}))).await;
    let event = ping(&world, json!({"kind": "file", "size": 3})).await;
    let decision = &decisions(&world, event).await[0];
    assert_eq!((&decision["outcome"], &decision["execution"]), (&json!("unmatched"), &Value::Null));
    let reason = &decision["reason"];
    assert_eq!(
        (&reason["field"], &reason["operator"]),
        (&json!("event.payload.size"), &json!("greater_than"))
    );
    assert_eq!((&reason["expected"], &reason["actual"]), (&json!(10), &json!(3)), "{reason}");
    assert!(reason["path"].as_str().unwrap().contains('1'), "the second condition is meant: {reason}");
    assert_eq!(world.must("enforcement.list", json!({})).await["enforcements"], json!([]));
}

#[tokio::test]
async fn a_template_without_its_value_is_an_error_and_other_rules_fire() {
    let world = World::start_with(&[lab()]).await;
    let message = json!({"message": "by {{ event.payload.user.name }}"});
    world.must("rule.create", ping_rule("default.torn", &json!({}), "core.echo", &message)).await;
    world
        .must("rule.create", ping_rule("default.whole", &json!({}), "core.echo", &json!({"message": "fine"})))
        .await;
    let event = ping(&world, json!({"user": {}})).await;
    let decisions = decisions(&world, event).await;
    let outcomes: Vec<&Value> = decisions.iter().map(|decision| &decision["outcome"]).collect();
    assert_eq!(outcomes, ["error", "matched"]);
    let reason = &decisions[0]["reason"];
    assert_eq!(reason["path"], "action_params.message");
    assert!(reason["message"].as_str().unwrap().contains("name"), "it says what is missing: {reason}");
    assert_eq!((&decisions[0]["enforcement"], &decisions[0]["execution"]), (&Value::Null, &Value::Null));
    let run = decisions[1]["execution"]["id"].as_i64().unwrap();
    assert_eq!(world.ended(run).await["execution"]["status"], "completed");
}

#[tokio::test]
async fn a_rule_that_is_off_looks_only_at_its_own_events_and_says_that_it_is_off() {
    let world = World::start_with(&[lab()]).await;
    let rule = world.must("rule.create", ping_rule("default.off", &json!({}), "core.noop", &json!({}))).await;
    world.must("rule.disable", json!({"ref": "default.off"})).await;
    let everybodys = ping(&world, json!({})).await;
    assert_eq!(decisions(&world, everybodys).await, [] as [Value; 0]);
    let own = json!({"trigger_ref": "lab.ping", "payload": {}, "trigger_instance_id": format!("rule_{}", rule["id"])});
    let own = world.post_event(&own).await.body["data"]["id"].as_i64().unwrap();
    let decisions = decisions(&world, own).await;
    assert_eq!((decisions.len(), &decisions[0]["outcome"]), (1, &json!("disabled")));
    assert!(decisions[0]["reason"]["message"].as_str().unwrap().contains("not enabled"), "{decisions:?}");
    assert_eq!(world.must("execution.list", json!({})).await["executions"], json!([]));
}

#[tokio::test]
async fn a_repeat_is_the_same_event_and_another_content_is_refused() {
    let world = World::start_with(&[lab()]).await;
    world.must("rule.create", ping_rule("default.once", &json!({}), "core.noop", &json!({}))).await;
    let body = json!({"trigger_ref": "lab.ping", "payload": {"n": 1}, "dedupe_key": "k"});
    let first = world.post_event(&body).await;
    let again = world.post_event(&body).await;
    assert_eq!((first.status, again.status), (201, 200));
    assert_eq!(first.body["data"]["id"], again.body["data"]["id"]);
    let other = json!({"trigger_ref": "lab.ping", "payload": {"n": 2}, "dedupe_key": "k"});
    let other = world.post_event(&other).await;
    assert_eq!((other.status, &other.body["code"]), (409, &json!("conflict")));
    assert!(other.body["error"].as_str().unwrap().contains("`k`"), "{}", other.body);
    quiet(&world).await;
    let runs = world.must("execution.list", json!({})).await;
    assert_eq!(runs["executions"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn what_does_not_exist_is_named_with_what_is_nearest() {
    let world = World::start_with(&[lab()]).await;
    world.must("rule.create", ping_rule("default.backup", &json!({}), "core.noop", &json!({}))).await;
    for (command, request, near) in [
        ("rule.enable", json!({"ref": "default.backups"}), "default.backup"),
        ("rule.delete", json!({"ref": "default.bakcup"}), "default.backup"),
        ("rule.run", json!({"ref": "default.backu"}), "default.backup"),
        ("action.run", json!({"action_ref": "core.ehco"}), "core.echo"),
        ("rule.shw", json!({"ref": "default.backup"}), "rule.show"),
    ] {
        let answer = world.rpc(command, request).await;
        assert_eq!(
            (answer.status, &answer.body["code"]),
            (404, &json!("not_found")),
            "{command}: {}",
            answer.body
        );
        let error = answer.body["error"].as_str().unwrap();
        assert!(error.contains(&format!("did you mean `{near}`")), "{command}: {error}");
    }
    for (field, wrong, near) in
        [("trigger_ref", "lab.pin", "lab.ping"), ("action_ref", "core.sleeep", "core.sleep")]
    {
        let mut request = ping_rule("default.new", &json!({}), "core.noop", &json!({}));
        request["draft"][field] = json!(wrong);
        let answer = world.rpc("rule.create", request).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
        let fault = &answer.body["details"]["fields"][0];
        assert_eq!(fault["field"], field);
        assert!(fault["message"].as_str().unwrap().contains(near), "{fault}");
    }
    let answer = world.rpc("execution.show", json!({"id": 4711})).await;
    assert_eq!(answer.status, 404);
}

#[tokio::test]
async fn two_people_who_edit_one_rule_do_not_overwrite_each_other() {
    let world = World::start_with(&[lab()]).await;
    let rule = world
        .must("rule.create", ping_rule("default.shared", &json!({}), "core.echo", &json!({"message": "1"})))
        .await;
    let edit = |message: &str| {
        let mut draft = draft_of(&rule);
        draft["action_params"]["message"] = json!(message);
        json!({"ref": "default.shared", "draft": draft, "version": rule["version"]})
    };
    assert_eq!(world.must("rule.update", edit("2")).await["version"], 2);
    let late = world.rpc("rule.update", edit("3")).await;
    assert_eq!((late.status, &late.body["code"]), (409, &json!("conflict")));
    let event = ping(&world, json!({})).await;
    let decision = &decisions(&world, event).await[0];
    assert_eq!(decision["rule_version"], 2, "the next event sees the new version");
    let run = world.ended(decision["execution"]["id"].as_i64().unwrap()).await;
    assert_eq!(run["parameters"]["message"], "2");
}

#[tokio::test]
async fn a_person_fires_a_rule_and_repeats_its_run() {
    let world = World::start_with(&[lab()]).await;
    world
        .must(
            "rule.create",
            ping_rule("default.hand", &json!({}), "core.echo", &json!({"message": "by hand"})),
        )
        .await;
    let first = world.must("rule.run", json!({"ref": "default.hand"})).await["id"].as_i64().unwrap();
    assert_eq!(world.ended(first).await["execution"]["status"], "completed");
    let again = world.must("execution.rerun", json!({"id": first, "parameters": {"message": "again"}})).await;
    let id = again["id"].as_i64().unwrap();
    world.ended(id).await;
    assert_eq!((&again["rerun_of"], &again["enforcement"]), (&json!(first), &Value::Null));
    assert_eq!(
        (stdout(&world, first).await, stdout(&world, id).await),
        ("by hand\n".to_owned(), "again\n".to_owned())
    );
    let wrong =
        world.rpc("action.run", json!({"action_ref": "core.echo", "parameters": {"message": 5}})).await;
    assert_eq!(
        (wrong.status, &wrong.body["details"]["fields"][0]["field"]),
        (422, &json!("parameters.message"))
    );
    let right = run(&world, "core.echo", json!({})).await;
    world.ended(right).await;
    assert_eq!(stdout(&world, right).await, "Hello, World!\n");
}
