"""The Simple API: bytes to nouns and back (PEP 503, 629, 658, 691, 700, 714, 740, 792).

* :mod:`proxy.simple.names` - what a project's name and a file's name may be, and what they say.
* :mod:`proxy.simple.addresses` - what a file's URL may be.
* :mod:`proxy.simple.markup` - start tags out of hostile HTML, in linear time.
* :mod:`proxy.simple.parse` - an upstream's page to a :class:`proxy.model.ProjectPage`.
* :mod:`proxy.simple.render` - rows to a page of ours, in JSON and HTML with the same facts.
* :mod:`proxy.simple.negotiate` - which of them a client wants, and whether it has it already.

This room is pure: no clock, no network, no disk. It does not know what is allowed. What an upstream
says is checked here, once; whoever holds a :class:`~proxy.model.ReleaseFile` need not check again.
"""
