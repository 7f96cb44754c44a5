//! The vendors: their resource, their labels and what denies a whole device.

/// A vendor's extended resource and labels.
pub(super) struct Vendor {
    pub name: &'static str,
    /// Its PCI vendor id, hexadecimal.
    pub pci: &'static str,
    pub resource: &'static str,
    pub product: &'static str,
    pub memory: &'static str,
    /// Labels with values by which a device is a share or a part, for the scheduler: a node may have
    /// the product's label and be none that is offered.
    pub wrong: &'static [(&'static str, &'static [&'static str])],
}

pub(super) const NVIDIA: Vendor = Vendor {
    name: "nvidia",
    pci: "10de",
    resource: "nvidia.com/gpu",
    product: "nvidia.com/gpu.product",
    memory: "nvidia.com/gpu.memory",
    wrong: &[
        ("nvidia.com/gpu.sharing-strategy", &["mps", "time-slicing"]),
        ("nvidia.com/mps.capable", &["true"]),
        ("nvidia.com/vgpu.present", &["true"]),
    ],
};

pub(super) const AMD: Vendor = Vendor {
    name: "amd",
    pci: "1002",
    resource: "amd.com/gpu",
    product: "amd.com/gpu.product-name",
    memory: "amd.com/gpu.vram",
    wrong: &[(
        "amd.com/gpu.compute-memory-partition",
        &[
            "cpx_nps1", "cpx_nps2", "cpx_nps4", "cpx_nps8", "dpx_nps1", "dpx_nps2", "dpx_nps4",
            "dpx_nps8", "qpx_nps1", "qpx_nps2", "qpx_nps4", "qpx_nps8", "spx_nps2", "spx_nps4",
            "spx_nps8", "tpx_nps1", "tpx_nps2", "tpx_nps4", "tpx_nps8",
        ],
    )],
};

pub(super) static VENDORS: [Vendor; 2] = [NVIDIA, AMD];

/// The vendor of a name, if it is known.
pub(super) fn named(name: &str) -> Option<&'static Vendor> {
    VENDORS.iter().find(|vendor| vendor.name == name)
}
