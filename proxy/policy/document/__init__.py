"""The policy as a document (TOML 1.0): kept in version control, planned, applied as one change.

Read in this order: :mod:`entries` (what it is made of), :mod:`schema` and :mod:`reading` (from text, every fault
with its line), :mod:`exporting`, :mod:`tables` and :mod:`writing` (to text), :mod:`comparing` (what it changes),
:mod:`applying` (as one change). Pure like the rest of the mind: who may apply it and what an index lists now is the
admin's matter.

Schema
------

``wicketgate policy schema`` prints a commented document with every key. In short:

==================== ====================================================================================
``format``           1
``revision``         the revision that it was exported at; applying refuses when the policy has moved on
``fragment``         true: nothing is removed; terms that are named are set, entries that are listed are added
``[terms]``          the terms by their names in :class:`proxy.model.Terms`; one that is not named has its default
``[[channels]]``     name, base, reason, ``[channels.terms]`` (those that are the channel's own)
``[[approvals]]``    project, specifier, reason; channel, standing, prereleases, sdists, yanked, legacy,
                     acknowledged, until, ticket, exact; ``[approvals.files]``: file name = SHA-256
``[[prohibitions]]`` project, specifier, reason; channel
``[[waivers]]``      project, specifier, advisory, reason, until; channel, owner, justification
``[[origins]]``      url, settled
==================== ====================================================================================

Durations are texts, a number and a unit: ``7d``, ``36h``, ``30m``, ``10s``. Times are TOML date-times with a zone.
``freeze = ""`` means none. Channels without a name (``channel = ""``) are the default channel.

Decided here:

* Who, when and ids are no part of a document: they are the audit's, and a version control's.
* A document that is no fragment says every section (``waivers = []`` for none): nothing ends by being forgotten.
* An approval without files means what matches: files that one in force froze for the same words, else what the
  index lists when it is applied. With files it means exactly those bytes.
* Emergencies, requests and tokens are no part of it and are left alone.
* Equal policies give the same bytes: one order, one spelling.
"""
