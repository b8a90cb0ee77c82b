"""The mind: what is allowed and why. Pure: no I/O, no clock, no settings, no HTTP, no SQL.

Read in this order: :mod:`judge` (the one decision), :mod:`rules` (one file a rule),
:mod:`snapshot` (what the rules look at), :mod:`changes` (how it changes and how that reads in the
audit), :mod:`ledger` (how events chain), :mod:`merkle`, :mod:`notes` and :mod:`proofs` (how the chains
are sealed, and proved to who has a checkpoint alone), :mod:`reporting` (a period, told).
:mod:`similarity` and :mod:`ranges` answer the two hard questions: which name was meant, and which
advisory matches.

Decided here:

* Nothing said means no. A verdict needs a permit and tolerates no forbid.
* Every rule always runs, so a refusal carries every reason and the order of rules cannot matter.
* A rule that raises is a forbid: a defect of ours closes the gate, it never opens it.
* Not knowing is a reason: what has no upload time is too new, what has no digest is refused.
"""
