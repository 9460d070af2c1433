"""What does no store take? See ``contracts``."""
# ruff: noqa: D102  # the methods are tests, whose names are the sentences

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.errors import RecordInvalid
from mooring.sdk.ports import Record


class Refusals:
    """What no store takes: the error names key and field, never a value; nothing has changed."""

    most_bytes: int

    @pytest.mark.parametrize(
        ("value", "place"),
        [
            (object(), "a"),
            (float("nan"), "a"),
            (b"bytes", "a"),
            ({1, 2}, "a"),
            ({"b": [0, {"c": float("inf")}]}, "a.b[1].c"),
            (["\ud800"], "a[0]"),
        ],
    )
    def test_what_is_not_json_is_refused_with_its_place(
        self, store: Any, value: object, place: str
    ) -> None:
        store.put("k", {"before": 1})
        with pytest.raises(RecordInvalid, match="not JSON") as refused:
            store.patch("k", {"fine": 1, "a": value})
        assert refused.value.where == "k"
        assert f"The field {place} " in refused.value.message
        assert store.get("k") == {"before": 1}

    def test_a_record_that_contains_itself_is_refused(self, store: Any) -> None:
        endless: Record = {}
        endless["a"] = endless
        with pytest.raises(RecordInvalid, match="contains itself"):
            store.put("k", endless)

    def test_an_updater_must_return_a_map(self, store: Any) -> None:
        for result in (None, "text", ["a"]):
            with pytest.raises(RecordInvalid, match="A record is a map"):
                store.patch("k", lambda _, result=result: result)
        assert not store.exists("k")

    def test_a_record_may_have_the_most_bytes_and_not_one_more(self, store: Any) -> None:
        room = self.most_bytes - len('{"text":""}')
        store.put("k", {"text": "x" * room})
        with pytest.raises(RecordInvalid, match=f"at most {self.most_bytes:,} are") as refused:
            store.patch("k", {"text": "x" * room, "n": 1})
        assert "the field text" in refused.value.message
        assert store.get("k") == {"text": "x" * room}

    def test_size_counts_bytes_and_not_characters(self, store: Any) -> None:
        with pytest.raises(RecordInvalid, match="at most"):
            store.put("k", {"text": "é" * (self.most_bytes // 2)})

    @pytest.mark.parametrize("key", ["", "a\x00b", "a\nb", "\ud800", "x" * 513, None, 7])
    def test_what_not_every_backend_can_hold_is_no_key(self, store: Any, key: Any) -> None:
        calls: list[Callable[[], object]] = [
            lambda: store.get(key),
            lambda: store.exists(key),
            lambda: store.delete(key),
            lambda: store.put(key, {}),
            lambda: store.patch(key, {}),
            lambda: store.patch(key, lambda record: record),
        ]
        for call in calls:
            with pytest.raises(RecordInvalid, match="A key"):
                call()

    def test_one_text_is_no_list_of_fields(self, store: Any) -> None:
        store.put("k", {"n": 1})
        for call in (store.get, store.delete):
            with pytest.raises(RecordInvalid, match="list of names"):
                call("k", "n")
        assert store.get("k") == {"n": 1}
