//! Prints what was found, as tables.

use std::time::Duration;

use crate::{
    Size,
    fixture::BLOCK_TIME,
    measurements::{Bids, Changes, Deploys, Ends, Results},
};

pub fn print(size: Size, results: &Results) {
    let profile = if cfg!(debug_assertions) { "dev" } else { "an optimised" };
    println!(
        "{} nodes, {} leases, blocks of {} s, {profile} profile\n",
        size.nodes,
        size.leases,
        BLOCK_TIME.as_secs_f64()
    );
    at_rest(results);
    deployed(&results.deploys);
    ended(&results.ends);
    changed(&results.changes);
    bid(&results.bids);
    restarted(size, results);
}

fn at_rest(results: &Results) {
    println!(
        "| leases | agent's memory, MiB | requests a minute at rest | by verb | CPU s a minute, agent / API server |"
    );
    println!("|---|---|---|---|---|");
    for rest in &results.rests {
        let (total, verbs) = rest.requests.each(rest.minutes);
        let (agent, api) = (rest.processor.0 / rest.minutes, rest.processor.1 / rest.minutes);
        println!(
            "| {} | {} | {total} | {verbs} | {agent:.2} / {api:.2} |",
            rest.leases, rest.memory
        );
    }
    println!();
}

fn deployed(all: &[Deploys]) {
    println!(
        "| orders | blocks to the bid | s from manifest to objects | s to ready pods | requests a lease, watches aside | by verb | CPU s a lease |"
    );
    println!("|---|---|---|---|---|---|---|");
    for one in all {
        let count = one.blocks.len() as f64;
        let (total, verbs) = one.requests.without_watches().each(count);
        println!(
            "| {} {} | {} | {} | {} | {total} | {verbs} | {:.2} |",
            one.blocks.len(),
            one.what,
            both(&one.blocks, u64::to_string),
            seconds(&one.applied),
            seconds(&one.ready),
            one.processor / count
        );
    }
    println!();
}

fn ended(all: &[Ends]) {
    println!(
        "| leases that end | s from close to the namespace's deletion | s until nothing is left | requests a lease, watches aside | by verb | CPU s a lease |"
    );
    println!("|---|---|---|---|---|---|");
    for one in all {
        let count = one.gone.len() as f64;
        let (total, verbs) = one.requests.without_watches().each(count);
        println!(
            "| {} | {} | {} | {total} | {verbs} | {:.2} |",
            one.what,
            seconds(&one.torn_down),
            seconds(&one.gone),
            one.processor / count
        );
    }
    println!();
}

fn changed(all: &[Changes]) {
    println!(
        "| changes, one at a time | beside leases | s from manifest to objects | requests a change | by verb | CPU ms a change |"
    );
    println!("|---|---|---|---|---|---|");
    for one in all {
        let count = one.count as f64;
        let (total, verbs) = one.used.requests.without_watches().each(count);
        println!(
            "| {} {} | {} | {} | {total} | {verbs} | {:.1} |",
            one.count,
            one.what,
            one.beside,
            seconds(&one.applied),
            1_000.0 * one.used.processor / count
        );
    }
    println!();
}

fn bid(all: &[Bids]) {
    println!("| orders | beside open orders | blocks to the bid |");
    println!("|---|---|---|");
    for one in all {
        let blocks = both(&one.blocks, u64::to_string);
        println!("| {} {} | {} | {blocks} |", one.blocks.len(), one.what, one.beside);
    }
    println!();
}

fn restarted(size: Size, results: &Results) {
    let restart = &results.restart;
    let (total, verbs) = restart.requests.each(1.0);
    println!("| started again with {} leases | |", size.leases);
    println!("|---|---|");
    println!("| s until the gateway answers | {:.1} |", restart.gateway.as_secs_f64());
    println!(
        "| s to the objects of a manifest that comes as the gateway answers | {:.1} |",
        restart.newcomer.as_secs_f64()
    );
    println!("| requests | {total}: {verbs} |");
    println!("| CPU s of the agent | {:.1} |", restart.processor);
    let [before, started, ended] = restart.memory;
    println!("| memory before, MiB | {before} |");
    println!("| after the start | {started} |");
    println!("| when all leases had ended | {ended} |");
}

/// Median and most.
fn both<T: Ord>(values: &[T], show: impl Fn(&T) -> String) -> String {
    let mut sorted: Vec<&T> = values.iter().collect();
    sorted.sort_unstable();
    match (sorted.get(sorted.len() / 2), sorted.last()) {
        (Some(median), Some(most)) => format!("{}, most {}", show(median), show(most)),
        _ => "-".to_owned(),
    }
}

fn seconds(values: &[Duration]) -> String {
    both(values, |value| format!("{:.2}", value.as_secs_f64()))
}
