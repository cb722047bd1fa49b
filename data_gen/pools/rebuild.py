"""Samples the name pools from Faker; `python -m data_gen.pools.rebuild [LOCALE ...]` renews frozen ones, the default unless others are named.

Called by hand for the frozen locales and at run time for any other one; never draws a name per row.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import faker

SIZES = {"first_female": 400, "first_male": 400, "last": 800, "city": 120}
_UNSAFE = set(",\"\r\n'|;<>&\\")


def sample(locale: str) -> dict[str, Any]:
    """Draw the pools of one locale.

    Names with a comma, quote, markup or line break are left out, so that they can be joined into cells.
    Raises AttributeError when Faker does not know the locale.
    """
    fake = faker.Faker(locale, use_weighting=False)
    fake.seed_instance(20260801)
    for provider in fake.get_providers():
        # Faker 40 lists the cities of it_IT in the order of a set, which differs between processes: until it does not any more.
        if isinstance(getattr(provider, "cities", None), list):
            provider.cities = sorted(provider.cities)
    sources = {
        "first_female": fake.first_name_female,
        "first_male": fake.first_name_male,
        "last": fake.last_name,
        "city": fake.city,
    }
    pools: dict[str, Any] = {"locale": locale, "faker": faker.VERSION}
    for name, draw in sources.items():
        found = {str(draw()).strip() for _ in range(SIZES[name] * 12)}
        clean = sorted(text for text in found if text and not _UNSAFE & set(text))
        pools[name] = clean[: SIZES[name]]
    return pools


if __name__ == "__main__":
    for name in sys.argv[1:] or ["en_US"]:
        target = Path(__file__).with_name(f"{name}.json")
        target.write_text(json.dumps(sample(name), ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
