"""A commented document that says everything one can say: ``wicketgate policy schema``."""

EXAMPLE = """\
# A policy document of Wicketgate (TOML 1.0). Every key that there is stands here; unknown ones are faults.

format = 1
# The revision that it was exported at. Applying refuses when the policy has moved on since. May be left out.
revision = 42
# true: a fragment. It removes nothing: terms that it names are set, what it lists is added, and sections may be
# left out. Otherwise every section is said (waivers = [] for none), and what is not listed ends.
fragment = false

# The standing rules. One that is not named has its default value, which is the one shown here.
[terms]
mode = "enforce"                 # or "observe": withhold only what is dangerous, and record the rest
minimum_age = "7d"               # durations: a number and d, h, m or s
fixes = "wait"                   # or "pass": a young release that fixes an advisory on something approved
freeze = ""                      # or a time (2027-01-31T00:00:00Z): nothing uploaded later is served
internal = []                    # glob patterns of names that the public index is never asked for: ["acme-*"]
refuse_severity = "low"          # the lowest rating that withholds: low, medium, high, critical
refuse_unknown_severity = true
licences = []                    # SPDX identifiers that are accepted; none listed: all are
refuse_unknown_licence = true
provenance = []                  # glob patterns of projects that must come with attestations
warn_stale_after = "24h"         # how old advisory data may be before people are told
alarm_stale_after = "72h"        # and before it counts as stale
stale_advisories = "acknowledge" # by who approves meanwhile; or "say", or "refuse" everything

[terms.ages]                     # the minimum age by project
numpy = "3d"

[terms.publishers]               # from whom attestations must be, by project
numpy = "GitHub:numpy/numpy"

# A policy of its own at /NAME/simple/, inheriting from base ("" is the default channel).
[[channels]]
name = "research"
base = ""
reason = "looser than production"

[channels.terms]                 # the terms that are its own
minimum_age = "1d"

# An approval. Without files it freezes what matches when it is applied; with files exactly these bytes count,
# and the index must list them so. An approval that is in force in the same words stays as it is.
[[approvals]]
project = "flask"
specifier = ">=3,<4"             # PEP 440; "" is every version
reason = "our web framework"
channel = ""
standing = false                 # let later versions of the range through once they are old enough
prereleases = false
sdists = false                   # source archives run code on install
yanked = false
legacy = false                   # source archives of old formats
exact = false                    # true: the files below and no others, whatever they are; late ones do not wait
acknowledged = ["too-new"]       # findings that are overruled: too-new, frozen, look-alike:NAME
until = 2030-01-31T00:00:00Z     # when it ends; left out: never
ticket = "SEC-7"

[approvals.files]                # file name = SHA-256
"flask-3.0.0-py3-none-any.whl" = "0000000000000000000000000000000000000000000000000000000000000000"

# Never served, whatever is approved.
[[prohibitions]]
project = "left-pad"
specifier = ""
reason = "we do not need it"
channel = ""

# One advisory set aside for a range, for 180 days at most.
[[waivers]]
project = "flask"
specifier = "<3.1"
advisory = "PYSEC-2026-1"
reason = "we do not use that part"
owner = "ada"                    # who answers for it until it ends
justification = "vulnerable_code_not_in_execute_path"   # OpenVEX's words; "": the risk is accepted
until = 2027-01-31T00:00:00Z
channel = ""

# Where package files may come from. A document that settles none leaves what the gate learnt from its first page,
# and the index itself stays in any case.
[[origins]]
url = "https://files.example"
settled = true                   # nothing more is learnt
"""
