"""Filter text and tree: a round trip, and the published examples."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from oneroster_standard.filters import (
    OPERATORS,
    Filter,
    FilterSyntaxError,
    Predicate,
    parse,
    render,
)

FIELDS = st.from_regex(
    r"[A-Za-z_][A-Za-z0-9_]{0,8}(\.[A-Za-z0-9_-]{1,8}){0,2}", fullmatch=True
)
PREDICATES = st.builds(
    Predicate, FIELDS, st.sampled_from(OPERATORS), st.text(max_size=12)
)
FILTERS = st.one_of(
    st.builds(lambda one: Filter((one,)), PREDICATES),
    st.builds(
        lambda one, two, op: Filter((one, two), op),
        PREDICATES,
        PREDICATES,
        st.sampled_from(["AND", "OR"]),
    ),
)


@given(FILTERS)
@example(Filter((Predicate("a", "=", "x' AND b='"), Predicate("c", "~", "''")), "OR"))
def test_a_rendered_filter_reads_back_as_itself(expression: Filter) -> None:
    assert parse(render(expression)) == expression


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("familyName='Jones'", Filter((Predicate("familyName", "=", "Jones"),))),
        (
            "familyName='Jones' AND role='student'",
            Filter(
                (
                    Predicate("familyName", "=", "Jones"),
                    Predicate("role", "=", "student"),
                ),
                "AND",
            ),
        ),
        (
            "dateLastModified>'2015-01-01'",
            Filter((Predicate("dateLastModified", ">", "2015-01-01"),)),
        ),
        ("givenName~'O''B'", Filter((Predicate("givenName", "~", "O'B"),))),
        ("metadata.a.b='1'", Filter((Predicate("metadata.a.b", "=", "1"),))),
    ],
)
def test_published_forms_are_read(text: str, tree: Filter) -> None:
    assert parse(text) == tree


@pytest.mark.parametrize(
    "text",
    ["", "a", "a=", "a=b", "a='b", "a ='b'", "a='b'AND c='d'", "a='b' and c='d'", "a='b' AND", "(a='b')",
     "a='b' AND c='d' OR e='f'", "a=='b'", "='b'", "a='b' ", "a='b'  AND c='d'"],
)  # fmt: skip
def test_anything_else_is_refused_with_the_place(text: str) -> None:
    with pytest.raises(FilterSyntaxError) as met:
        parse(text)
    assert 0 <= met.value.position <= len(text)
    assert met.value.expected
