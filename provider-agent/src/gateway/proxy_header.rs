//! The PROXY protocol, versions 1 and 2: what a balancer says first about the visitor whose
//! connection it passes on. The bytes are read so that none of what follows is taken.

use std::{io, net::IpAddr};

use ppp::{HeaderResult, v1, v2};
use tokio::io::{AsyncRead, AsyncReadExt};

/// Version 2 begins with these bytes.
const SIGNATURE: [u8; 12] = *b"\r\n\r\n\0\r\nQUIT\n";
/// Version 1 begins with these bytes.
const WORD: &[u8] = b"PROXY ";
/// The longest header of version 1, by its specification.
const LONGEST_LINE: usize = 107;
/// The most bytes after the fixed part of a header of version 2; its own limit is 64 KiB, and the
/// extensions that balancers send have some hundred bytes.
const LONGEST_REST: usize = 4 << 10;
const FIXED: usize = 16;

/// What a balancer says of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The visitor's address.
    Visitor(IpAddr),
    /// The balancer speaks for itself, as for a health check.
    Balancer,
}

/// Why the visitor's address is not known.
#[derive(Debug, thiserror::Error)]
pub enum HeaderError {
    /// The connection ended or failed.
    #[error("the connection ended within its PROXY header: {0}")]
    Io(#[from] io::Error),
    /// The connection begins with something else.
    #[error("it does not begin with a PROXY header")]
    Missing,
    /// A header that cannot be used.
    #[error("its PROXY header cannot be read: {0}")]
    Invalid(String),
}

/// Whether bytes that a connection begins with are a PROXY header, as far as they go.
pub fn begins_header(bytes: &[u8]) -> bool {
    let is_start = |of: &[u8]| !bytes.is_empty() && bytes.iter().zip(of).all(|(a, b)| a == b);
    is_start(&SIGNATURE) || is_start(WORD)
}

/// Reads the header.
///
/// # Errors
///
/// If there is none or it cannot be used.
pub async fn read(stream: &mut (impl AsyncRead + Unpin)) -> Result<Origin, HeaderError> {
    let mut header = vec![0; SIGNATURE.len()];
    stream.read_exact(&mut header).await?;
    if header == SIGNATURE {
        header.resize(FIXED, 0);
        stream.read_exact(&mut header[SIGNATURE.len()..]).await?;
        let rest = usize::from(u16::from_be_bytes([header[FIXED - 2], header[FIXED - 1]]));
        if rest > LONGEST_REST {
            return Err(HeaderError::Invalid(format!("it has {rest} bytes")));
        }
        header.resize(FIXED + rest, 0);
        stream.read_exact(&mut header[FIXED..]).await?;
    } else if header.starts_with(WORD) {
        while !header.ends_with(b"\r\n") {
            if header.len() >= LONGEST_LINE {
                return Err(HeaderError::Invalid("its line does not end".into()));
            }
            header.push(stream.read_u8().await?);
        }
    } else {
        return Err(HeaderError::Missing);
    }
    origin(&header)
}

fn origin(header: &[u8]) -> Result<Origin, HeaderError> {
    let invalid = |error: &dyn std::fmt::Display| HeaderError::Invalid(error.to_string());
    match HeaderResult::parse(header) {
        HeaderResult::V1(parsed) => match parsed.map_err(|error| invalid(&error))?.addresses {
            v1::Addresses::Tcp4(addresses) => Ok(Origin::Visitor(addresses.source_address.into())),
            v1::Addresses::Tcp6(addresses) => Ok(Origin::Visitor(addresses.source_address.into())),
            v1::Addresses::Unknown => Ok(Origin::Balancer),
        },
        HeaderResult::V2(parsed) => {
            let parsed = parsed.map_err(|error| invalid(&error))?;
            match (parsed.command, parsed.addresses) {
                (v2::Command::Local, _) | (_, v2::Addresses::Unspecified) => Ok(Origin::Balancer),
                (_, v2::Addresses::IPv4(addresses)) => {
                    Ok(Origin::Visitor(addresses.source_address.into()))
                }
                (_, v2::Addresses::IPv6(addresses)) => {
                    Ok(Origin::Visitor(addresses.source_address.into()))
                }
                (_, v2::Addresses::Unix(_)) => Err(invalid(&"a Unix socket is not an address")),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(bytes: &[u8]) -> (Result<Origin, HeaderError>, usize) {
        let mut left = bytes;
        let origin = futures::executor::block_on(read(&mut left));
        (origin, bytes.len() - left.len())
    }

    fn second(family: u8, command: u8, addresses: &[u8]) -> Vec<u8> {
        let length = u16::try_from(addresses.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[0x20 | command, family], &length, addresses].concat()
    }

    #[test]
    fn both_versions_name_the_visitor_and_leave_what_follows() {
        let v4 = [192, 0, 2, 7, 10, 0, 0, 1, 0, 80, 1, 187];
        let with_extension = [&v4[..], &[0x04, 0, 1, 9]].concat();
        let mut v6 = vec![0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9];
        v6.extend([0; 20]);
        let visitor = |address: &str| Origin::Visitor(address.parse().unwrap());
        for (header, origin) in [
            (b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 443\r\n".to_vec(), visitor("192.0.2.7")),
            (b"PROXY TCP6 2001:db8::9 ::1 5000 443\r\n".to_vec(), visitor("2001:db8::9")),
            (b"PROXY UNKNOWN\r\n".to_vec(), Origin::Balancer),
            (second(0x11, 1, &v4), visitor("192.0.2.7")),
            (second(0x11, 1, &with_extension), visitor("192.0.2.7")),
            (second(0x21, 1, &v6), visitor("2001:db8::9")),
            (second(0x11, 0, &v4), Origin::Balancer),
            (second(0x00, 1, &[]), Origin::Balancer),
        ] {
            let all = [&header[..], b"\x16\x03\x01\x02\x00\x01"].concat();
            let (read, taken) = parse(&all);
            assert_eq!((read.unwrap(), taken), (origin, header.len()), "{header:?}");
        }
    }

    #[test]
    fn what_is_not_a_header_is_refused() {
        for bytes in [
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03aaaa".to_vec(),
            b"GET / HTTP/1.1\r\n\r\n".to_vec(),
            b"PROXY TCP4 somewhere else 1 2\r\n".to_vec(),
            b"PROXY TCP4 192.0.2.7 10.0.0.1 5000 70000\r\n".to_vec(),
            [b"PROXY TCP4 ".as_slice(), &[b'1'; 500]].concat(),
            second(0x31, 1, &[0; 216]),
            second(0x11, 1, &[192, 0, 2, 7]),
            second(0x11, 7, &[0; 12]),
            [&SIGNATURE[..], &[0x21, 0x11, 0xff, 0xff], &[0; 70_000]].concat(),
            b"PROXY".to_vec(),
        ] {
            assert!(parse(&bytes).0.is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn the_beginning_of_a_header_is_recognised() {
        assert!(begins_header(b"P") && begins_header(b"PROXY TCP4 1") && begins_header(b"\r\n\r"));
        assert!(!begins_header(b"") && !begins_header(b"PUT /v1") && !begins_header(&[0x16, 3, 1]));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic_or_read_more_than_a_header(
            start in prop_oneof![
                Just(Vec::new()), Just(WORD.to_vec()), Just(SIGNATURE.to_vec()),
                Just(b"PROXY TCP4 192.0.2.7 ".to_vec()),
                Just([&SIGNATURE[..], &[0x21, 0x11]].concat()),
            ],
            rest in proptest::collection::vec(any::<u8>(), 0..6_000),
        ) {
            let (_, taken) = parse(&[start, rest].concat());
            prop_assert!(taken <= FIXED + LONGEST_REST);
        }
    }
}
