"""An account's customer data in a SQLite file of its own, with ODP's rules of identity."""

from mooring.adapters.odp_embedded.store import EmbeddedOdp

__all__ = ["EmbeddedOdp"]
