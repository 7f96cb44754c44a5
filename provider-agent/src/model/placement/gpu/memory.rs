//! The memory of one device: what is measured goes before what a name says.

use std::collections::BTreeMap;

use super::vendor::Vendor;

const MIB_IN_GIB: u64 = 1 << 10;

/// The measured memory of one device in MiB, if its label can be read. NVIDIA's labeller writes MiB,
/// AMD's whole GiB as `192G`, or bytes.
pub(super) fn measured(vendor: &Vendor, labels: &BTreeMap<String, String>) -> Option<u64> {
    let text = labels.get(vendor.memory)?;
    let mib = match (vendor.name, text.strip_suffix('G')) {
        ("amd", Some(gib)) => gib.parse::<u64>().ok()?.checked_mul(MIB_IN_GIB)?,
        ("amd", None) => text.parse::<u64>().ok()? >> 20,
        _ => text.parse().ok()?,
    };
    (mib > 0).then_some(mib)
}

/// The size in GiB of a known device. It is one of the table's sizes if the label is within an eighth
/// of it: drivers keep some memory for error correction and firmware. Else the label is the device,
/// for instance a card with more memory than its maker gave it.
pub(super) fn of_known(sizes: &[u64], measured: Option<u64>) -> Option<u64> {
    let Some(measured) = measured else {
        return match sizes {
            [only] => Some(*only),
            _ => None,
        };
    };
    let near = sizes.iter().filter(|size| is_near(**size, measured));
    let nearest = near.min_by_key(|size| mib(**size).abs_diff(measured)).copied();
    nearest.or_else(|| rounded(measured))
}

/// The size in GiB of a device that the table does not have: the name's number if the label is within
/// an eighth of it, else whole GiB of the label, and never more than it says.
pub(super) fn of_unknown(named: Option<u64>, measured: Option<u64>) -> Option<u64> {
    let measured = measured?;
    let named = named.filter(|size| is_near(*size, measured));
    named.or(Some(measured / MIB_IN_GIB)).filter(|size| *size > 0)
}

/// Whether what is measured is less than half of every size that the device is made with.
pub(super) fn is_a_part(sizes: &[u64], measured: u64) -> bool {
    sizes.iter().min().is_some_and(|least| measured < mib(*least) / 2)
}

/// Whether a label is within an eighth of a size.
pub(super) fn is_near(size: u64, measured: u64) -> bool {
    mib(size).abs_diff(measured).saturating_mul(8) <= mib(size)
}

/// Up to the next GiB if less than a sixty-fourth is missing to it, which a driver keeps; else down.
fn rounded(measured: u64) -> Option<u64> {
    let up = measured.div_ceil(MIB_IN_GIB);
    let missing = mib(up).saturating_sub(measured);
    let size = if missing.saturating_mul(64) <= mib(up) { up } else { measured / MIB_IN_GIB };
    (size > 0).then_some(size)
}

fn mib(gib: u64) -> u64 {
    gib.saturating_mul(MIB_IN_GIB)
}
