"""Knowledge arriving: advisory records from outside, popular names from ``data/``.

Read in this order: :mod:`record` (one OSV record), :mod:`mending` (one that is broken), :mod:`osv`
(an archive of them), :mod:`compare` (what is new against what is kept), :mod:`match` (answering a
stream of questions). Everything arriving is hostile until read: sizes are bounded before anything is
inflated, nothing is written by a name from inside, and one broken record never stops the rest.
"""
