//! Every command of docs/guarded-launch.md does what the document says, in its order.

use std::fs;

use crate::{
    fixture::{DAO, Fixture, GUARD, ME},
    unsigned::sign_and_send,
};

const DOCUMENT: &str = include_str!("../../../docs/guarded-launch.md");
const NETWORK: [&str; 2] = ["--network", "local"];

/// What is unsigned is signed by the owner, and its folder is empty again.
async fn signed_by_the_owner(fixture: &Fixture) -> Vec<String> {
    let sent = sign_and_send(fixture, DAO, "unsigned").await;
    fs::remove_dir_all(fixture.path("unsigned")).unwrap();
    sent
}

#[tokio::test(flavor = "multi_thread")]
async fn the_guides_commands_launch_a_market_pause_it_and_raise_its_caps() {
    // Blocks of a second, as the document's `slowest_block` presumes.
    let fixture = Fixture::with_slow_blocks().await;
    let network = fs::read_to_string(fixture.path("networks/test.toml")).unwrap();
    fs::write(fixture.path("networks/local.toml"), network).unwrap();
    let terms = fixture.path("networks/local.terms.toml");
    let (mut ran, mut signed, mut file) = (0, Vec::new(), None::<String>);
    for line in DOCUMENT.lines().filter_map(|line| line.strip_prefix("    ")) {
        if line.starts_with("# networks/local.terms.toml") {
            file = Some(String::new());
        } else if let Some(text) = &mut file
            && !line.starts_with("souk ")
        {
            *text += &format!("{}\n", line.replace("ucosm", "usouk"));
        }
        let Some(command) = line.strip_prefix("souk ") else { continue };
        if let Some(text) = file.take() {
            fs::write(&terms, text).unwrap();
        }
        let (command, comment) = command.split_once("   #").unwrap_or((command, ""));
        let args: Vec<&str> = command.split_whitespace().collect();
        let place = if args[0] == "keys" { ["--home", "elsewhere"] } else { NETWORK };
        let ended = fixture.run(ME, &[&place[..], &args].concat()).await;
        let expected = i32::from(comment.contains("fails"));
        assert_eq!(ended.code, expected, "{line}: {ended:?}");
        if args.contains(&"--generate-only") {
            signed.push(signed_by_the_owner(&fixture).await.len());
        }
        let warned = ended.stdout.contains("Warning") || ended.stderr.contains("warning");
        assert!(!warned, "{line}: {ended:?}");
        ran += 1;
    }
    assert_eq!(ran, 15, "the document has as many commands as this test knows");
    assert_eq!(signed, [1, 1, 1], "link, unpause, configure");
    let market = souk_client::market::Market::new(
        souk_client::Network::open(&fixture.path("networks/local.toml")).unwrap(),
    );
    let config = market.unwrap().orderbook.config().await.unwrap();
    assert_eq!(config.denoms[0].max_price.u128(), 50_000_000);
    assert_eq!(config.guardian, fixture.wallet(GUARD).address);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_not_the_role_pauses_and_configures_nothing() {
    let fixture = Fixture::new().await;
    let terms = "guardian = \"guard\"\n";
    fs::write(fixture.path("networks/test.terms.toml"), terms).unwrap();
    fixture.deploy().await;
    let stranger = fixture.run(DAO, &["admin", "pause", "--yes"]).await;
    assert_eq!(stranger.code, 4, "{stranger:?}");
    let asked = fixture.run(GUARD, &["admin", "pause"]).await;
    assert_eq!(asked.code, 3, "{asked:?}");
    assert!(asked.stderr.contains("--yes"), "{asked:?}");
    let unknown = fixture.run(GUARD, &["admin", "pause", "--contract", "book", "--yes"]).await;
    assert!(unknown.stderr.contains("escrow, orderbook"), "{unknown:?}");
    fixture.assert_right().await;

    let one = ["pause", "--contract", "orderbook", "--yes"];
    let paused = fixture.admin(GUARD, &one).await;
    assert_eq!(paused["contracts"][0]["paused"], true, "{paused}");
    assert!(paused["contracts"][0]["pause_ends"].is_u64(), "{paused}");
    assert_eq!(fixture.differences().await, ["orderbook: pause_ends", "orderbook: paused"]);
    let guard = fixture.run(GUARD, &["admin", "unpause", "--contract", "orderbook", "--yes"]).await;
    assert_eq!(guard.code, 4, "{guard:?}");
    fixture.admin(ME, &["unpause", "--contract", "orderbook", "--yes"]).await;
    // Whoever is woken at night has neither artifacts nor terms.
    fs::rename(fixture.path("artifacts"), fixture.path("elsewhere")).unwrap();
    fs::write(fixture.path("networks/test.terms.toml"), "guardian = \"nobody-here\"\n").unwrap();
    let alone = fixture.run(GUARD, &["admin", "pause", "--contract", "escrow", "--yes"]).await;
    assert_eq!(alone.code, 0, "{alone:?}");
    assert!(alone.stderr.contains("warning: the escrow is paused"), "{alone:?}");
    fixture.run(ME, &["admin", "unpause", "--contract", "escrow", "--yes"]).await;
    fs::rename(fixture.path("elsewhere"), fixture.path("artifacts")).unwrap();
    fs::write(fixture.path("networks/test.terms.toml"), terms).unwrap();
    let nothing = fixture.admin(ME, &["configure", "--yes"]).await;
    assert_eq!(nothing["sent"], false, "{nothing}");
    fixture.assert_right().await;
}
