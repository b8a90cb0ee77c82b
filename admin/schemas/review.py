"""Reviews: what the API and the pages tell of a project and of who asked for it."""

from __future__ import annotations

from admin.actions import Review
from admin.schemas.inbox import ask_data, demand_data


def review_data(review: Review) -> dict[str, object]:
    """Return a review as JSON data: the facts, the wishes that wait, and what was refused (None: nothing)."""
    return review.data | {
        "requests": [ask_data(ask) for ask in review.asks],
        "refused": next((demand_data(line) for line in review.demand), None),
    }
