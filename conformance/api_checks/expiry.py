"""Whether a token opens anything once its life is over: the run's first one when it has ended by then, or one that is given.

Put after all other checks. Waits only as long as it was told to.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.notices import Notice
from conformance.registry import Skip, check
from conformance.run import Run, at
from conformance.sign_in import claims_of

GRACE_S = 300.0
"""Providers forgive clocks that differ by minutes, so a token is taken for ended only after so long, or after another of its lives."""


def _ended(run: Run) -> tuple[str, str]:
    """A token whose life is over, and its stand-in for a curl line."""
    given, now = run.sign_in.endpoint.expired_token, run.sign_in.clock()
    if given:
        end = claims_of(given).get("exp")
        if given in (run.sign_in.first, run.sign_in.token) or (isinstance(end, int | float) and end > now - GRACE_S):
            raise Skip("the token that was given as expired is still good")
        return given, '-H "Authorization: Bearer $ONEROSTER_EXPIRED_TOKEN"'
    if run.sign_in.endpoint.auth != "oauth2":
        raise Skip("this run has no token of OAuth 2 (give one that has run out as ONEROSTER_EXPIRED_TOKEN)")
    life = run.sign_in.first_life
    if life is None:
        raise Skip("the token answer does not tell how long its token lives (give one that has run out as ONEROSTER_EXPIRED_TOKEN)")
    left = life.began + life.most_s + min(GRACE_S, life.most_s) - now
    if left > run.patience_s:
        raise Skip(f"the run's token lives for {life.most_s:.0f} s, longer than the run (--wait-for-expiry, or one that has run out in ONEROSTER_EXPIRED_TOKEN)")
    if left > 0:
        run.probe.pause(left)
    return run.sign_in.first, '-H "Authorization: Bearer $ONEROSTER_EXPIRED_TOKEN"'


@check(
    "auth.expired-token-refused", severity="error", section="RFC 6750 3.1; RFC 6749 1.5", last=True,
    why="A token that was once stolen, or stands in an old log, reads the roster for ever.",
)  # fmt: skip
def an_expired_token_is_refused(run: Run) -> Iterator[Notice]:
    """A read with a token whose life is over is answered with 401."""
    token, hint = _ended(run)
    answer = run.probe.send("GET", run.probe.url("/orgs?limit=1"), headers={"Authorization": f"Bearer {token}"}, auth_hint=hint, cookies=False)
    if answer.status == 200:
        yield at(answer, "an expired token opens the API", expected="401", observed="200")
    elif answer.status != 401:
        yield at(answer, "an expired token is refused otherwise", expected="401", observed=str(answer.status), severity="warning")
