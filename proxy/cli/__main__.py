"""``python -m proxy.cli`` is ``wicketgate``."""

from proxy.cli import main

main()
