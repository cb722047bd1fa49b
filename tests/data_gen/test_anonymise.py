"""Anonymising: values are replaced alike and apart, the bytes around them stay, the key stays secret."""

from __future__ import annotations

import csv
import io
import json
import re
import stat
import uuid
import zipfile
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import example, given, settings
from hypothesis import strategies as st

from data_gen.anonymise.command import anonymise
from data_gen.anonymise.idents import Idents
from data_gen.anonymise.permutation import Permutations
from data_gen.anonymise.records import RecordReader, coding_of, lines
from data_gen.anonymise.replacements import Replacements
from data_gen.anonymise.sheets import Sheet
from data_gen.verification import is_fictitious, verify
from oneroster_harness.problems import CannotRun, UsageProblem
from oneroster_standard.bundles import open_bundle
from oneroster_standard.standard import VERSIONS, load

SECRET = b"a secret of the tests, long enough"
VALUES = Replacements(SECRET)
WORDS = st.text(st.characters(categories=("L", "M", "N", "P", "Zs"), exclude_characters='",;|\t'), min_size=1, max_size=40)
KEPT = {
    "true", "false", "yes", "off", "active", "inactive", "none", "null", "unknown", "other",
    *(token.lower() for version in VERSIONS for tokens in load(version).enumerations.values() for token in tokens),
}  # fmt: skip
"""Tokens of closed vocabularies: they stay, wherever they stand alone in a column that nobody knows."""
NAMES = st.text(st.characters(categories=("Lu", "Ll"), max_codepoint=0x24F), min_size=3, max_size=30).filter(
    lambda text: text.lower() not in KEPT
)
IDS = st.from_regex(r"[A-Za-z]{3,6}-?[0-9]{6,10}", fullmatch=True)
ADDRESSES = st.from_regex(r"[a-z]{6,12}\.[a-z0-9]{3,9}@[a-z]{5,9}\.(?:k12\.us|org|example\.com)", fullmatch=True)
PHONES = st.from_regex(r"\([2-9][0-9]{2}\) [2-9][0-9]{2}-[0-9]{4}", fullmatch=True)
STRICT = ("given", "family", "city", "ident", "email")


def through(data: bytes, file: str = "users.csv", values: Replacements = VALUES) -> bytes:
    """A file after it was anonymised."""
    return b"".join(Sheet(io.BytesIO(data), file, values).parts())


def users_csv(rows: list[dict[str, str]]) -> bytes:
    """users.csv with some columns."""
    text = io.StringIO(newline="")
    header = ["sourcedId", "role", "username", "userIds", "givenName", "familyName", "identifier", "email", "phone", "metadata.note"]
    writer = csv.DictWriter(text, header, restval="", lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


PEOPLE = st.lists(
    st.fixed_dictionaries(
        {
            "sourcedId": IDS, "role": st.sampled_from(["student", "teacher"]), "username": IDS, "givenName": NAMES,
            "familyName": NAMES, "identifier": IDS, "email": ADDRESSES, "phone": PHONES, "metadata.note": NAMES,
        }
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(PEOPLE)
def test_no_personal_value_of_three_or_more_signs_is_in_the_result(people: list[dict[str, str]]) -> None:
    new = list(csv.DictReader(io.StringIO(through(users_csv(people)).decode(), newline="")))
    assert len(new) == len(people)
    old_values = {value for row in people for column, value in row.items() if column != "role" and len(value) >= 3}
    new_values = {value for row in new for column, value in row.items() if column != "role"}
    # A fictitious number among the old ones may come out of another; every real one is gone.
    assert not {value for value in old_values if not is_fictitious(value)} & new_values
    assert [row["role"] for row in new] == [row["role"] for row in people]


@pytest.mark.parametrize("kind", STRICT)
@given(data=st.data())
def test_equal_values_stay_equal_and_different_ones_different(kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(ADDRESSES if kind == "email" else IDS if kind == "ident" else NAMES, unique=True, max_size=30))
    replace = VALUES.kind(kind)
    new = [replace(value) for value in values]
    assert new == [Replacements(SECRET).kind(kind)(value) for value in values]
    assert len(set(new)) == len(values)


@given(st.integers(1, 5_000), st.binary(max_size=8))
@example(2, b"")
def test_a_permutation_gives_every_place_once_and_moves_all(size: int, tweak: bytes) -> None:
    numbers = Permutations(SECRET)
    places = range(min(size, 400))
    found = {numbers.permute(place, len(places), tweak) for place in places}
    assert found == set(places)
    assert size < 2 or all(numbers.permute(place, len(places), tweak) != place for place in places)


@given(WORDS)
@example("00042")
@example(" stu-0001 ")
@example("1.23E+11")
@example("李小龍")
def test_an_id_keeps_its_length_digits_case_and_separators(text: str) -> None:
    new = Idents(Permutations(SECRET)).replace(text)
    assert len(new) == len(text)
    for old, letter in zip(text, new, strict=True):
        if old.isascii():
            assert (old.isdigit(), old.isalpha(), old.isupper()) == (letter.isdigit(), letter.isalpha(), letter.isupper())
            assert old.isalnum() or old == letter


def test_case_twins_stay_twins_and_padded_ids_stay_padded() -> None:
    assert VALUES.ident("Stu-Ab12").lower() == VALUES.ident("sTU-aB12").lower()
    assert VALUES.ident("Stu-Ab12") != VALUES.ident("sTU-aB12")
    assert VALUES.ident("stu-12 ") == VALUES.ident("stu-12") + " "
    assert VALUES.ident("a-1234,b-5678") == f"{VALUES.ident('a-1234')},{VALUES.ident('b-5678')}"


def test_a_uuid_becomes_another_uuid_of_its_kind_and_case() -> None:
    for text in ("3f2504e0-4f89-41d3-9a0c-0305e82c3301", "3F2504E0-4F89-41D3-9A0C-0305E82C3301", "urn:uuid:00000000-0000-4000-8000-000000000001"):
        made = VALUES.ident(text)
        start = len("urn:uuid:") if text.startswith("urn:") else 0
        assert made != text and made[:start] == text[:start]
        assert uuid.UUID(made[start:]).version == uuid.UUID(text[start:]).version
        assert made[start:] == str(uuid.UUID(made[start:])) or made.isupper()
    assert VALUES.ident("3f2504e0-4f89-41d3-9a0c-0305e82c3301") != VALUES.ident("3f2504e0-4f89-41d3-9a0c-0305e82c3302")


def test_an_id_is_the_same_as_user_name_in_an_address_and_among_user_ids() -> None:
    assert VALUES.email("mgarcia42@school.org").startswith(VALUES.ident("mgarcia42") + "@")
    assert VALUES.user_ids("{SIS:90001234},{LDAP:mgarcia42}") == f"{{SIS:{VALUES.ident('90001234')}}},{{LDAP:{VALUES.ident('mgarcia42')}}}"
    assert VALUES.user_ids("SIS:90001234") == f"SIS:{VALUES.ident('90001234')}"


@given(st.dates(date(1990, 1, 1), date(2024, 12, 31)))
def test_a_birth_date_moves_within_its_cohort(day: date) -> None:
    new = date.fromisoformat(VALUES.birth(day.isoformat()))
    assert new != day
    assert new.year - (new.month < 9) == day.year - (day.month < 9)
    assert VALUES.birth(f"{day:%m/%d/%Y}") == f"{new:%m/%d/%Y}"


@given(st.one_of(PHONES, WORDS, st.from_regex(r"\+?1?[0-9]{10}", fullmatch=True)))
def test_every_phone_number_becomes_a_fictitious_one(text: str) -> None:
    assert not text.strip(" \t\u00a0\u200b\ufeff") or is_fictitious(VALUES.phone(text))


def test_titles_keep_school_words_and_lose_names() -> None:
    new = VALUES.title("Algebra I - Ms. Okonkwo - Period 3")
    assert new.startswith("Algebra I - ") and new.endswith(" - Period 3")
    assert "Okonkwo" not in new and VALUES.family("Okonkwo") in new


def test_a_title_with_an_address_or_a_number_loses_both() -> None:
    new = VALUES.title("Reading, call 360-222-3344 or ms.okonkwo@school.org")
    assert "360-222-3344" not in new and "okonkwo" not in new
    assert new.endswith(".example.org") and "555" in new


CLOSED = [("role", "pupil"), ("enabledUser", "yes"), ("grades", "K4")]


@pytest.mark.parametrize(("column", "wrong"), CLOSED)
def test_a_token_outside_its_vocabulary_is_replaced_by_one_outside_it(column: str, wrong: str) -> None:
    out = through(f"sourcedId,{column}\r\na-1,{wrong}\r\n".encode()).decode().splitlines()[1].split(",")[1]
    assert out != wrong and len(out) == len(wrong)
    right = {"role": "student", "enabledUser": "true", "grades": "05"}[column]
    assert through(f"sourcedId,{column}\r\na-1,{right}\r\n".encode()).endswith(f",{right}\r\n".encode())


def test_a_name_among_codes_is_replaced_and_codes_stay() -> None:
    out = through(b'sourcedId,subjectCodes,periods\r\na-1,"22991,A+",Kipp\r\n', "classes.csv").decode().splitlines()[1]
    assert '"22991,A+"' in out and "Kipp" not in out


@pytest.mark.parametrize("file", sorted({name for version in VERSIONS for name in load(version).csv_files} - {"manifest.csv"}))
@given(value=st.sampled_from(["Zanz", "Zanzibarra", "zanz@ibarra.org", "Zanz Ibarra", "Zanz <zanz@ibarra.org>", "call 360-222-3344", "zanz, ibarra"]))
def test_a_value_is_gone_from_every_column_that_it_may_stand_in(file: str, value: str) -> None:
    header = sorted({column for version in VERSIONS if file in load(version).csv_files for column in load(version).csv_files[file].headers})
    text = io.StringIO(newline="")
    csv.writer(text).writerows([header + ["metadata.x", "unknown"], [value] * (len(header) + 2), [value] * 3])
    out = through(text.getvalue().encode(), file).decode().lower()
    assert not re.search("zanz|ibarra|222.3344", out)


def test_passwords_are_dropped() -> None:
    out = through(b'sourcedId,password,givenName\r\na-1,hunter2,Ada\r\na-2,"hunter2",Ada\r\n')
    assert b"hunter2" not in out and out.splitlines()[2].split(b",")[1] == b'""'


FORMS = {
    "byte order mark": "\ufeffsourcedId,givenName\r\nab-1,Ada\r\n".encode(),
    "line feeds": b"sourcedId,givenName\nab-1,Ada\nab-2,Bob",
    "carriage returns": b"sourcedId,givenName\rab-1,Ada\rab-2,Bob\r",
    "mixed ends": b"sourcedId,givenName\r\nab-1,Ada\nab-2,Bob\r\n\r\n  \r\n",
    "semicolons": b'sourcedId;givenName\r\nab-1;"Ada"\r\n',
    "tabs": b"sourcedId\tgivenName\r\nab-1\tAda\r\n",
    "needless quotes": b'"sourcedId","givenName"\r\n"ab-1","Ada"\r\nab-2,"Bob"\r\n',
    "a short and a long row": b"sourcedId,givenName\r\nab-1\r\nab-2,Bob,,7\r\n",
    "a quote that is never closed": b'sourcedId,givenName\r\nab-1,"Ada\r\nab-2,Bob\r\n',
    "a line break in a cell": b'sourcedId,givenName\r\nab-1,"Ada\nLove"\r\nab-2,Bob\r\n',
    "a NUL byte": b"sourcedId,givenName\r\nab-1,A\0da\r\n",
    "nothing": b"",
}


def shape_of(data: bytes) -> bytes:
    """The signs of a file that are neither letters nor digits, hyphens of made-up names left out."""
    kept = {*b',;\t\r\n"\0', *"\ufeff".encode()}
    return bytes(sign for sign in data if sign in kept)


@pytest.mark.parametrize("name", sorted(FORMS))
def test_delimiters_quotes_line_ends_and_marks_survive(name: str) -> None:
    out = through(FORMS[name])
    assert shape_of(out) == shape_of(FORMS[name])
    assert b"Ada" not in out and b"Bob" not in out and b"Love" not in out
    assert name == "nothing" or b"sourcedId" in out


def test_text_of_other_encodings_stays_in_them() -> None:
    wide = "sourcedId,givenName\r\nab-1,Zoë\r\n".encode("utf-16")
    assert through(wide).decode("utf-16").splitlines()[0] == "sourcedId,givenName"
    western = "sourcedId,familyName\r\nab-1,Muñoz\r\n".encode("cp1252")
    with pytest.raises(UnicodeDecodeError):
        through(western).decode("utf-8")
    assert through(western).decode("cp1252").isprintable() is False and b"Mu\xf1oz" not in through(western)


def test_a_file_without_a_header_loses_its_values_all_the_same() -> None:
    out = through(b"stu-0001,active,,true,org-1,student,mgarcia\r\nstu-0002,active,,true,org-1,student,bokonkwo\r\n")
    assert b"mgarcia" not in out and b"stu-0001" not in out and out.count(b"student") == 2
    assert out.startswith(VALUES.ident("stu-0001").encode())


@given(st.lists(st.lists(st.text(st.sampled_from('ab",\r\n'), max_size=6), min_size=1, max_size=4), max_size=6))
def test_reading_loses_no_sign(rows: list[list[str]]) -> None:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    data = text.getvalue().encode() + b'tail,"open\r\nmore'
    for sample in (data, data.replace(b"\r\n", b"\n"), data.replace(b'"', b"")):
        records = RecordReader(lines(io.BytesIO(sample), coding_of(sample)))
        assert "".join(",".join(record.raw) + record.end for record in records).encode() == sample


def run(*arguments: object) -> dict[str, object]:
    """The command's machine form."""
    result = CliRunner().invoke(anonymise, [*map(str, arguments), "--json", "-"], catch_exceptions=False)
    assert result.exit_code == 0
    found: dict[str, object] = json.loads(result.stdout)
    return found


def test_the_key_is_made_for_its_owner_only_and_never_shown(folder: Path, tmp_path: Path) -> None:
    key = tmp_path / "new.key"
    result = CliRunner().invoke(anonymise, [str(folder), str(tmp_path / "out"), "--key", str(key)], catch_exceptions=False)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    secret = key.read_text().strip()
    assert len(secret) == 64 and secret not in result.output
    assert all(secret.encode() not in path.read_bytes() for path in tmp_path.joinpath("out").iterdir())


def test_one_key_gives_the_same_bytes_and_another_key_others(folder: Path, tmp_path: Path) -> None:
    first = run(folder, tmp_path / "a.zip", "--key", tmp_path / "one.key")
    again = run(folder, tmp_path / "b.zip", "--key", tmp_path / "one.key")
    run(folder, tmp_path / "c.zip", "--key", tmp_path / "two.key")
    assert (first["key_created"], again["key_created"]) == (True, False)
    assert tmp_path.joinpath("a.zip").read_bytes() == tmp_path.joinpath("b.zip").read_bytes()
    assert tmp_path.joinpath("a.zip").read_bytes() != tmp_path.joinpath("c.zip").read_bytes()


def test_relations_survive_and_the_result_is_accepted(folder: Path, tmp_path: Path) -> None:
    run(folder, tmp_path / "out", "--key", tmp_path / "k")
    verdict = verify(tmp_path / "out")
    assert verdict.findings == [] and verdict.is_anonymised and verdict.emails > 100

    def links(bundle: Path) -> list[int]:
        with open_bundle(bundle) as opened:
            ids = {row.cells[0]: number for number, row in enumerate(opened.rows("users.csv"))}
            return [ids[row.cells[5]] for row in list(opened.rows("enrollments.csv"))[1:]]

    assert links(tmp_path / "out") == links(folder)


def test_what_is_no_csv_file_is_left_out_and_counted(folder: Path, tmp_path: Path) -> None:
    archive = tmp_path / "real.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for path in folder.iterdir():
            made.write(path, f"Springfield/{path.name}")
        made.writestr("Springfield/letter.pdf", "to whom it may concern")
        made.writestr("Springfield/phone list.csv", "Ada Lovelace,360-222-3344\r\n")
    found = run(archive, tmp_path / "out.zip", "--key", tmp_path / "k")
    assert found["left_out"] == 1
    with zipfile.ZipFile(tmp_path / "out.zip") as out:
        assert not any("Springfield" in name or "letter" in name or "phone list" in name for name in out.namelist())
        other = next(name for name in out.namelist() if name.rpartition("/")[2].count(" "))
        assert b"Lovelace" not in out.read(other) and b"3344" not in out.read(other)


def test_wrong_use_is_refused_and_changes_nothing(folder: Path, tmp_path: Path) -> None:
    short = tmp_path / "short.key"
    short.write_text("abc")
    for arguments in (
        (folder, tmp_path / "out", "--key", short),
        (folder, folder / "out", "--key", tmp_path / "k"),
        (folder, tmp_path / "out", "--key", tmp_path / "out" / "k"),
    ):
        with pytest.raises(UsageProblem):
            CliRunner().invoke(anonymise, list(map(str, arguments)), catch_exceptions=False)
    with pytest.raises(CannotRun):
        CliRunner().invoke(anonymise, [str(tmp_path / "none"), str(tmp_path / "out"), "--key", str(tmp_path / "k")], catch_exceptions=False)
    assert [path.name for path in tmp_path.iterdir()] == ["short.key"]
