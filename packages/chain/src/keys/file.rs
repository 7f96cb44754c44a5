//! Key files: encrypted JSON, or plain hex or a mnemonic; always for their owner's eyes only.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::path::Path;

use serde::Deserialize;
use zeroize::Zeroizing;

use super::error::KeyError;
use super::key::SecretKey;
use super::mnemonic::key_from_text;
use super::passphrase::Passphrase;
use super::seal::{self, KdfCost, OpenError, SealedKey};

/// No key file is larger.
const MAX_LEN: u64 = 64 << 10;

/// Reads a key file of either kind; a passphrase is needed only for an encrypted one.
///
/// # Errors
/// If the file cannot be read, others may read it, it is not a key file, or the passphrase is
/// missing or wrong.
pub fn read_key_file(path: &Path, passphrase: Option<&Passphrase>) -> Result<SecretKey, KeyError> {
    let file = File::open(path).map_err(|source| match source.kind() {
        ErrorKind::NotFound => KeyError::NoFile { path: path.into() },
        _ => io(path, source),
    })?;
    refuse_if_others_can_read(&file, path)?;
    let mut text = Zeroizing::new(String::new());
    file.take(MAX_LEN).read_to_string(&mut text).map_err(|source| io(path, source))?;
    if !text.trim_start().starts_with('{') {
        return key_from_text(&text).map_err(|_| KeyError::Damaged {
            path: path.into(),
            reason: "neither 64 hexadecimal digits, nor a mnemonic, nor an encrypted key"
                .to_owned(),
        });
    }
    read_sealed(path, &text, passphrase)
}

/// Writes a key file that needs the passphrase. An existing file is not overwritten.
///
/// # Errors
/// If the file exists or cannot be written.
pub fn write_encrypted_key_file(
    path: &Path,
    key: &SecretKey,
    passphrase: &Passphrase,
    cost: KdfCost,
) -> Result<(), KeyError> {
    if passphrase.as_bytes().is_empty() {
        return Err(KeyError::EmptyPassphrase);
    }
    let encryption = |reason: String| KeyError::Encryption { reason };
    let sealed = seal::seal(key, passphrase, cost).map_err(encryption)?;
    let mut json = serde_json::to_string_pretty(&sealed).map_err(|e| encryption(e.to_string()))?;
    json.push('\n');
    write_new(path, json.as_bytes())
}

/// Writes the key as hex into a file of mode 0600. An existing file is not overwritten.
///
/// # Errors
/// If the file exists or cannot be written.
pub fn write_plain_key_file(path: &Path, key: &SecretKey) -> Result<(), KeyError> {
    let mut text = Zeroizing::new(hex::encode(key.to_bytes().as_slice()));
    text.push('\n');
    write_new(path, text.as_bytes())
}

fn read_sealed(
    path: &Path,
    text: &str,
    passphrase: Option<&Passphrase>,
) -> Result<SecretKey, KeyError> {
    #[derive(Deserialize)]
    struct VersionOnly {
        version: u64,
    }
    let damaged = |reason: String| KeyError::Damaged { path: path.into(), reason };
    let VersionOnly { version } = serde_json::from_str(text).map_err(|e| damaged(e.to_string()))?;
    if version != seal::VERSION {
        return Err(KeyError::UnknownVersion { path: path.into(), version });
    }
    let sealed: SealedKey = serde_json::from_str(text).map_err(|e| damaged(e.to_string()))?;
    let passphrase = passphrase.ok_or_else(|| KeyError::NeedsPassphrase { path: path.into() })?;
    seal::open(&sealed, passphrase).map_err(|error| match error {
        OpenError::Form(reason) => damaged(reason),
        OpenError::Passphrase => KeyError::WrongPassphrase { path: path.into() },
    })
}

fn write_new(path: &Path, bytes: &[u8]) -> Result<(), KeyError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(|source| match source.kind() {
        ErrorKind::AlreadyExists => KeyError::FileExists { path: path.into() },
        _ => io(path, source),
    })?;
    file.write_all(bytes).and_then(|()| file.sync_all()).map_err(|source| io(path, source))
}

/// Of the opened file, so that it cannot be swapped between the look and the read.
#[cfg(unix)]
fn refuse_if_others_can_read(file: &File, path: &Path) -> Result<(), KeyError> {
    use std::os::unix::fs::PermissionsExt;
    let metadata = file.metadata().map_err(|source| io(path, source))?;
    let mode = metadata.permissions().mode() & 0o7777;
    if mode & 0o077 != 0 {
        return Err(KeyError::ReadableByOthers { path: path.into(), mode });
    }
    Ok(())
}

#[cfg(not(unix))]
fn refuse_if_others_can_read(_: &File, _: &Path) -> Result<(), KeyError> {
    Ok(())
}

fn io(path: &Path, source: std::io::Error) -> KeyError {
    KeyError::Io { path: path.into(), source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    const CHEAP: KdfCost = KdfCost { memory_kib: 8, passes: 1 };

    #[test]
    fn both_kinds_of_file_give_the_key_back_and_are_private() {
        let dir = tempfile::tempdir().unwrap();
        let (sealed, plain) = (dir.path().join("sealed.json"), dir.path().join("plain"));
        let key = SecretKey::generate();
        let passphrase = Passphrase::new("correct horse");
        write_encrypted_key_file(&sealed, &key, &passphrase, CHEAP).unwrap();
        write_plain_key_file(&plain, &key).unwrap();
        let opened = read_key_file(&sealed, Some(&passphrase)).unwrap();
        assert_eq!(opened.to_bytes(), key.to_bytes());
        let opened = read_key_file(&plain, None).unwrap();
        assert_eq!(opened.to_bytes(), key.to_bytes());
        for path in [&sealed, &plain] {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
        let text = fs::read_to_string(&sealed).unwrap();
        assert!(!text.contains(&hex::encode(key.to_bytes().as_slice())));
    }

    #[test]
    fn a_file_that_others_may_read_is_refused_with_the_cure() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        write_plain_key_file(&path, &SecretKey::generate()).unwrap();
        for mode in [0o640, 0o604, 0o660, 0o644] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            let error = read_key_file(&path, None).unwrap_err();
            assert!(matches!(error, KeyError::ReadableByOthers { .. }));
            assert!(error.to_string().contains("chmod 600"), "{error}");
        }
    }

    #[test]
    fn an_existing_file_is_not_overwritten() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("key");
        let key = SecretKey::generate();
        write_plain_key_file(&path, &key).unwrap();
        let again = write_plain_key_file(&path, &SecretKey::generate());
        assert!(matches!(again, Err(KeyError::FileExists { .. })));
        assert_eq!(read_key_file(&path, None).unwrap().to_bytes(), key.to_bytes());
    }

    #[test]
    fn each_way_in_which_a_file_is_wrong_has_its_own_error() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            path
        };
        let read = |path: &Path| read_key_file(path, Some(&Passphrase::new("x"))).unwrap_err();
        let absent = dir.path().join("absent");
        assert!(matches!(read(&absent), KeyError::NoFile { .. }));
        let garbage = write("garbage", "not a key");
        assert!(matches!(read(&garbage), KeyError::Damaged { .. }));
        let newer = write("newer", r#"{"version": 2}"#);
        assert!(matches!(read(&newer), KeyError::UnknownVersion { version: 2, .. }));
        let broken = write("broken", r#"{"version": 1}"#);
        assert!(matches!(read(&broken), KeyError::Damaged { .. }));
        let sealed = dir.path().join("sealed");
        let passphrase = Passphrase::new("correct horse");
        write_encrypted_key_file(&sealed, &SecretKey::generate(), &passphrase, CHEAP).unwrap();
        assert!(matches!(read(&sealed), KeyError::WrongPassphrase { .. }));
        assert!(matches!(read_key_file(&sealed, None), Err(KeyError::NeedsPassphrase { .. })));
        let empty = write_encrypted_key_file(
            &dir.path().join("empty"),
            &SecretKey::generate(),
            &Passphrase::new(""),
            CHEAP,
        );
        assert!(matches!(empty, Err(KeyError::EmptyPassphrase)));
    }
}
