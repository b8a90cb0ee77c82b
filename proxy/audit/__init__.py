"""What keeps the record trustworthy by itself: it is sealed, verified, archived, and carried out of the house.

Decided here:

* One process of those that share a data directory does this, the one that holds the lease.
* The key that seals lives outside the data directory, and so does what was sealed last: who has the database
  alone can neither seal nor hide that it was cut off.
* Nothing waits for any of it: a request is answered and recorded whatever a receiver, a disk or a check does.

Read in this order: :mod:`keeper` (all of it together), :mod:`key` and :mod:`sealing`, :mod:`watching`,
:mod:`retention`, then :mod:`destinations`, :mod:`delivery` and the forms in which records leave.
"""
