"""The error tree. Every error says what happened, where, why, and (``hint``) what to do next.

ShopLensError
├── ConfigError                 a setting is missing or makes no sense
├── MissingExtraError           an optional package is not installed
├── FeedError                   a feed as a whole cannot be read
│   ├── FeedFormatError         its kind is unknown, or its columns are
│   └── FeedRefusedError        it may not be read from there
├── PictureError                one picture is rejected
│   └── FetchRefusedError       its address may not be fetched
├── QueryError                  a query cannot be understood
│   ├── FilterError             its filter cannot be parsed
│   └── UnknownFieldError       it names a field that no product has
├── NotFoundError               a product or a picture is not in the shop
├── ProductChangedError         a product is not as the change was made for
├── JobStateError               a job is not in a state in which that can be done
├── RuleError                   a merchandising rule cannot be understood
│   └── RuleConflictError       somebody else has changed it meanwhile
├── ShopError                   the shop's folder cannot be used
│   ├── ShopNotFoundError       there is no shop in the folder
│   ├── ShopLockedError         another process is writing to it
│   ├── BackupError             a backup is torn or changed, or cannot be written or put in place
│   └── StoreError              the store refuses: full, read-only, damaged, too new
├── RemovalGuardError           a feed would remove more of the catalogue than is allowed
├── EncoderError                an encoder cannot be loaded or run
│   ├── SpaceMismatchError      an index was built in another space
│   ├── SpaceIncompleteError    products lack a vector in the space that is to serve
│   └── SpaceInUseError         the space is the one that serves, and stays
└── EvaluationError             queries, judgements or runs cannot be used
"""

from __future__ import annotations


class ShopLensError(Exception):
    """Base of all errors that ShopLens raises on purpose.

    Args:
        message: what happened, in one sentence, without a full stop being required.
        where: the file, row, field or setting concerned.
        hint: what the reader can do next; a command where there is one.
    """

    code = "error"

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text} ({self.hint})" if self.hint else text

    def __reduce__(self) -> tuple[object, ...]:
        # Errors cross the border of decode processes; the keyword arguments must survive pickling.
        return (_rebuild, (type(self), self.message, self.where, self.hint, self.__dict__.copy()))


def _rebuild(
    kind: type[ShopLensError], message: str, where: str | None, hint: str | None, state: dict[str, object]
) -> ShopLensError:
    error = kind.__new__(kind)
    ShopLensError.__init__(error, message, where=where, hint=hint)
    error.__dict__.update(state)
    return error


class ConfigError(ShopLensError):
    """A setting is missing or makes no sense."""

    code = "config"


class MissingExtraError(ShopLensError):
    """An optional package is not installed; the hint is the pip command that mends it."""

    code = "missing_extra"

    def __init__(self, what: str, *, extra: str, where: str | None = None) -> None:
        super().__init__(
            f"{what} needs the optional part '{extra}', which is not installed",
            where=where,
            hint=f"run: pip install 'shoplens[{extra}]'",
        )
        self.extra = extra


class FeedError(ShopLensError):
    """A feed as a whole cannot be read (a single bad row is a RowProblem, not an error)."""

    code = "feed"


class FeedFormatError(FeedError):
    """The kind of the feed, its encoding or its columns are not recognised."""

    code = "feed_format"


class FeedRefusedError(FeedError):
    """A feed may not be read from that path or address."""

    code = "feed_refused"


class PictureError(ShopLensError):
    """One picture is rejected. ``reason`` is a stable word: see the reference of pictures."""

    code = "picture"

    def __init__(
        self, message: str, *, reason: str = "broken", where: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message, where=where, hint=hint)
        self.reason = reason


class FetchRefusedError(PictureError):
    """The address of a picture may not be fetched (not public, too many redirects, wrong scheme)."""

    code = "fetch_refused"

    def __init__(self, message: str, *, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, reason="refused", where=where, hint=hint)


class QueryError(ShopLensError):
    """A query cannot be understood."""

    code = "query"


class FilterError(QueryError):
    """A filter cannot be parsed. ``position`` is the character at which understanding ended."""

    code = "filter"

    def __init__(self, message: str, *, position: int = 0, where: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, where=where, hint=hint)
        self.position = position


class UnknownFieldError(QueryError):
    """A filter, facet or sort names a field that no product has."""

    code = "unknown_field"


class NotFoundError(ShopLensError):
    """A product or a picture is not in the shop."""

    code = "not_found"


class ProductChangedError(ShopLensError):
    """A product is not as the change was made for: somebody else has changed it meanwhile."""

    code = "product_changed"


class JobStateError(ShopLensError):
    """A job is not in a state in which that can be done."""

    code = "job_state"


class RuleError(ShopLensError):
    """A merchandising rule cannot be understood, or names what no product has."""

    code = "rule"


class RuleConflictError(RuleError):
    """A rule has another version than the change was made for: somebody else has changed it meanwhile."""

    code = "rule_conflict"


class ShopError(ShopLensError):
    """The shop's folder cannot be used."""

    code = "shop"


class ShopNotFoundError(ShopError):
    """There is no shop in the folder."""

    code = "shop_not_found"


class ShopLockedError(ShopError):
    """Another process holds the lock that this work needs."""

    code = "shop_locked"


class BackupError(ShopError):
    """A backup is torn or changed, or cannot be written or put in place."""

    code = "backup"


class StoreError(ShopError):
    """The store refuses: disk full, read-only, damaged, or written by a newer version."""

    code = "store"


class RemovalGuardError(ShopLensError):
    """A feed would remove more of the catalogue than is allowed in one go."""

    code = "removal_guard"


class EncoderError(ShopLensError):
    """An encoder cannot be loaded or run."""

    code = "encoder"


class SpaceMismatchError(EncoderError):
    """An index or a stored vector belongs to another space than the encoder in use."""

    code = "space_mismatch"


class SpaceIncompleteError(EncoderError):
    """Products lack a vector in the space of the encoder that is to serve."""

    code = "space_incomplete"


class SpaceInUseError(EncoderError):
    """The space is the one in which the shop is searched; its vectors stay."""

    code = "space_in_use"


class EvaluationError(ShopLensError):
    """Queries, judgements or runs cannot be used."""

    code = "evaluation"
