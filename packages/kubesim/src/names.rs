//! Names, labels and ports: what the API accepts, with its own words for what it does not.

/// RFC 1123 subdomain, the form of most names.
pub fn subdomain(text: &str) -> Result<(), String> {
    let label_ok = |l: &str| !l.is_empty() && label_chars(l);
    if text.is_empty() || text.len() > 253 || !text.split('.').all(label_ok) {
        return Err("a lowercase RFC 1123 subdomain must consist of lower case alphanumeric \
                    characters, '-' or '.', and must start and end with an alphanumeric character \
                    (e.g. 'example.com')"
            .into());
    }
    Ok(())
}

fn label_chars(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// RFC 1123 label, the form of namespace, container and volume names.
pub fn label(text: &str) -> Result<(), String> {
    if text.len() > 63 {
        return Err("must be no more than 63 characters".into());
    }
    if !label_chars(text) {
        return Err(
            "a lowercase RFC 1123 label must consist of lower case alphanumeric characters \
                    or '-', and must start and end with an alphanumeric character (e.g. 'my-name')"
                .into(),
        );
    }
    Ok(())
}

/// Names that only have to be usable in a path, as those of roles.
pub fn path_segment(text: &str) -> Result<(), String> {
    if text.is_empty() || text == "." || text == ".." || text.contains(['/', '%']) {
        return Err("may not be empty, '.' or '..', nor contain '/' or '%'".into());
    }
    Ok(())
}

/// A label or annotation key: optional DNS prefix, `/`, name of at most 63 characters.
pub fn qualified(text: &str) -> Result<(), String> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            subdomain(prefix).map_err(|e| format!("prefix part {e}"))?;
            name
        }
        None => text,
    };
    if name.is_empty() || name.len() > 63 || !name_chars(name) {
        return Err(
            "name part must consist of alphanumeric characters, '-', '_' or '.', and must \
                    start and end with an alphanumeric character (e.g. 'MyName', or 'my.name')"
                .into(),
        );
    }
    Ok(())
}

fn name_chars(text: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    edge(text.chars().next())
        && edge(text.chars().last())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

/// A label's value.
pub fn label_value(text: &str) -> Result<(), String> {
    if text.len() > 63 {
        return Err("must be no more than 63 characters".into());
    }
    if !text.is_empty() && !name_chars(text) {
        return Err(
            "a valid label must be an empty string or consist of alphanumeric characters, \
                    '-', '_' or '.', and must start and end with an alphanumeric character"
                .into(),
        );
    }
    Ok(())
}

/// The name of an environment variable: printable ASCII without `=`.
pub fn env_name(text: &str) -> Result<(), String> {
    if text.is_empty() || !text.chars().all(|c| (' '..='~').contains(&c) && c != '=') {
        return Err("a valid environment variable name must consist only of printable ASCII \
                    characters other than '='"
            .into());
    }
    Ok(())
}

/// A key of a config map or secret.
pub fn data_key(text: &str) -> Result<(), String> {
    let fine = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if text.is_empty() || text.len() > 253 || !fine || text == "." || text.starts_with("..") {
        return Err("a valid config key must consist of alphanumeric characters, '-', '_' or '.' \
                    (e.g. 'key.name',  or 'KEY_NAME',  or 'key-name')"
            .into());
    }
    Ok(())
}

/// The name of a port, by which services and ingresses refer to it.
pub fn port_name(text: &str) -> Result<(), String> {
    let letters = text.chars().any(|c| c.is_ascii_lowercase());
    if text.len() > 15 || !letters || !label_chars(text) || text.contains("--") {
        return Err("must be no more than 15 characters of lower case alphanumerics and single \
                    '-', with at least one letter, and start and end with an alphanumeric"
            .into());
    }
    Ok(())
}

/// The last characters of a generated name; no vowels, so that no words come out.
pub fn suffix(length: usize) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    let random = uuid::Uuid::new_v4().into_bytes();
    random
        .iter()
        .take(length)
        .map(|b| char::from(ALPHABET[usize::from(*b) % ALPHABET.len()]))
        .collect()
}

/// A suffix that is the same for the same text, as in the names of replica sets.
pub fn hash_suffix(text: &str, length: usize) -> String {
    const ALPHABET: &[u8] = b"bcdfghjklmnpqrstvwxz2456789";
    // FNV-1a: stable between runs and versions, which the standard hasher is not.
    let mut hash = 0xcbf2_9ce4_8422_2325u64;
    for byte in text.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    let mut out = String::new();
    for _ in 0..length {
        out.push(char::from(ALPHABET[(hash % ALPHABET.len() as u64) as usize]));
        hash /= ALPHABET.len() as u64;
    }
    out
}
