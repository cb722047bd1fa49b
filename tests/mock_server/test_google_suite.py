"""Google's two conformance notebooks, step by step, against the reference provider.

Requests as the notebooks send them: raw quotes in filters, references with only a sourcedId, no status, a date with a
time where the standard has a date. The numbers are those of the notebooks' order.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

import pytest
import requests

from mock_server.mock_process import RunningMock
from tests.mock_server.conftest import Whole
from tests.mock_server.wire import PREFIX, PREFIX_1P2, WITHIN_S

Body = dict[str, Any]
SCOPES = ("roster.readonly", "gradebook.readonly", "gradebook.createput", "gradebook.delete")


class Notebook:
    """What a notebook is given: a token URL, a root URL, client id and secret, a teacher's e-mail."""

    def __init__(self, mock: RunningMock, email: str, prefix: str) -> None:
        facts = mock.ready["providers"]["reference"]
        self.email = email
        self.token_url = str(facts["token_url"])
        self.pair = (facts["client_id"], facts["client_secret"])
        self.root_1p1 = str(facts["base_urls"]["1.1"])
        self.root_1p2 = str(facts["base_urls"]["1.2"]["rostering"]).removesuffix("/rostering/v1p2")
        self.scope = " ".join(prefix + scope for scope in SCOPES)
        self.token = ""

    def sign_in(self) -> None:
        """1. Get OAuth Token."""
        form = {"grant_type": "client_credentials", "scope": self.scope}
        answer = requests.post(self.token_url, data=form, auth=self.pair, timeout=WITHIN_S)
        assert answer.status_code == 200
        self.token = answer.json()["access_token"]

    def ask(self, step: str, method: str, url: str, wanted: Collection[int], body: Body | None = None) -> Any:
        """One step: the answer's JSON, None for an empty one."""
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        answer = requests.request(method, url, headers=headers, json=body, timeout=WITHIN_S)
        assert answer.status_code in wanted, f"{step}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@pytest.fixture
def email(whole: Whole) -> str:
    """A teacher's e-mail whose first class has students, as a person would pick it."""
    return str(next(one["email"] for one in whole("reference", "users") if one["role"] == "teacher"))


def listed(document: Body, key: str) -> set[str]:
    """sourcedIds of a collection."""
    return {one["sourcedId"] for one in document[key]}


def rostered(book: Notebook, root: str) -> Body:
    """Steps 2 to 5: the teacher, the first active class, its students."""
    assert book.ask("2 GetAllTeachers", "GET", f"{root}/teachers?limit=1", [200])["users"]
    found = book.ask("3 with email filter", "GET", f"{root}/teachers?filter=email='{book.email}'&limit=10000", [200])["users"]
    assert len(found) == 1 and found[0]["email"] == book.email
    teacher = found[0]["sourcedId"]
    url = f"{root}/teachers/{teacher}/classes?filter=status='active'&limit=10000"
    first = book.ask("4 GetClassesForTeacher", "GET", url, [200])["classes"][0]
    assert first["school"]["sourcedId"] and first["terms"][0]["sourcedId"]
    students = book.ask("5 GetStudentsForClass", "GET", f"{root}/classes/{first['sourcedId']}/students", [200])["users"]
    assert students[0]["email"] and students[0]["sourcedId"]
    return {
        "class": first["sourcedId"], "school": first["school"]["sourcedId"], "term": first["terms"][0]["sourcedId"],
        "student": students[0]["sourcedId"],
    }  # fmt: skip


def graded(book: Notebook, root: str, known: Body, item: Body) -> None:
    """Steps 8 to 21: a line item and a result, written, edited, excused and removed."""
    item_id, result_id, class_id = str(uuid.uuid4()), str(uuid.uuid4()), known["class"]
    item_url, result_url = f"{root}/lineItems/{item_id}", f"{root}/results/{result_id}"
    of_class, of_item = f"{root}/classes/{class_id}/lineItems?limit=10000", f"{root}/classes/{class_id}/lineItems/{item_id}/results"
    assert book.ask("8 PutLineItem Create", "PUT", item_url, [201], {"lineItem": {"sourcedId": item_id, **item}}) is None
    assert item_id in listed(book.ask("9 GetLineItemsForClass", "GET", of_class, [200]), "lineItems")
    long = "Long title " * 9
    edited = {"lineItem": {"sourcedId": item_id, **item, "title": long}}
    book.ask("10 PutLineItem Edit", "PUT", item_url, [200, 201], edited)
    assert book.ask("11 Title limit", "GET", item_url, [200])["lineItem"]["title"] == long

    def result(**more: Any) -> Body:
        sent = {
            "sourcedId": result_id, "lineItem": {"sourcedId": item_id}, "student": {"sourcedId": known["student"]}, "score": 80,
            "scoreDate": "2026-10-09T10:11:12.131Z", "comment": "", "scoreStatus": "fully graded", **more,
        }  # fmt: skip
        return {"result": sent}

    book.ask("12 PutResult Create", "PUT", result_url, [200, 201], result())
    assert result_id in listed(book.ask("13 GetResultsForLineItem", "GET", of_item, [200]), "results")
    book.ask("14 PutResult Edit", "PUT", result_url, [200, 201], result(score=300))
    assert book.ask("15 Extra credit", "GET", result_url, [200])["result"]["score"] == 300
    book.ask("16 PutResult Exempt", "PUT", result_url, [200, 201], result(scoreStatus="exempt"))
    assert book.ask("17 Get exempt", "GET", result_url, [200])["result"]["scoreStatus"] == "exempt"
    book.ask("18 DeleteResult", "DELETE", result_url, [200, 204])
    assert result_id not in listed(book.ask("19 (Deleted)", "GET", of_item, [200]), "results")
    book.ask("20 DeleteLineItem", "DELETE", item_url, [200, 204])
    assert item_id not in listed(book.ask("21 not listed", "GET", of_class, [200]), "lineItems")


def grading_periods(book: Notebook, root: str, term: str) -> Body:
    """Step 7: every session is a grading period with what the notebook reads of it."""
    found = book.ask("7 GetGradingPeriodsForTerm", "GET", f"{root}/terms/{term}/gradingPeriods", [200])["academicSessions"]
    assert {one["type"] for one in found} == {"gradingPeriod"}
    first: Body = found[0]
    assert all(first[name] for name in ("sourcedId", "title", "startDate", "endDate", "schoolYear"))
    return first


def item_of(known: Body, **more: Any) -> Body:
    """A line item as the notebooks send it."""
    return {
        "title": "Essay", "description": "About a book", "resultValueMin": 0, "resultValueMax": 100,
        "assignDate": "2026-10-01T10:11:12.131Z", "dueDate": "2026-10-01T10:12:12.131Z",
        "class": {"sourcedId": known["class"]}, **more,
    }  # fmt: skip


def test_every_step_of_the_1p2_notebook_passes(oneroster_mock: RunningMock, email: str) -> None:
    book = Notebook(oneroster_mock, email, PREFIX_1P2)
    book.sign_in()
    rostering, gradebook = f"{book.root_1p2}/rostering/v1p2", f"{book.root_1p2}/gradebook/v1p2"
    known = rostered(book, rostering)
    categories = book.ask("6 GetCategoriesForClass", "GET", f"{gradebook}/classes/{known['class']}/categories", [200])["categories"]
    grading_periods(book, rostering, known["term"])
    item = item_of(known, category={"sourcedId": categories[0]["sourcedId"]}, school={"sourcedId": known["school"]})
    graded(book, gradebook, known, item)


def test_every_teachers_first_class_serves_the_1p2_notebook(oneroster_mock: RunningMock, whole: Whole) -> None:
    with_classes = {one["user"]["sourcedId"] for one in whole("reference", "enrollments") if one["role"] == "teacher"}
    teachers = [one for one in whole("reference", "users") if one["sourcedId"] in with_classes]
    for teacher in teachers[::7]:
        book = Notebook(oneroster_mock, teacher["email"], PREFIX_1P2)
        book.sign_in()
        known = rostered(book, f"{book.root_1p2}/rostering/v1p2")
        grading_periods(book, f"{book.root_1p2}/rostering/v1p2", known["term"])
        url = f"{book.root_1p2}/gradebook/v1p2/classes/{known['class']}/categories"
        assert book.ask("6 GetCategoriesForClass", "GET", url, [200])["categories"]


def test_every_step_of_the_1p1_notebook_passes(oneroster_mock: RunningMock, email: str) -> None:
    book = Notebook(oneroster_mock, email, PREFIX)
    book.sign_in()
    root = book.root_1p1
    known = rostered(book, root)
    # Basic Grade Sync: line items that carry neither category nor school nor gradingPeriod.
    graded(book, root, known, item_of(known))
    # Grading Categories.
    category = book.ask("GetAllCategories", "GET", f"{root}/categories", [200])["categories"][0]["sourcedId"]
    url = f"{root}/lineItems/{uuid.uuid4()}"
    body = {"lineItem": item_of(known, category={"sourcedId": category})}
    book.ask("PutLineItem with category", "PUT", url, [201], body)
    assert book.ask("category is kept", "GET", url, [200])["lineItem"]["category"]["sourcedId"] == category
    book.ask("DeleteLineItem", "DELETE", url, [200, 204])
    # Grading Periods.
    url = f"{root}/classes?filter=sourcedId='{known['class']}'"
    (found,) = book.ask("GetAllClasses by id", "GET", url, [200])["classes"]
    assert found["terms"][0]["sourcedId"] and found["sourcedId"] == known["class"]
    period = grading_periods(book, root, found["terms"][0]["sourcedId"])
    url = f"{root}/lineItems/{uuid.uuid4()}"
    body = {"lineItem": item_of(known, gradingPeriod={"sourcedId": period["sourcedId"]})}
    book.ask("PutLineItem with grading period", "PUT", url, [201], body)
    assert book.ask("kept", "GET", url, [200])["lineItem"]["gradingPeriod"]["sourcedId"] == period["sourcedId"]
    book.ask("DeleteLineItem", "DELETE", url, [200, 204])
