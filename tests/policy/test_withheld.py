"""What was approved or handed out, and is refused now."""

from __future__ import annotations

from packaging.utils import NormalizedName

from proxy.model import Prohibition, Terms, Waiver
from proxy.policy.withheld import suspects, withheld
from tests.policy.facts import AT, FLASK, approval, channel, wheel
from tests.policy.test_consequences import knowing, record

OTHER = NormalizedName("other")


def test_it_is_what_an_advisory_or_a_prohibition_refuses_malware_first() -> None:
    no = Prohibition("p", OTHER, "<2", "ada", "not ours", AT)
    policy = knowing(record("A", "1.0"), record("MAL", "3.0", malicious=True), entries=(approval(wheel("1.0")), no))
    found = withheld(policy, [(FLASK, "3.0"), (FLASK, "4.0"), (OTHER, "1.0"), (OTHER, "2.0"), (FLASK, "1.0")], AT)
    assert [(bad.project, bad.version, bad.approved) for bad in found] == [
        (FLASK, "3.0", False),
        (FLASK, "1.0", True),
        (OTHER, "1.0", False),
    ]
    assert suspects(policy) == {FLASK, OTHER}


def test_what_is_waived_or_below_the_terms_is_not_bad_but_where_a_channel_refuses_it() -> None:
    waived = Waiver("w", FLASK, "", "A", "ada", "fine", AT, AT.replace(year=2027))
    assert withheld(knowing(record("A", "1.0"), entries=(waived,)), [(FLASK, "1.0")], AT) == []
    strict = (Terms(refuse_severity="high"), channel("strict", refuse_severity="low"))
    (bad,) = withheld(knowing(record("A", "1.0"), entries=strict), [(FLASK, "1.0")], AT)
    assert bad.channels == ("strict",)
