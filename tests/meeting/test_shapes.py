"""A district of any shape satisfies the standard: the suite's check of its bundle finds nothing, in either version."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from data_gen.generation import Recipe, write_clean
from data_gen.shapes.model import made, preset
from data_gen.shapes.reading import laid_over, preset_names
from oneroster_harness.cli import front
from oneroster_harness.terminal import AS_OF
from tests.data_gen.test_realism import SHAPES

SMALL = {"one-class": 24, "one-school": 90, "small-district": 700, "city": 900, "new-york-city": 800, "state": 1_500}


def findings(path: Path) -> list[dict[str, Any]]:
    """What the suite finds in a bundle that counts."""
    result = CliRunner().invoke(front, ["check", "csv", str(path), "--json", "-"], catch_exceptions=False)
    told = json.loads(result.stdout)
    assert told["verdict"] in ("pass", "fail") and told["summary"]["passed"] > 20
    return [found for found in told["findings"] if found["severity"] in ("error", "warning")]


@pytest.mark.parametrize("spec", ["1.1", "1.2"])
@pytest.mark.parametrize("name", preset_names())
def test_the_check_of_a_preset_s_bundle_finds_nothing(name: str, spec: str, tmp_path: Path) -> None:
    write_clean(tmp_path / "bundle", Recipe(SMALL[name], 7, AS_OF, spec=spec, shape=preset(name)))
    assert findings(tmp_path / "bundle") == []


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck), phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(
    st.sampled_from(("small-district", "city", "state")), SHAPES, st.integers(1, 260), st.integers(0, 1 << 32), st.sampled_from(("1.1", "1.2"))
)
def test_the_check_of_any_shape_s_bundle_finds_nothing(
    tmp_path_factory: pytest.TempPathFactory, base: str, changes: dict[str, Any], students: int, seed: int, spec: str
) -> None:
    shape = made("any", laid_over(preset(base).document, changes))
    path = tmp_path_factory.mktemp("shape") / "bundle"
    write_clean(path, Recipe(students, seed, AS_OF, spec=spec, shape=shape))
    assert findings(path) == []
