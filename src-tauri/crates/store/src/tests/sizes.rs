//! How much room things take.

use super::world::{World, rule};
use crate::Record;
use model::ExecutionStatus;

#[test]
fn a_timer_event_with_all_that_follows_takes_little_room() {
    const EVENTS: i64 = 4_000;
    let mut world = World::new();
    let rules: Vec<_> = (1..=20).map(|id| rule(id, &format!("default.echo_{id}"))).collect();
    world.commit(&rules.iter().map(Record::RuleSaved).collect::<Vec<_>>());
    world.writer.checkpoint().unwrap();
    let size = |world: &World| std::fs::metadata(world.writer.path()).unwrap().len();
    let empty = size(&world);
    world.writer.hurry();
    for id in 0..EVENTS {
        let rule = &rules[usize::try_from(id % 20).unwrap()];
        world.timer_fires(id + 1, rule, ExecutionStatus::Completed);
    }
    world.writer.checkpoint().unwrap();
    let each = (size(&world) - empty) / EVENTS.unsigned_abs();
    println!("{each} bytes an event with decision, enforcement and execution");
    assert!(each <= 1_200, "{each}");
}
