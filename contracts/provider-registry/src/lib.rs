//! Who provides: attributes, gateway, bond
