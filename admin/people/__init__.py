"""People: how they prove who they are, and for how long that counts.

One matter a file: passwords, one-time codes, passkeys, OpenID Connect; sessions, limits, refusals. Nothing here
decides who may do what (:mod:`admin.roles`), and nothing shows a page.
"""
