"""The formats of a check, each against its schema where there is one to be had, else part by part."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from proxy.reports import FORMATS, read
from tests.reports.facts import DATA, checked, known, result, waived


def written(shape: str, *results: dict[str, Any]) -> Any:
    return json.loads(FORMATS[shape](checked(list(results) or None)))


@pytest.mark.parametrize("shape", FORMATS)
def test_every_report_names_the_data_it_rests_on_and_is_the_same_each_time(shape: str) -> None:
    text = FORMATS[shape](checked()).decode()
    assert text == FORMATS[shape](checked()).decode()
    assert text.endswith("\n")
    for wanted in ("8895", "abababababab", "30 hours old"):
        assert wanted in text


@pytest.mark.parametrize("shape", FORMATS)
def test_a_check_that_found_nothing_is_written_as_well(shape: str) -> None:
    assert b"8895" in FORMATS[shape](checked([]))


def test_an_answer_that_is_none_is_refused() -> None:
    with pytest.raises(msgspec.ValidationError):
        read({"results": [{"name": 3}]})


# --- table and JSON -------------------------------------------------------------------------------


def test_the_table_shows_verdict_reasons_and_advisories() -> None:
    text = " ".join(FORMATS["table"](checked()).decode().split())
    assert "flask==2.3.1 refused 2.3.1" in text
    assert "GHSA-1 (high)" in text
    assert "MAL-1 (malware)" in text
    assert "waived until 2026-07-01" in text
    assert "not judged: req.txt:5: -e . cannot be judged" in text
    assert text.endswith(f"Advisory data: {DATA['sentence']}")


def test_json_holds_everything_and_where_it_stands() -> None:
    data = written("json")
    assert [(line["name"], line["verdict"], line["file"], line["line"]) for line in data["results"]][:2] == [
        ("flask", "refused", "req.txt", 3),
        ("Evil_Pkg", "refused", "sub dir/req.txt", 1),
    ]
    assert data["advisory_data"]["sha256"] == "ab" * 32
    assert data["results"][2]["advisories"][0]["waiver"]["owner"] == "billing"
    assert data["unreadable"] == ["req.txt:5: -e . cannot be judged"]


# --- CycloneDX ------------------------------------------------------------------------------------


@pytest.mark.parametrize("results", [None, []])
def test_cyclonedx_is_valid_by_its_schema(results: list[dict[str, Any]] | None) -> None:
    text = FORMATS["cyclonedx"](checked(results)).decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_cyclonedx_counts_a_matter_once_with_its_other_ids_as_references() -> None:
    data = written("cyclonedx")
    assert {component["bom-ref"] for component in data["components"]} >= {
        "pkg:pypi/flask@2.3.1",
        "pkg:pypi/evil-pkg@1%211.0%2Bx",
        "pkg:pypi/away",
    }
    found = {entry["id"]: entry for entry in data["vulnerabilities"]}
    assert sorted(found) == ["GHSA-1", "MAL-1", "PYSEC-2", "PYSEC-3", "PYSEC-4", "PYSEC-5"]
    gravest = found["GHSA-1"]
    assert {reference["id"] for reference in gravest["references"]} == {"CVE-1", "PYSEC-1"}
    assert gravest["affects"] == [{"ref": "pkg:pypi/flask@2.3.1"}]
    assert gravest["ratings"] == [{"score": 7.5, "severity": "high"}]
    assert gravest["recommendation"] == "Use 2.3.2 or later."
    assert found["PYSEC-2"]["ratings"] == [{"severity": "unknown"}]


def test_cyclonedx_calls_not_affected_only_what_is_waived_whole_and_justified() -> None:
    found = {entry["id"]: entry for entry in written("cyclonedx")["vulnerabilities"]}
    assert found["PYSEC-3"]["analysis"]["state"] == "not_affected"
    assert found["PYSEC-3"]["analysis"]["justification"] == "code_not_reachable"
    assert found["PYSEC-4"]["analysis"]["state"] == "exploitable"
    assert found["PYSEC-4"]["analysis"]["response"] == ["will_not_fix"]
    assert "owned by billing: not reachable" in found["PYSEC-4"]["analysis"]["detail"]
    for open_still in ("PYSEC-5", "GHSA-1", "MAL-1"):
        assert "analysis" not in found[open_still]


# --- OpenVEX --------------------------------------------------------------------------------------

STATEMENT = {
    *("@id", "version", "vulnerability", "timestamp", "last_updated", "products", "status", "supplier"),
    *("status_notes", "justification", "impact_statement", "action_statement", "action_statement_timestamp"),
}
DOCUMENT = {"@context", "@id", "author", "role", "timestamp", "last_updated", "version", "tooling", "statements"}


def test_openvex_has_the_parts_that_its_schema_asks_for_and_no_other() -> None:
    data = written("openvex")
    assert {"@context", "@id", "author", "timestamp", "version", "statements"} <= data.keys() <= DOCUMENT
    assert data["@context"] == "https://openvex.dev/ns/v0.2.0"
    assert data["@id"].startswith("urn:uuid:")
    for statement in data["statements"]:
        assert {"vulnerability", "status", "products"} <= statement.keys() <= STATEMENT
        assert statement["vulnerability"].keys() <= {"@id", "name", "description", "aliases"}
        needed = {"not_affected": "justification", "affected": "action_statement"}[statement["status"]]
        assert statement[needed]


def test_openvex_speaks_of_what_was_waived_alone_and_says_not_affected_only_where_somebody_did() -> None:
    data = written("openvex")
    said = {entry["vulnerability"]["name"]: entry for entry in data["statements"]}
    assert {name: entry["status"] for name, entry in said.items()} == {
        "PYSEC-3": "not_affected",
        "PYSEC-4": "affected",
        "PYSEC-5": "not_affected",
    }
    assert said["PYSEC-3"]["justification"] == "vulnerable_code_not_in_execute_path"
    assert "Waived until 2026-07-01 by ada, owned by billing: not reachable" in said["PYSEC-4"]["action_statement"]
    assert "aliases" not in said["PYSEC-5"]["vulnerability"], "a waiver counts for the id it names"
    assert said["PYSEC-3"]["products"][0]["@id"] == "pkg:pypi/waived@1.0"


def test_openvex_says_each_thing_once_and_nothing_where_nothing_is_waived() -> None:
    twice = result("waived", advisories=[waived("PYSEC-3")])
    assert len(written("openvex", twice, twice)["statements"]) == 1
    assert written("openvex", result("flask", "refused", advisories=[known("PYSEC-1")]))["statements"] == []


# --- SARIF ----------------------------------------------------------------------------------------


def test_sarif_has_a_result_for_each_matter_that_refuses_at_the_line_that_asks_for_it() -> None:
    data = written("sarif")
    assert (data["version"], data["$schema"].rpartition("/")[2]) == ("2.1.0", "sarif-schema-2.1.0.json")
    (run,) = data["runs"]
    driver = run["tool"]["driver"]
    assert (driver["name"], driver["version"]) == ("wicketgate", "1.2.3")
    rules = {rule["id"]: rule for rule in driver["rules"]}
    assert [found["ruleId"] for found in run["results"]] == ["GHSA-1", "PYSEC-2", "too-new", "MAL-1"]
    assert set(rules) == {found["ruleId"] for found in run["results"]}
    assert rules["GHSA-1"]["properties"]["security-severity"] == "7.5"
    assert "security-severity" not in rules["PYSEC-2"]["properties"]
    for found in run["results"]:
        assert found.keys() <= {"ruleId", "level", "message", "locations"}
        assert found["level"] == "error"
    assert run["results"][0]["message"]["text"].startswith("flask==2.3.1 is refused: flask 2.3.1 has a known")
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "req.txt"}, "region": {"startLine": 3}}
    assert run["results"][3]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "sub%20dir/req.txt"


def test_sarif_tells_what_could_not_be_judged_and_that_the_run_did_not_succeed() -> None:
    (invocation,) = written("sarif")["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    told = [notification["message"]["text"] for notification in invocation["toolExecutionNotifications"]]
    assert told == ["away could not be judged: The index does not answer.", "req.txt:5: -e . cannot be judged"]
    (invocation,) = written("sarif", result("fine"))["runs"][0]["invocations"]
    assert (invocation["executionSuccessful"], invocation["toolExecutionNotifications"]) == (True, [])


def test_sarif_leaves_out_a_place_that_there_is_not_and_makes_a_whole_path_a_url() -> None:
    refused = result("x", "refused", reasons=[{"sentence": "Not a project name."}])
    (found,) = json.loads(FORMATS["sarif"](checked([refused])))["runs"][0]["results"]
    assert ("locations" in found, found["ruleId"]) == (False, "refused")
    (found,) = json.loads(FORMATS["sarif"](checked([refused], [("/srv/req.txt", 0)])))["runs"][0]["results"]
    assert found["locations"] == [{"physicalLocation": {"artifactLocation": {"uri": "file:///srv/req.txt"}}}]
