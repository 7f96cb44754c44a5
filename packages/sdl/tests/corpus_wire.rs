//! The wire form over the whole corpus: what is read is written back to the same bytes, and
//! hashes to Akash's version.
#![allow(clippy::unwrap_used)]

mod common;

use souk_sdl::{GroupSpec, Manifest};

#[test]
fn manifests_of_the_corpus_read_back_to_the_same_bytes_and_the_same_hash() {
    let Some(corpus) = common::corpus() else { return };
    let mut accepted = 0;
    for row in corpus.rows().into_iter().filter(|row| row.ok) {
        let manifest: Manifest =
            serde_json::from_str(row.manifest.as_ref().unwrap().get()).unwrap();
        assert_eq!(serde_json::to_string(&manifest).unwrap(), row.plain_manifest(), "{}", row.file);
        assert_eq!(Some(hex::encode(manifest.version())), row.version, "{}", row.file);
        let groups: Vec<GroupSpec> =
            serde_json::from_str(row.groups.as_ref().unwrap().get()).unwrap();
        assert_eq!(serde_json::to_string(&groups).unwrap(), row.plain_groups(), "{}", row.file);
        accepted += 1;
    }
    assert!(accepted > 100, "only {accepted} accepted files in the corpus");
}
