"""What the columns of a list mean: those of five services, and what people call them themselves.

Before it: a file's first line. After it: `reading`. Whatever is not named here is not taken over.
"""

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


class Standing(enum.Enum):
    """How somebody stood on the list that a row comes from."""

    READS = "reads"
    LEFT = "left"
    UNCONFIRMED = "unconfirmed"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    BARRED = "barred"


class Meaning(enum.Enum):
    """What a column says."""

    EMAIL = "email"
    NAME = "name"
    FIRST_NAME = "first-name"
    LAST_NAME = "last-name"
    SINCE = "since"
    STATUS = "status"


class UnknownStatusError(ValueError):
    """A word that says how somebody stood, and that nobody here knows."""


# The first of them that a file has is taken.
_NAMES: dict[Meaning, tuple[str, ...]] = {
    Meaning.EMAIL: ("email address", "email_address", "email", "e-mail", "e-mail address"),
    Meaning.NAME: ("name", "full name", "full_name"),
    Meaning.FIRST_NAME: ("first name", "first_name", "fname"),
    Meaning.LAST_NAME: ("last name", "last_name", "lname", "surname"),
    # Confirming is closer to an agreement than asking, and asking than a row's making.
    Meaning.SINCE: (
        *("confirm_time", "optin_time", "confirmed_at", "subscribed_at"),
        *("creation_date", "created_at", "created"),
    ),
    Meaning.STATUS: ("status", "type"),
}

# Mailchimp, listmonk and Buttondown say it in a word.
_WORDS: dict[Standing, str] = {
    Standing.READS: "subscribed enabled active regular premium gifted trialed churning churned "
    "past_due unpaid confirmed",
    Standing.LEFT: "unsubscribed disabled removed inactive paused archived spammy",
    Standing.UNCONFIRMED: "unactivated unconfirmed pending nonsubscribed non-subscribed "
    "transactional upcoming",
    Standing.BOUNCED: "cleaned bounced undeliverable",
    Standing.COMPLAINED: "complained",
    # As listmonk writes it, old and new, and as a list of this house does.
    Standing.BARRED: "blocklisted blacklisted blocked suppressed",
}
_STANDINGS = {word: standing for standing, words in _WORDS.items() for word in words.split()}

# Mailchimp and Ghost: a time says that it happened. Ghost and Substack: yes or no.
_TIMES = {
    "unsub_time": Standing.LEFT,
    "clean_time": Standing.BOUNCED,
    "deleted_at": Standing.LEFT,
    "unsubscribed_at": Standing.LEFT,
    "unsubscription_date": Standing.LEFT,
}
_FLAGS = {"subscribed_to_emails": "false", "email_disabled": "true"}

_KEPT = ("'=", "'+", "'-", "'@")

# By what only their files have together.
_SERVICES = {
    "Mailchimp": {"leid", "euid"},
    "Ghost": {"email", "subscribed_to_emails"},
    "Substack": {"email", "active_subscription"},
    "listmonk": {"uuid", "email", "status"},
    "Buttondown": {"creation_date", "type"},
}


@dataclass(frozen=True, slots=True)
class Columns:
    """At which place of a row what stands. `service` is who wrote the file, where that is known."""

    service: str
    places: Mapping[Meaning, int]
    ends: Mapping[str, int]

    def reader(self, meaning: Meaning) -> Callable[[Sequence[str]], str]:
        """Return what reads of a row what a column says.

        That is empty where the file has no such column, or the row is short.
        """
        place = self.places.get(meaning)
        if place is None:
            return lambda _row: ""

        def value(row: Sequence[str]) -> str:
            told = row[place].strip() if place < len(row) else ""
            # What kept a spreadsheet from taking it for a formula.
            return told[1:] if told.startswith(_KEPT) else told

        return value

    def standing(self) -> Callable[[Sequence[str]], Standing]:
        """Return what reads of a row how somebody stood on the list. Raises: UnknownStatusError."""
        status, ends = self.reader(Meaning.STATUS), self.ends.items()

        def standing(row: Sequence[str]) -> Standing:
            for name, place in ends:
                told = row[place].strip().lower() if place < len(row) else ""
                if name in _TIMES and told:
                    return _TIMES[name]
                if name in _FLAGS and told == _FLAGS[name]:
                    return Standing.LEFT
            word = status(row).lower()
            if not word:
                return Standing.READS
            if word not in _STANDINGS:
                raise UnknownStatusError(word)
            return _STANDINGS[word]

        return standing


def understand(header: Sequence[str], given: Mapping[Meaning, str]) -> Columns:
    """Return what a file's columns mean; `given` names some of them, or, empty, says there is none.

    Raises: KeyError with the name of a column that the file does not have.
    """
    names = [name.strip().casefold() for name in header]
    places = {}
    for meaning, usual in _NAMES.items():
        told = given.get(meaning)
        known = usual if told is None else (told.strip().casefold(),)
        found = [names.index(name) for name in known if name in names]
        if told and not found:
            raise KeyError(told)
        if found and told != "":
            places[meaning] = found[0]
    if Meaning.EMAIL not in places:
        raise KeyError("email")
    service = next((name for name, has in _SERVICES.items() if has <= set(names)), "")
    ends = {name: names.index(name) for name in (*_TIMES, *_FLAGS) if name in names}
    return Columns(service, places, ends)
