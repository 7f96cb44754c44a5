//! Mnemonics (BIP-39) and the keys derived from them (BIP-32, coin type 118).

use std::fmt;

use zeroize::Zeroizing;

use super::error::KeyError;
use super::key::SecretKey;

/// How many words a new mnemonic has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum WordCount {
    /// 128 bits of entropy.
    Twelve,
    /// 256 bits of entropy.
    #[default]
    TwentyFour,
}

/// A mnemonic in English words.
#[derive(Clone)]
pub struct Mnemonic {
    phrase: Zeroizing<String>,
}

impl Mnemonic {
    /// New random words.
    ///
    /// # Errors
    /// If the system has no randomness.
    pub fn generate(words: WordCount) -> Result<Self, KeyError> {
        let count = match words {
            WordCount::Twelve => 12,
            WordCount::TwentyFour => 24,
        };
        let mnemonic = bip39::Mnemonic::generate(count).map_err(invalid)?;
        Ok(Self { phrase: Zeroizing::new(mnemonic.to_string()) })
    }

    /// Checks the words and their checksum; case and spacing do not matter.
    ///
    /// # Errors
    /// If a word is not in the list, or the checksum is wrong.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let words: Vec<&str> = text.split_whitespace().collect();
        let phrase = Zeroizing::new(words.join(" ").to_lowercase());
        bip39::Mnemonic::parse_in_normalized(bip39::Language::English, &phrase).map_err(invalid)?;
        Ok(Self { phrase })
    }

    /// The words, to be shown once and written down.
    pub fn phrase(&self) -> &str {
        &self.phrase
    }

    /// The key at `m/44'/118'/0'/0/index`, as Cosmos wallets derive it; no BIP-39 passphrase.
    ///
    /// # Errors
    /// If the path leads to an invalid key, which practically never happens.
    pub fn key(&self, index: u32) -> Result<SecretKey, KeyError> {
        let reason = |reason: String| KeyError::InvalidMnemonic { reason };
        let parsed = bip39::Mnemonic::parse_in_normalized(bip39::Language::English, &self.phrase)
            .map_err(invalid)?;
        let seed = Zeroizing::new(parsed.to_seed_normalized(""));
        let path = format!("m/44'/118'/0'/0/{index}")
            .parse::<bip32::DerivationPath>()
            .map_err(|e| reason(e.to_string()))?;
        let derived = bip32::XPrv::derive_from_path(seed.as_slice(), &path)
            .map_err(|e| reason(e.to_string()))?;
        let bytes = Zeroizing::new(derived.to_bytes());
        SecretKey::from_bytes(bytes.as_slice())
    }
}

impl fmt::Debug for Mnemonic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mnemonic(redacted)")
    }
}

fn invalid(error: bip39::Error) -> KeyError {
    let reason = match error {
        bip39::Error::BadWordCount(n) => format!("{n} words; 12, 15, 18, 21 or 24 are expected"),
        bip39::Error::UnknownWord(i) => {
            format!("word {} is not in the list", i.saturating_add(1))
        }
        bip39::Error::InvalidChecksum => {
            "the checksum is wrong; a word is wrong or misplaced".to_owned()
        }
        _ => "it cannot be read".to_owned(),
    };
    KeyError::InvalidMnemonic { reason }
}

/// Hex, or a mnemonic's first key.
pub(super) fn key_from_text(text: &str) -> Result<SecretKey, KeyError> {
    if text.split_whitespace().count() > 1 {
        return Mnemonic::parse(text)?.key(0);
    }
    SecretKey::from_hex(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_mnemonic_gives_the_address_that_wallets_show() {
        // BIP-39's own test vector; the address is what Keplr and gaiad derive from it.
        let words = "abandon abandon abandon abandon abandon abandon \
                     abandon abandon abandon abandon abandon about";
        let key = Mnemonic::parse(words).unwrap().key(0).unwrap();
        assert_eq!(key.address("cosmos").unwrap(), "cosmos19rl4cm2hmr8afy4kldpxz3fka4jguq0auqdal4");
    }

    #[test]
    fn each_index_is_another_key() {
        let mnemonic = Mnemonic::generate(WordCount::Twelve).unwrap();
        let address = |index| mnemonic.key(index).unwrap().address("souk").unwrap();
        assert_ne!(address(0), address(1));
        assert_eq!(address(1), address(1));
    }

    #[test]
    fn a_new_mnemonic_reads_back_in_any_spacing_and_case() {
        for words in [WordCount::Twelve, WordCount::TwentyFour] {
            let mnemonic = Mnemonic::generate(words).unwrap();
            let spaced = format!("\n {} ", mnemonic.phrase().to_uppercase().replace(' ', "\t "));
            assert_eq!(Mnemonic::parse(&spaced).unwrap().phrase(), mnemonic.phrase());
        }
    }

    #[test]
    fn what_is_no_mnemonic_is_refused_without_repeating_it() {
        let checksum = "abandon ".repeat(12);
        for words in ["", "one two three", checksum.trim(), "abandn about"] {
            let error = Mnemonic::parse(words).unwrap_err().to_string();
            assert!(!error.contains("aband"), "{error}");
        }
    }

    #[test]
    fn a_key_reads_from_hex_and_from_a_mnemonic() {
        let key = SecretKey::generate();
        let hex = format!("0x{}\n", hex::encode(key.to_bytes().as_slice()));
        assert_eq!(key_from_text(&hex).unwrap().to_bytes(), key.to_bytes());
        let mnemonic = Mnemonic::generate(Default::default()).unwrap();
        assert_eq!(
            key_from_text(mnemonic.phrase()).unwrap().to_bytes(),
            mnemonic.key(0).unwrap().to_bytes()
        );
    }
}
