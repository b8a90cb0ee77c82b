"""Knowledge arriving: advisory records from outside, popular names from ``data/``.

Read in this order: :mod:`record` (one OSV record), :mod:`mending` (one that is broken), :mod:`osv`
(an archive of them, told apart by :mod:`archive`), :mod:`lifting` (what says less than it did), :mod:`compare`
(what is new against what is kept), :mod:`apart` (both in a process of its own), :mod:`intake` (taking it into
force, and what turned bad), :mod:`export` (OSV's export over the network), :mod:`sync` (when), :mod:`bulletin`
(what the team hears of it); :mod:`match` answers a stream of questions. Everything arriving is hostile until read:
sizes are bounded before anything is inflated, nothing is written by a name from inside, and one broken record
never stops the rest.
"""
