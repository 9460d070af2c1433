"""Where does an app keep its data? ``settings``, ``secrets``, ``kv_store``, ``shared_kv_store``.

The first three belong to the present installation, the last one to its app in all accounts. What
they promise stands in ``docs/stores.md``.
"""

from __future__ import annotations

from mooring.sdk.key_value_facade import KeyValueFacade
from mooring.sdk.record_facade import RecordFacade
from mooring.sdk.records import checked_secret_key

settings = RecordFacade("settings", lambda services: services.settings)
secrets = RecordFacade("secrets", lambda services: services.secrets, key=checked_secret_key)
kv_store = KeyValueFacade("kv_store", lambda services: services.kv_store)
shared_kv_store = KeyValueFacade(
    "shared_kv_store", lambda services: services.shared_kv_store, shared=True
)
