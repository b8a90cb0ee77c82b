"""The mind: what is allowed and why. Pure: no I/O, no clock, no settings, no HTTP, no SQL.

Read in this order: :mod:`judge` (the one decision), :mod:`rules` (one file a rule),
:mod:`snapshot` (what the rules look at), :mod:`changes` (how it changes and how that reads in the
audit), :mod:`ledger` (how events chain). Then by what the product does:

* **A page**: :mod:`listing` (its files, judged), :mod:`telling` and :mod:`explaining` (why not, in words).
* **Approving**: :mod:`freezing` (which files), :mod:`late` (files added later), :mod:`emergencies` (break-glass).
* **Reviewing**: :mod:`waiting` (the inbox), :mod:`fixes` (first in it), :mod:`reviewing`, :mod:`releases`, :mod:`risk`.
* **Standing rules**: :mod:`terms` (and what a change of them does), :mod:`licences`, :mod:`spelling`, :mod:`versions`.
* **What if**: :mod:`replay` (recorded demand, judged again), :mod:`adopting` (the way out of observe mode),
  :mod:`checking` (a lock), :mod:`document` (the policy as code).
* **Advisories**: :mod:`ranges` and :mod:`spans` (which match), :mod:`severity`, :mod:`age`, :mod:`consequences`.
* **Look-alikes**: :mod:`similarity` (which name was meant), by :mod:`folding`, :mod:`neighbours`, :mod:`evidence`,
  :mod:`weighing`.
* **The record**: :mod:`merkle`, :mod:`notes` and :mod:`proofs` (how the chains are sealed, and proved to who has a
  checkpoint alone), :mod:`reporting` (a period, told).

Decided here:

* Nothing said means no. A verdict needs a permit and tolerates no forbid.
* Every rule always runs, so a refusal carries every reason and the order of rules cannot matter.
* A rule that raises is a forbid: a defect of ours closes the gate, it never opens it.
* Not knowing is a reason: what has no upload time is too new, what has no digest is refused.
"""
