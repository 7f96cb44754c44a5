use souk_sdl::Edition;

use crate::support::{BASE, accepted, codes, edit};

fn version(text: &str) -> String {
    edit(&[("\"2.0\"", text)])
}

#[test]
fn every_spelling_of_2_0_is_2_0_and_all_from_2_1_is_2_1() {
    for text in ["\"2.0\"", "2.0", "2", "v2.0", "2.0.0", "02.0"] {
        assert_eq!(accepted(&version(text)).edition, Edition::V2_0, "{text}");
    }
    for text in ["\"2.1\"", "2.1", "v2.1", "3", "2.01", "2.1.1-rc.1", "10.0"] {
        assert_eq!(accepted(&version(text)).edition, Edition::V2_1, "{text}");
    }
}

#[test]
fn other_versions_are_refused() {
    for text in ["1.5", "2.0.1", "2.0.0-beta", "2.1.0-rc1", "V2.0", "\"\"", "two", "[2]", "2.0-x"] {
        assert_eq!(codes(&version(text)), ["version"], "{text}");
    }
    assert_eq!(codes(&BASE.replacen("version: \"2.0\"\n", "", 1)), ["missing-key"]);
}

#[test]
fn the_version_is_what_follows_the_first_text_version_of_the_top_level() {
    // A value counts as well as a key, so this reads the next key as version.
    let text = format!("include: version\n{BASE}");
    assert!(codes(&text).contains(&"version".to_owned()));
    // The second of two versions is not looked at.
    assert_eq!(accepted(&format!("{BASE}version: nonsense\n")).edition, Edition::V2_0);
}
