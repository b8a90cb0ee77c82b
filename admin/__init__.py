"""Wicketgate's admin: what the security team and the auditor work with.

Terminal, JSON and pages are thin voices of the same verbs (:mod:`admin.actions`). Who may do what is
one table (:mod:`admin.roles`). Nothing here knows a rule or a line of SQL.
"""

from pathlib import Path

STATIC = Path(__file__).parent / "static"
"""What the pages of the admin and of the developers ship with."""
