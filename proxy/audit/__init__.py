"""What keeps the record trustworthy by itself: it is sealed, verified, archived, and carried out of the house.

Decided here:

* The desk does this, where there are several workers; of several gates on one data directory, who holds the lease.
* Nothing of it is on the way to the first answer: the key is loaded when the gate serves.
* The key that seals lives outside the data directory, and so does what was sealed last: who has the database
  alone can neither seal nor hide that it was cut off.
* Nothing waits for any of it: a request is answered and recorded whatever a receiver, a disk or a check does.

Read in this order: :mod:`keeper` (all of it together), :mod:`key` and :mod:`sealing`, :mod:`watching`,
:mod:`retention` and :mod:`figures`, then :mod:`destinations`, :mod:`delivery` and the forms in which records leave.
"""
