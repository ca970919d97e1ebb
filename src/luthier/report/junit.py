"""A verdict as JUnit XML, which CI systems show line by line.

Every line that decides is a test case, and the verdict itself is the last one. A line that is not good enough is a
failure whose type is its status (broken, worse, undecided, insensitive); a described line is skipped. What CI does with
an undecided line is its own rule: ``luthier gate`` exits with 10 or 11 accordingly. Nothing is written here.
"""

from __future__ import annotations

from xml.etree import ElementTree

from luthier.records import SuiteResult, Verdict, VerdictKind
from luthier.report.figures import delta_unit, digits_for, interval, signed

_GOOD = ("improved", "held")


def junit_xml(verdict: Verdict, candidate: str) -> str:
    """The whole document. ``candidate`` names the suite."""
    suite = ElementTree.Element("testsuite", name=f"luthier gate {candidate}")
    for line in verdict.results:
        _case(suite, line)
    last = ElementTree.SubElement(suite, "testcase", classname="verdict", name=verdict.kind.value)
    if verdict.kind is not VerdictKind.PROMOTE:
        text = "\n".join(verdict.advice)
        ElementTree.SubElement(last, "failure", type=verdict.kind.value, message=verdict.reason).text = text
    suite.set("tests", str(len(suite)))
    for kind in ("failure", "skipped"):
        suite.set(f"{kind}s" if kind == "failure" else kind, str(len(suite.findall(f"testcase/{kind}"))))
    suite.set("errors", "0")
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(suite, encoding="unicode") + "\n"


def _case(suite: ElementTree.Element, line: SuiteResult) -> None:
    against = f"{line.metric} over {line.reference_name}" if line.role == "target" else line.suite
    case = ElementTree.SubElement(suite, "testcase", classname=line.role, name=against)
    digits = digits_for([line.delta, line.low, line.high])
    told = (
        f"{signed(line.delta, digits)} {interval(line.low, line.high, digits)} {delta_unit(line.unit)}, "
        f"bound {signed(line.bound, digits)} against {-line.margin or 0.0:g}, n={line.n}; {line.test}"
    )
    if line.status == "described":
        ElementTree.SubElement(case, "skipped", message=line.reason)
    elif line.status not in _GOOD:
        needed = f"; about {line.n_needed:,} items would decide" if line.n_needed else ""
        ElementTree.SubElement(case, "failure", type=line.status, message=line.reason + needed).text = told
        return
    ElementTree.SubElement(case, "system-out").text = told
