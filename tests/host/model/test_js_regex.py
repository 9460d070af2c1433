from __future__ import annotations

import pytest

from mooring.model.js_regex import compile_js


@pytest.mark.parametrize(
    ("pattern", "text", "matches"),
    [
        ("b", "abc", True),
        ("^a$", "a", True),
        ("^a$", "a\n", False),
        (r"^\d+$", "١٢", False),
        (r"^\w+$", "ä", False),
        (r"\bx", "äx", True),
        ("(?<year>[0-9]{4})-\\k<year>", "2026-2026", True),
        ("(?<year>[0-9]{4})-\\k<year>", "2026-2025", False),
        ("(?<=a)b", "ab", True),
        ("(?<!a)b", "ab", False),
        ("[[]", "[", True),
        ("[a[b]", "[", True),
        ("[^]", "\n", True),
        ("[]", "a", False),
        (r"\$", "$", True),
        ("[$]", "$", True),
        (r"[\]]", "]", True),
        ("a|b$", "xb", True),
        (r"^https:\/\/", "https://x", True),
        ("", "", True),
    ],
)
def test_a_pattern_means_what_it_means_in_javascript(
    pattern: str, text: str, matches: bool
) -> None:
    assert bool(compile_js(pattern).search(text)) is matches


@pytest.mark.parametrize(
    ("pattern", "flags", "text", "matches"),
    [
        ("^ABC$", "i", "abc", True),
        ("^b$", "m", "a\nb\nc", True),
        ("a.b", "s", "a\nb", True),
        ("a.b", "", "a\nb", False),
        ("a", "gu", "a", True),
    ],
)
def test_flags_have_their_effect(pattern: str, flags: str, text: str, matches: bool) -> None:
    assert bool(compile_js(pattern, flags).search(text)) is matches


@pytest.mark.parametrize("pattern", ["(", "[a", "a{2,1}", "*", "(?<n>a)(?<n>b)", "(" * 5000])
def test_what_is_no_pattern_is_said(pattern: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        compile_js(pattern)


def test_an_unknown_flag_is_named() -> None:
    with pytest.raises(ValueError, match="unknown flag 'xz'"):
        compile_js("a", "zix")
