"""Reading a licence from a release's metadata: as it says itself, and only where the older fields leave no doubt."""

from __future__ import annotations

import pytest

from proxy.simple.metadata import read

OSI = "Classifier: License :: OSI Approved :: "
CASES = [
    ("the new field", ["License-Expression: MIT"], "MIT"),
    ("spelt anyhow", ["License-Expression: mit OR apache-2.0"], "MIT OR Apache-2.0"),
    ("the new field beats the old ones", ["License-Expression: MIT", "License: GPL-3.0-only"], "MIT"),
    ("a new field that is none", ["License-Expression: My own", "License: MIT"], ""),
    ("the new field twice", ["License-Expression: MIT", "License-Expression: ISC", "License: MIT"], ""),
    ("an identifier in the old field", ["License: BSD-3-Clause"], "BSD-3-Clause"),
    ("an old spelling", ["License: Apache License, Version 2.0"], "Apache-2.0"),
    ("a family", ["License: BSD"], ""),
    ("a whole text", ["License: Permission is hereby granted", " free of charge"], ""),
    ("a classifier", [f"{OSI}MIT License"], "MIT"),
    ("a classifier of a family", [f"{OSI}BSD License"], ""),
    ("a classifier of two versions", [f"{OSI}Apache Software License"], ""),
    ("one of the GNU family, or later", [f"{OSI}GNU General Public License v3 or later (GPLv3+)"], "GPL-3.0-or-later"),
    ("one that may mean only or later", [f"{OSI}GNU General Public License v3 (GPLv3)"], ""),
    ("two classifiers", [f"{OSI}MIT License", f"{OSI}ISC License (ISCL)"], ""),
    ("a parent and its child", ["Classifier: License :: OSI Approved", f"{OSI}MIT License"], "MIT"),
    ("both agree", ["License: MIT", f"{OSI}MIT License"], "MIT"),
    ("the family agrees", ["License: Apache 2.0", f"{OSI}Apache Software License"], "Apache-2.0"),
    ("they disagree", ["License: MIT", f"{OSI}GNU General Public License v3 (GPLv3)"], ""),
    ("one of two disagrees", ["License: MIT", f"{OSI}MIT License", f"{OSI}BSD License"], ""),
    ("proprietary", ["License: MIT", "Classifier: License :: Other/Proprietary License"], ""),
    ("an expression in the old field", ["License: MIT OR ISC", f"{OSI}MIT License"], "MIT OR ISC"),
    ("nothing", [], ""),
    ("in the description", ["", "License-Expression: MIT"], ""),
]


@pytest.mark.parametrize(("lines", "licence"), [c[1:] for c in CASES], ids=[c[0] for c in CASES])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_licence_is_read_where_there_is_no_doubt(lines: list[str], licence: str, newline: str) -> None:
    text = newline.join(["Metadata-Version: 2.4", "Name: flask", "Version: 3.0", *lines, "", "words", ""])
    said = read(text.encode())
    assert (said.name, said.version, said.licence) == ("flask", "3.0", licence)


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"Name\n\n", b"License-Expression: " + b"(" * 400, b"\0" * 5000])
def test_no_bytes_make_it_raise(text: bytes) -> None:
    assert read(text).licence == ""
