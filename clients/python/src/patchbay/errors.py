"""What can go wrong, a class for each kind of error of the protocol; all are `PatchbayError`s."""

from __future__ import annotations

from typing import Any, ClassVar, Dict, Mapping, Optional, Type


class PatchbayError(Exception):
    """An error of the server, or of the connection to it.

    `str(error)` is one sentence for a person, `kind` is for code, `hint` says what the person can do, and `data` holds
    what else is known: `provider`, `model`, `status`, `retryAfterMs` and more.
    """

    kind: ClassVar[str] = ""

    def __init__(self, message: str, code: int = 0, data: Optional[Mapping[str, Any]] = None) -> None:
        super().__init__(message)
        self.code = code
        self.data: Mapping[str, Any] = data or {}

    @property
    def hint(self) -> Optional[str]:
        """What the person can do about it."""
        return self.data.get("hint")

    @property
    def retry_after(self) -> Optional[float]:
        """How long the provider asked to wait, in seconds."""
        milliseconds = self.data.get("retryAfterMs")
        return None if milliseconds is None else float(milliseconds) / 1000


class BinaryNotFoundError(PatchbayError):
    """The program `patchbay` is not where it was looked for."""

    kind = "binaryNotFound"


class ServerExitedError(PatchbayError):
    """The server ended before it had answered. The next call starts another one."""

    kind = "serverExited"


class ParseError(PatchbayError):
    """The message is not JSON; the response has `id: null`."""

    kind = "parse"


class InvalidRequestError(PatchbayError):
    """JSON, but no JSON-RPC request; an id still in flight; a message over the limit; anything after `shutdown`."""

    kind = "invalidRequest"


class MethodNotFoundError(PatchbayError):
    """There is no such method."""

    kind = "methodNotFound"


class InvalidParamsError(PatchbayError):
    """A parameter is missing, unknown or of the wrong shape; `data.path` names it."""

    kind = "invalidParams"


class InternalError(PatchbayError):
    """A fault in the server."""

    kind = "internal"


class NotInitializedError(PatchbayError):
    """`initialize` has to come first."""

    kind = "notInitialized"


class CancelledError(PatchbayError):
    """The client cancelled the request."""

    kind = "cancelled"


class AuthRequiredError(PatchbayError):
    """There is no usable credential, or it has expired and cannot be renewed."""

    kind = "authRequired"


class AuthRejectedError(PatchbayError):
    """The provider refused the credential (HTTP 401, 403)."""

    kind = "authRejected"


class RateLimitedError(PatchbayError):
    """The provider wants fewer requests (HTTP 429)."""

    kind = "rateLimited"


class OverloadedError(PatchbayError):
    """The provider has too much to do (HTTP 503, 529)."""

    kind = "overloaded"


class QuotaExceededError(PatchbayError):
    """Credits or plan are used up (HTTP 402)."""

    kind = "quotaExceeded"


class ContextOverflowError(PatchbayError):
    """The input is longer than the model takes."""

    kind = "contextOverflow"


class ModelNotFoundError(PatchbayError):
    """The provider has no such model."""

    kind = "modelNotFound"


class ProviderNotFoundError(PatchbayError):
    """There is no such provider."""

    kind = "providerNotFound"


class SessionNotFoundError(PatchbayError):
    """There is no such session."""

    kind = "sessionNotFound"


class ContentFilteredError(PatchbayError):
    """The provider blocked the request before any output."""

    kind = "contentFiltered"


class UpstreamInvalidError(PatchbayError):
    """The provider's answer is malformed, cut off or empty."""

    kind = "upstreamInvalid"


class UpstreamErrorError(PatchbayError):
    """Any other error of the provider, also in the middle of a stream."""

    kind = "upstreamError"


class TimeoutError(PatchbayError):
    """A limit of `timeout` was reached; `data.phase` says which."""

    kind = "timeout"


class NetworkError(PatchbayError):
    """The provider could not be reached, or the connection broke: DNS, TLS, refused, reset."""

    kind = "network"


class BusyError(PatchbayError):
    """The thread is already completing (`data.completionId` says what), or the account is already being logged in."""

    kind = "busy"


class StorageError(PatchbayError):
    """A file could not be read or written; the message names it."""

    kind = "storage"


class UnsupportedError(PatchbayError):
    """This version, the provider or the model cannot do what was asked; `data.path` names the field."""

    kind = "unsupported"


class EngineBusyError(PatchbayError):
    """Too many completions at once; try again later."""

    kind = "engineBusy"


class BudgetExceededError(PatchbayError):
    """The completion would cost more than it may. In this version only `echo` ends so, when told to."""

    kind = "budgetExceeded"


class LoginFailedError(PatchbayError):
    """A login was denied, took too long, or what came back does not belong to it."""

    kind = "loginFailed"


BY_KIND: Dict[str, Type[PatchbayError]] = {
    error.kind: error
    for error in (
        ParseError,
        InvalidRequestError,
        MethodNotFoundError,
        InvalidParamsError,
        InternalError,
        NotInitializedError,
        CancelledError,
        AuthRequiredError,
        AuthRejectedError,
        RateLimitedError,
        OverloadedError,
        QuotaExceededError,
        ContextOverflowError,
        ModelNotFoundError,
        ProviderNotFoundError,
        SessionNotFoundError,
        ContentFilteredError,
        UpstreamInvalidError,
        UpstreamErrorError,
        TimeoutError,
        NetworkError,
        BusyError,
        StorageError,
        UnsupportedError,
        EngineBusyError,
        BudgetExceededError,
        LoginFailedError,
    )
}
"""The class of each kind of error of the protocol."""


def from_wire(error: Mapping[str, Any]) -> PatchbayError:
    """The exception for the `error` of a response."""
    data = error.get("data") or {}
    # A later version of the protocol may have kinds that this one does not know.
    return BY_KIND.get(data.get("kind", ""), PatchbayError)(error["message"], error["code"], data)
