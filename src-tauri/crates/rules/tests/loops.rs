//! Rules whose actions fire other rules: circles are found, with the way around.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use model::Ref;
use rules::{Route, loop_through, loops};

fn name(text: &str) -> Ref {
    text.parse().unwrap()
}

/// `a: when x then y`, one rule a line.
fn routes(text: &str) -> Vec<Route> {
    text.lines()
        .map(|line| {
            let words: Vec<&str> = line.split([':', ' ']).filter(|word| !word.is_empty()).collect();
            let at = |index: usize| name(&format!("p.{}", words[index]));
            Route { rule: at(0), trigger: at(2), action: at(4) }
        })
        .collect()
}

/// An action `to_x_y` emits the triggers `x` and `y`.
fn emits(action: &Ref) -> Vec<Ref> {
    let words = action.as_str().trim_start_matches("p.");
    let triggers = words.strip_prefix("to_").map(|rest| rest.split('_')).into_iter().flatten();
    triggers.map(|trigger| name(&format!("p.{trigger}"))).collect()
}

fn all(text: &str) -> Vec<String> {
    loops(&routes(text), &emits).iter().map(ToString::to_string).collect()
}

#[test]
fn circles_are_told_with_every_step() {
    assert_eq!(all("a: when x then echo\nb: when y then to_x"), [""; 0]);
    assert_eq!(
        all("a: when x then to_x"),
        ["`p.a` runs `p.to_x`, which may emit `p.x`, which fires `p.a` again"]
    );
    assert_eq!(
        all(
            "a: when x then to_y\nb: when y then to_q_z\nc: when z then to_x\nd: when q then echo\ne: when x then echo"
        ),
        [
            "`p.a` runs `p.to_y`, which may emit `p.y`, which fires `p.b`: it runs `p.to_q_z`, which may emit `p.z`, \
          which fires `p.c`: it runs `p.to_x`, which may emit `p.x`, which fires `p.a` again"
        ]
    );
}

#[test]
fn a_rule_beside_a_circle_or_before_it_is_not_in_it() {
    let found = all(
        "before: when w then to_x\na: when x then to_y\nb: when y then to_x_w2\nafter: when w2 then echo",
    );
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("`p.a`") && !found[0].contains("p.before"), "{found:?}");
    assert_eq!(all("a: when x then to_x\nb: when y then to_y").len(), 2);
}

#[test]
fn saving_a_rule_is_told_the_shortest_circle_that_it_would_close() {
    let others =
        routes("a: when x then to_y\nlong: when x then to_m\nm: when m then to_y\nb: when y then echo");
    let closes = |text: &str| loop_through(&routes(text)[0], &others, &emits);
    let turns = closes("new: when y then to_x").unwrap().turns;
    let rules: Vec<&str> = turns.iter().map(|turn| turn.rule.as_str()).collect();
    assert_eq!(rules, ["p.new", "p.a"]);
    assert_eq!(closes("new: when y then echo"), None);
    assert_eq!(closes("new: when k then to_x"), None);
    // A draft of `a` that emits nothing replaces the `a` that is there.
    assert_eq!(loop_through(&routes("a: when x then echo")[0], &routes("a: when x then to_x"), &emits), None);
}

#[test]
fn many_rules_of_one_circle_are_gone_through_once() {
    let ring: Vec<String> =
        (0..2_000).map(|index| format!("r{index}: when t{index} then to_t{}", (index + 1) % 2_000)).collect();
    let found = loops(&routes(&ring.join("\n")), &emits);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].turns.len(), 2_000);
}
