"""A release's licence as an SPDX expression: as it says itself, or as its older fields say without doubt.

Decided here:

* ``License-Expression`` (PEP 639) is taken as it is, or, where it cannot be read, as nothing.
* Of classifiers one alone is read, and only one that stands for one licence (PEP 639's appendix): "BSD License"
  and "Apache Software License" stand for several, and two classifiers may mean "and" or "or".
* ``License`` is read where it is an expression, or one of the few ways to write a licence's name that leave no doubt.
* Where the two older fields disagree, nothing is read from either; a classifier that stands for several licences
  agrees with each of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

LONGEST: Final = 500
"""Characters of an expression; a longer text is a licence's words, not its name."""

_PREFIX: Final = "License :: "
_OSI: Final = "License :: OSI Approved :: "

CLASSIFIERS: Final[Mapping[str, str]] = {
    "License :: CC0 1.0 Universal (CC0 1.0) Public Domain Dedication": "CC0-1.0",
    "License :: CeCILL-B Free Software License Agreement (CECILL-B)": "CECILL-B",
    "License :: CeCILL-C Free Software License Agreement (CECILL-C)": "CECILL-C",
    f"{_OSI}Attribution Assurance License": "AAL",
    f"{_OSI}Blue Oak Model License (BlueOak-1.0.0)": "BlueOak-1.0.0",
    f"{_OSI}Boost Software License 1.0 (BSL-1.0)": "BSL-1.0",
    f"{_OSI}CEA CNRS Inria Logiciel Libre License, version 2.1 (CeCILL-2.1)": "CECILL-2.1",
    f"{_OSI}CMU License (MIT-CMU)": "MIT-CMU",
    f"{_OSI}Common Development and Distribution License 1.0 (CDDL-1.0)": "CDDL-1.0",
    f"{_OSI}Common Public License": "CPL-1.0",
    f"{_OSI}Eclipse Public License 1.0 (EPL-1.0)": "EPL-1.0",
    f"{_OSI}Eclipse Public License 2.0 (EPL-2.0)": "EPL-2.0",
    f"{_OSI}Educational Community License, Version 2.0 (ECL-2.0)": "ECL-2.0",
    f"{_OSI}European Union Public Licence 1.0 (EUPL 1.0)": "EUPL-1.0",
    f"{_OSI}European Union Public Licence 1.1 (EUPL 1.1)": "EUPL-1.1",
    f"{_OSI}European Union Public Licence 1.2 (EUPL 1.2)": "EUPL-1.2",
    f"{_OSI}GNU Affero General Public License v3 or later (AGPLv3+)": "AGPL-3.0-or-later",
    f"{_OSI}GNU General Public License v2 or later (GPLv2+)": "GPL-2.0-or-later",
    f"{_OSI}GNU General Public License v3 or later (GPLv3+)": "GPL-3.0-or-later",
    f"{_OSI}GNU Lesser General Public License v3 or later (LGPLv3+)": "LGPL-3.0-or-later",
    f"{_OSI}IBM Public License": "IPL-1.0",
    f"{_OSI}ISC License (ISCL)": "ISC",
    f"{_OSI}MIT License": "MIT",
    f"{_OSI}MIT No Attribution License (MIT-0)": "MIT-0",
    f"{_OSI}MirOS License (MirOS)": "MirOS",
    f"{_OSI}Motosoto License": "Motosoto",
    f"{_OSI}Mozilla Public License 1.0 (MPL)": "MPL-1.0",
    f"{_OSI}Mozilla Public License 1.1 (MPL 1.1)": "MPL-1.1",
    f"{_OSI}Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    f"{_OSI}Mulan Permissive Software License v2 (MulanPSL-2.0)": "MulanPSL-2.0",
    f"{_OSI}NASA Open Source Agreement v1.3 (NASA-1.3)": "NASA-1.3",
    f"{_OSI}Nethack General Public License": "NGPL",
    f"{_OSI}Open Group Test Suite License": "OGTSL",
    f"{_OSI}Open Software License 3.0 (OSL-3.0)": "OSL-3.0",
    f"{_OSI}PostgreSQL License": "PostgreSQL",
    f"{_OSI}Python License (CNRI Python License)": "CNRI-Python",
    f"{_OSI}Python Software Foundation License": "PSF-2.0",
    f"{_OSI}Qt Public License (QPL)": "QPL-1.0",
    f"{_OSI}Ricoh Source Code Public License": "RSCPL",
    f"{_OSI}SIL Open Font License 1.1 (OFL-1.1)": "OFL-1.1",
    f"{_OSI}Sleepycat License": "Sleepycat",
    f"{_OSI}Sun Public License": "SPL-1.0",
    f"{_OSI}The Unlicense (Unlicense)": "Unlicense",
    f"{_OSI}Universal Permissive License (UPL)": "UPL-1.0",
    f"{_OSI}University of Illinois/NCSA Open Source License": "NCSA",
    f"{_OSI}Vovida Software License 1.0": "VSL-1.0",
    f"{_OSI}W3C License": "W3C",
    f"{_OSI}Zero-Clause BSD (0BSD)": "0BSD",
    f"{_OSI}zlib/libpng License": "Zlib",
}
"""Classifiers that stand for one licence."""

_FAMILIES: Final[Mapping[str, str]] = {
    f"{_OSI}Academic Free License (AFL)": "AFL-",
    f"{_OSI}Apache Software License": "Apache-",
    f"{_OSI}Apple Public Source License": "APSL-",
    f"{_OSI}Artistic License": "Artistic-",
    f"{_OSI}BSD License": "BSD-",
    f"{_OSI}GNU Affero General Public License v3": "AGPL-3.0",
    f"{_OSI}GNU Free Documentation License (FDL)": "GFDL-",
    f"{_OSI}GNU General Public License (GPL)": "GPL-",
    f"{_OSI}GNU General Public License v2 (GPLv2)": "GPL-2.0",
    f"{_OSI}GNU General Public License v3 (GPLv3)": "GPL-3.0",
    f"{_OSI}GNU Lesser General Public License v2 (LGPLv2)": "LGPL-2.",
    f"{_OSI}GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.",
    f"{_OSI}GNU Lesser General Public License v3 (LGPLv3)": "LGPL-3.0",
    f"{_OSI}GNU Library or Lesser General Public License (LGPL)": "LGPL-",
    f"{_OSI}Zope Public License": "ZPL-",
    **CLASSIFIERS,
}
"""How the identifiers begin of which a classifier may stand for one."""

_WRITTEN: Final[Mapping[str, str]] = {
    "2-clause bsd": "BSD-2-Clause",
    "3-clause bsd": "BSD-3-Clause",
    "apache 2.0": "Apache-2.0",
    "apache license 2.0": "Apache-2.0",
    "apache license version 2.0": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0",
    "apache software license 2.0": "Apache-2.0",
    "bsd 2-clause": "BSD-2-Clause",
    "bsd 3-clause": "BSD-3-Clause",
    "bsd 3-clause license": "BSD-3-Clause",
    "gplv2+": "GPL-2.0-or-later",
    "gplv3+": "GPL-3.0-or-later",
    "isc license": "ISC",
    "lgplv3+": "LGPL-3.0-or-later",
    "mit license": "MIT",
    "mozilla public license 2.0": "MPL-2.0",
    "mpl 2.0": "MPL-2.0",
    "the mit license": "MIT",
    "the mit license (mit)": "MIT",
    "unlicense": "Unlicense",
    "zpl 2.1": "ZPL-2.1",
}
"""Names in ``License`` fields that leave no doubt, in lower case."""


def normal(text: str) -> str:
    """Return an SPDX licence expression in its canonical spelling, "" where the text is not one."""
    try:
        return str(canonicalize_license_expression(text)) if 0 < len(text) <= LONGEST and text.isascii() else ""
    except (InvalidLicenseExpression, ValueError, RecursionError, MemoryError):
        return ""


def spdx(expression: str | None, text: str, classifiers: Iterable[str]) -> str:
    """Return the licence that these fields of core metadata name, "" where they name none without doubt."""
    if expression is not None:
        return normal(expression)
    written = text.strip()
    named = {line for line in classifiers if line.startswith(_PREFIX)} - {f"{_PREFIX}OSI Approved"}
    found = normal(written) or _WRITTEN.get(" ".join(written.lower().split()), "")
    if found:
        words = found.replace("(", " ").replace(")", " ").split()
        return found if all(_agrees(line, words) for line in named) else ""
    return CLASSIFIERS.get(named.pop(), "") if len(named) == 1 else ""


def _agrees(classifier: str, words: Iterable[str]) -> bool:
    family = _FAMILIES.get(classifier)
    return family is not None and any(word.startswith(family) for word in words)
