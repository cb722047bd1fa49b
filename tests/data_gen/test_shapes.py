"""Shapes: what a file may say, what is refused and how, what the presets claim."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from data_gen.command import generate
from data_gen.districts import district
from data_gen.shapes.model import default, load, preset
from data_gen.shapes.reading import leaves, own_document, preset_names, source_of
from oneroster_harness.problems import UsageProblem
from oneroster_harness.terminal import AS_OF, DEFAULT_STUDENTS


def shape_file(folder: Path, text: str, name: str = "own.toml") -> str:
    folder.joinpath(name).write_text(text, "utf-8")
    return str(folder / name)


def test_the_small_district_is_the_default_and_has_the_students_of_the_release() -> None:
    assert default() is preset("small-district") and default().students == DEFAULT_STUDENTS
    assert {"one-class", "one-school", "small-district", "city", "new-york-city", "state"} <= set(preset_names())


@pytest.mark.parametrize("name", preset_names())
def test_every_number_of_a_preset_has_a_basis_and_a_source(name: str) -> None:
    document = own_document(name)
    for path, _ in leaves(document):
        if path[0] not in ("sources", "extends", "title", "about"):
            basis, source = source_of(document, path)
            assert basis in ("documented", "observed", "assumed") and source, path


def test_a_file_extends_a_preset_and_overrides_single_keys(tmp_path: Path) -> None:
    shape_file(tmp_path, 'extends = "city"\nstudents = 70\n[level.high]\nsection_size = 30\n', "middle.toml")
    found = load(shape_file(tmp_path, 'extends = "middle.toml"\n[people]\nlate_percent = 9\n'))
    city = preset("city")
    assert (found.name, found.students, found.people.late_percent) == ("own", 70, 9)
    assert [level.section_size for level in found.levels] == [*(level.section_size for level in city.levels[:2]), 30]
    assert found.calendar == city.calendar and source_of(found.document, ("students",))[0] == "assumed"


@pytest.mark.parametrize(
    "text, met, expected",
    [
        ("[level.high]\nsection_sise = 3\n", "unknown key `level.high.section_sise`; did you mean 'section_size'?", "a key"),
        ("[level.high]\nsection_size = 0\n", "`level.high.section_size` = 0", "a whole number of 1 to 400"),
        ('students = "many"\n', "`students` = 'many'", "a whole number"),
        ('[subject.Music]\nruns = "semster"\n', "`subject.Music.runs` = 'semster'; did you mean 'semester'?", "one of year"),
        ("people = 3\n", "`people` is no table", "a table with"),
        ('extends = "citty"\n', "unknown shape 'citty'; did you mean 'city'?", "a preset's name"),
        ('levels = ["elementary", "hihg"]\n', "unknown level 'hihg'; did you mean 'high'?", "a level"),
        ('levels = ["high", "elementary"]\n', "`level.elementary.grades`", "above those of the level before"),
        ("[level.high]\nperiods = 6\n", "7 subjects in 6 periods", "a period for each"),
        ("[level.high]\nteacher_load = 8\n", "`teacher_load` = 8", "at most one class a period"),
        ('[level.high]\nshared = ["Musik"]\n', "unknown subject 'Musik'", "a subject"),
        ('[subject.Science]\nruns = "quarter"\n', "`Science` runs a quarter and the year has 2 term(s)", "terms that divide into 4"),
        ('[subject.Science]\nruns = "summer"\n', "`Science` runs in summer", "summer = true"),
        ('[calendar.q1]\nend = "02-01"\n', "08-17 to 02-01", "days within its parent t1"),
        ('[calendar.t1]\nend = "02-30"\n', "08-17 to 02-30", "days that every year has"),
        ('[level.high]\nadvised = ["English"]\n', "`English` is advised", "a subject that is `fixed`"),
        ("[places]\ndistricts = 4\n", "4 districts and no state", "state = true"),
        ("[level.new]\nname = 'New'\n", "`level.new` has no `grades`", "a list of texts"),
        ("students = = 3\n", "the shape is no TOML", "a TOML file"),
    ],
)
def test_what_a_shape_may_not_say_is_refused_in_four_parts(tmp_path: Path, text: str, met: str, expected: str) -> None:
    with pytest.raises(UsageProblem) as raised:
        load(shape_file(tmp_path, text))
    problem = raised.value
    assert met in problem.met and expected in problem.expected and problem.where and problem.try_


def test_a_shape_that_extends_itself_and_one_that_is_not_there_are_refused(tmp_path: Path) -> None:
    own = shape_file(tmp_path, 'extends = "other.toml"\n')
    shape_file(tmp_path, 'extends = "other.toml"\n', "other.toml")
    with pytest.raises(UsageProblem, match="extends itself"):
        load(own)
    with pytest.raises(UsageProblem, match="cannot be read"):
        load(str(tmp_path / "none.toml"))


def test_the_presets_are_listed() -> None:
    result = CliRunner().invoke(generate, ["--list-shapes"])
    assert result.exit_code == 0 and [line.split()[0] for line in result.stdout.splitlines()] == list(preset_names())


def test_students_scale_a_shape_and_a_shape_alone_brings_its_own(tmp_path: Path) -> None:
    own = shape_file(tmp_path, 'extends = "city"\nstudents = 40\n')
    for arguments, students in (((), 40), (("--students", "90"), 90)):
        out = tmp_path / f"of-{students}"
        result = CliRunner().invoke(generate, [str(out), "--shape", own, *arguments, "--json", "-"], catch_exceptions=False)
        told = json.loads(result.stdout)
        assert told["rows"]["demographics.csv"] == students and told["shape"] == "own"


def test_the_largest_district_has_the_published_students_and_schools() -> None:
    shape = preset("new-york-city")
    made = district(students=shape.students, seed=1, as_of=AS_OF, shape=shape)
    assert shape.students == 981_690 and abs(len(made.schools) - 1_496) <= 15


def test_a_state_has_districts_of_the_published_mean_size_under_one_org() -> None:
    shape = preset("state")
    made = district(students=shape.students, seed=1, as_of=AS_OF, shape=shape)
    assert len(made.districts) == 100 and abs(shape.students / len(made.districts) - 49_921_068 / 17_953) < 2
