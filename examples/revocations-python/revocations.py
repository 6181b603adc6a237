"""Follows the ended sessions of a Latchkey server. docs/revocations.md describes the list, page by page."""

import logging
import random
import threading
import time

import httpx


class Unavailable(Exception):
    """The list is too old to tell whether a session has ended. Answer 503: a 401 would sign the user out."""


class Revocations:
    """The ended sessions, kept in memory by a thread. `when_stale`: "refuse", or "ask" about each session."""

    def __init__(self, url, guard_key=None, stale_after=30.0, when_stale="refuse"):
        key = {"Authorization": f"Bearer {guard_key}"} if guard_key else {}
        self._http = httpx.Client(headers={"Cache-Control": "no-store", **key}, timeout=3.0)
        self._url, self._stale_after, self._when_stale = url, stale_after, when_stale
        self._ended = {}  # session id -> when to forget it, by both clocks
        self._last = None  # number and session id of the entry that was read last
        self._complete = (float("-inf"),) * 2  # when the copy was last whole, by both clocks
        self._tried = threading.Event()
        threading.Thread(target=self._run, daemon=True).start()
        self._tried.wait(3.0)

    def has_ended(self, session_id):
        if session_id in self._ended:
            return True
        if max(now - then for now, then in zip(clocks(), self._complete)) <= self._stale_after:
            return False
        if self._when_stale == "refuse":
            raise Unavailable("the list of ended sessions is out of date")
        try:
            return self._http.get(f"{self._url}/{session_id}").raise_for_status().json()["ended"] is not False
        except (httpx.HTTPError, ValueError, LookupError, TypeError) as error:
            raise Unavailable("the server did not say whether the session has ended") from error

    def _run(self):
        wait = 0.5
        while True:
            try:
                self._read()
                wait = 0.5
            except Exception as error:  # a thread that ended would never learn of another logout
                logging.getLogger(__name__).warning("ended sessions cannot be read: %r", error)
                wait = min(2 * wait, 10.0)
            self._tried.set()
            time.sleep(wait * random.uniform(0.5, 1.0))

    def _read(self):
        """Reads every new page. The copy is whole as of the time of the last request, not of its answer."""
        more = True
        while more:
            asked = clocks()
            # The last entry comes again. So a list with another entry at its number is noticed.
            after = self._last[0] - 1 if self._last else 0
            page = self._http.get(self._url, params={"after": after}).raise_for_status().json()
            entries = [(entry["number"], entry["sessionId"], entry["until"] / 1000) for entry in page["revocations"]]
            if self._last and (not entries or entries[0][:2] != self._last):
                self._last = None  # another list: it is read from 0, and known sessions stay ended
                continue
            for number, session_id, until in entries:
                left = until - asked[0]
                self._ended[session_id] = tuple(now + left + 60.0 for now in asked)
                self._last = (number, session_id)
            more = page["more"]
        self._complete = asked
        for session_id, ends in list(self._ended.items()):
            if all(now > end for now, end in zip(asked, ends)):
                del self._ended[session_id]


def clocks():
    """The wall clock can be set, and the steady clock stands still while a machine sleeps: both count."""
    return time.time(), time.monotonic()
