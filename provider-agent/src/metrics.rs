//! Figures for Prometheus and the health check, on a listener of their own.
