//! Names of products: how they are compared, and what a name says that the table does not have.

/// Words that name a vendor or a family; with or without them it is the same device.
const FAMILIES: [&str; 9] =
    ["amd", "ati", "corporation", "geforce", "instinct", "nvidia", "quadro", "radeon", "tesla"];

/// The words of a product's name, in lower case, without vendor and family. Labellers write `-` or
/// `_` for blanks and leave brackets out.
pub(super) fn words(product: &str) -> Vec<String> {
    let product = product.to_lowercase();
    let parts = product.split(|c: char| !c.is_ascii_alphanumeric() && c != '.');
    let kept = parts.filter(|word| !word.is_empty() && !FAMILIES.contains(word));
    kept.map(str::to_owned).collect()
}

/// What names are compared by.
pub(super) fn key(product: &str) -> String {
    words(product).concat()
}

/// What a name says that is not in the table.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Generic {
    /// All of the name but the words for its form.
    pub model: String,
    /// Only if the name says it.
    pub interface: Option<&'static str>,
    /// The size in the name, in GiB.
    pub size: Option<u64>,
}

/// Reads an unknown name; none if it names no model.
pub(super) fn generic(product: &str) -> Option<Generic> {
    let words = words(product);
    let of_interface = |word: &String| match word.as_str() {
        "pcie" => Some("pcie"),
        "oam" => Some("oam"),
        word if is_numbered(word, "sxm") => Some("sxm"),
        _ => None,
    };
    let model: String = words.iter().filter(|word| !is_form(word)).map(String::as_str).collect();
    let names_a_model = model.bytes().any(|b| b.is_ascii_digit())
        && model.bytes().any(|b| b.is_ascii_alphabetic())
        && model.len() <= 63;
    names_a_model.then(|| Generic {
        model,
        interface: words.iter().find_map(of_interface),
        size: words.iter().find_map(|word| size(word)),
    })
}

/// Whether a word says how a device is built, cooled or equipped, and not which it is. What is not
/// here stays part of the name: a longer name claims less.
fn is_form(word: &str) -> bool {
    const WORDS: [&str; 7] = ["ac", "edition", "generation", "gpu", "lc", "oam", "pcie"];
    let hbm = word.strip_suffix('e').unwrap_or(word);
    WORDS.contains(&word)
        || is_numbered(word, "sxm")
        || is_numbered(hbm, "hbm")
        || size(word).is_some()
}

fn is_numbered(word: &str, name: &str) -> bool {
    word.strip_prefix(name).is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()))
}

fn size(word: &str) -> Option<u64> {
    let number = word.strip_suffix("gb").or_else(|| word.strip_suffix("gib"))?;
    number.parse().ok().filter(|size| *size > 0)
}
