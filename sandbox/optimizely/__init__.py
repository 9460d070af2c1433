"""Optimizely's HTTP addresses: REST v2, Flags v1, the datafile CDN and event intake."""
