//! Why the GPUs of a node are not offered.

/// Why the GPUs of a node are not offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GpuRefusal {
    /// There are devices and nothing names them.
    #[error("{devices} {resource} without the label {label}")]
    Unlabelled {
        /// How many.
        devices: u32,
        /// Their resource.
        resource: &'static str,
        /// The label that is missing.
        label: &'static str,
    },
    /// The product's name is no model, or the labels name two.
    #[error("the label {label} is `{value}`, {problem}")]
    Unreadable {
        /// The label.
        label: String,
        /// Its value.
        value: String,
        /// What is wrong with it.
        problem: String,
    },
    /// A label names a product and there are no devices.
    #[error("it is labelled {product} and has no {resource}")]
    NoDevices {
        /// The product.
        product: String,
        /// The resource that is missing.
        resource: &'static str,
    },
    /// Several containers share a device.
    #[error("containers share a device: {sign}")]
    Shared {
        /// The label or resource that says so.
        sign: String,
    },
    /// A device is a part of a GPU.
    #[error("a device is a part of a GPU: {sign}")]
    Part {
        /// The label or resource that says so.
        sign: String,
    },
    /// The devices are virtual, or kept for virtual machines.
    #[error("the GPUs are virtual, or kept for virtual machines: {sign}")]
    Virtual {
        /// The label that says so.
        sign: String,
    },
    /// Their partitions are being changed, or that failed.
    #[error("a change of the GPUs' partitions goes on or failed: {sign}")]
    Changing {
        /// The label that says so.
        sign: String,
    },
    /// The labeller counts fewer or more devices of the product than there are.
    #[error("{counted} devices are labelled {product} and {devices} {resource} can be allocated")]
    Mixed {
        /// Devices that the label counts.
        counted: u64,
        /// The product.
        product: String,
        /// Devices that can be allocated.
        devices: u32,
        /// Their resource.
        resource: &'static str,
    },
    /// Labels name several models, or there are devices of two vendors.
    #[error("it has GPUs of several models: {models}")]
    Several {
        /// The models, as labels or resources name them.
        models: String,
    },
    /// Some devices failed.
    #[error("{failed} of {devices} {resource} failed")]
    Unhealthy {
        /// How many failed.
        failed: u32,
        /// How many there are.
        devices: u32,
        /// Their resource.
        resource: &'static str,
    },
    /// A driver for dynamic resource allocation hands them out.
    #[error("the driver {driver} for dynamic resource allocation hands them out")]
    Dra {
        /// The driver.
        driver: String,
    },
}
