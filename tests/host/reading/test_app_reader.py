from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from mooring.errors import AppInvalid
from mooring.reading.app_reader import read_app

ROOT = Path(__file__).resolve().parents[3]


def test_the_connector_is_one_typed_value() -> None:
    app = read_app(ROOT)
    assert app.manifest.meta.app_id == "optimizely_connector"
    assert app.settings_form.sections[0].key == "optimizely"
    assert app.schema


def test_all_problems_of_an_app_that_cannot_be_read_are_carried(tmp_path: Path) -> None:
    (tmp_path / "app.yml").write_text("meta: {app_id: x}\nruntime: 5\n")
    with pytest.raises(AppInvalid, match="cannot be read") as wrong:
        read_app(tmp_path)
    found = [(problem.file, problem.rule) for problem in wrong.value.problems]
    assert ("forms/settings.yml", "AST-1") in found
    assert ("app.yml", "MAN-3") in found
    assert ("app.yml", "META-1") in found
    assert found == sorted(found, key=lambda pair: pair[0])
    assert f"mooring validate {tmp_path}" in wrong.value.hint


def test_reading_an_app_without_faults_does_not_wait_for_the_schema_library() -> None:
    program = (
        "import sys; from pathlib import Path; from mooring.reading.app_reader import read_app\n"
        "read_app(Path(sys.argv[1])); assert 'jsonschema' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(ROOT)], check=True, timeout=30)
