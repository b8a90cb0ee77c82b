"""Wicketgate's proxy: what installers talk to, and the decision behind it.

The rooms and the direction of imports are kept by the import contract in ``pyproject.toml``:
nouns at the bottom (:mod:`proxy.model`, :mod:`proxy.errors`), the pure mind above them
(:mod:`proxy.policy`, :mod:`proxy.simple`, :mod:`proxy.locks`), then hands, errands, doors and the front.
"""
