"""The report as JUnit XML: one test case per check."""

from __future__ import annotations

from xml.etree import ElementTree

from conformance.notices import Notice
from conformance.report import ORDER, Report, place


def junit_report(report: Report, fail_on: str = "error") -> str:
    """One case per check: failure at or above fail_on, skipped with its reason, error for a fault of the check."""
    cases = []
    for outcome in report.outcomes:
        case = ElementTree.Element("testcase", classname=outcome.id.partition(".")[0], name=outcome.id)
        own = [notice for notice in report.findings if notice.check == outcome.id]
        grave = [notice for notice in own if ORDER[notice.severity] <= ORDER[fail_on]]
        if outcome.outcome == "skip":
            ElementTree.SubElement(case, "skipped", message=outcome.reason)
        elif outcome.outcome == "error":
            ElementTree.SubElement(case, "error", message=outcome.reason)
        elif grave:
            failure = ElementTree.SubElement(case, "failure", message=grave[0].message, type=grave[0].severity)
            failure.text = "\n\n".join(map(finding_text, grave))
        elif own:
            ElementTree.SubElement(case, "system-out").text = "\n\n".join(map(finding_text, own))
        cases.append(case)
    suite = ElementTree.Element(
        "testsuite", name=f"oneroster-harness: {report.target}", tests=str(len(cases)),
        failures=str(sum(case.find("failure") is not None for case in cases)),
        errors=str(sum(case.find("error") is not None for case in cases) + bool(report.incomplete)),
        skipped=str(sum(case.find("skipped") is not None for case in cases)), time=f"{report.elapsed_s:.3f}",
    )  # fmt: skip
    suite.extend(cases)
    if report.incomplete:
        case = ElementTree.SubElement(suite, "testcase", classname="run", name="complete")
        ElementTree.SubElement(case, "error", message="; ".join(report.incomplete))
        suite.set("tests", str(len(cases) + 1))
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def finding_text(notice: Notice) -> str:
    """One finding in lines, for a failure's body."""
    facts = (
        notice.message, f"where: {place(notice)}", f"expected: {notice.expected}", f"observed: {notice.observed}",
        f"section: {notice.section}", f"try: {notice.remedy}", notice.curl, *notice.steps, f"follows from: {notice.cause_of}", f"accepted: {notice.accepted}", f"finding: {notice.id}",
    )  # fmt: skip
    return "\n".join(fact for fact in facts if fact and not fact.endswith(": "))
