"""What the address of a page may say: its parameters, and the as-at date that links keep."""

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from flask import Flask, current_app, g, request

from flaskr.web.parameters import (
    AsAtParameters,
    FilterError,
    Parameters,
    given_twice,
    unknown_parameter,
)
from flaskr.web.request_hooks import WITHOUT_DATABASE

_View = TypeVar("_View", bound=Callable[..., Any])


def takes(
    *parameters: str | type[Parameters], lists: Iterable[str] = ()
) -> Callable[[_View], _View]:
    """Declare the parameters in the address of a view, for every method; others it refuses.

    A name stands for a parameter that is given once. A class stands for its fields, which it parses
    itself; with an as-at date among them the page can show a cut. `lists` are the names of
    parameters that may be repeated.
    """

    def declare(view: _View) -> _View:
        view.takes, view.takes_lists = parameters, tuple(lists)  # type: ignore[attr-defined]
        return view

    return declare


def _declared(endpoint: str) -> tuple[str | type[Parameters], ...]:
    """Return what the view of an endpoint takes, without lists."""
    return getattr(current_app.view_functions[endpoint], "takes", ())


def _shows_cuts(endpoint: str) -> bool:
    """Whether a page or file can be as at a date."""
    kinds = (each for each in _declared(endpoint) if not isinstance(each, str))
    return any(issubclass(kind, AsAtParameters) for kind in kinds)


def parameters_of(endpoint: str) -> set[str]:
    """Return the names of all parameters that the view of an endpoint takes."""
    names = set(getattr(current_app.view_functions[endpoint], "takes_lists", ()))
    for each in _declared(endpoint):
        names |= {each} if isinstance(each, str) else {*each.names()}
    return names


def _check_parameters() -> None:
    """Raise FilterError for a parameter that the page does not know, or that is given twice."""
    g.cut = {}
    if request.endpoint is None or request.endpoint in WITHOUT_DATABASE:
        return
    known = parameters_of(request.endpoint)
    for name, texts in request.args.lists():
        if name not in known:
            raise unknown_parameter(name, known)
        if len(texts) > 1 and name in _declared(request.endpoint):
            raise given_twice(name)
    if _shows_cuts(request.endpoint):
        g.cut = _requested_cut()


def _requested_cut() -> dict[str, Any]:
    """Return the parameters of the cut in the address, or nothing if the page refuses them."""
    try:
        return AsAtParameters.from_address(request.args).parameters()
    except FilterError:
        return {}


def _keep_cut(endpoint: str, values: dict[str, Any]) -> None:
    """Add the cut that the page shows to a link, unless it has an as-at date, or none for today."""
    cut = g.get("cut")
    if cut and "as_at" not in values and _shows_cuts(endpoint):
        values.update(cut)


def register_page_addresses(app: Flask) -> None:
    """Check the parameters of every request, and let links between pages of a cut stay in it.

    Templates get `cut_of_page`: the parameters of the cut that the page shows, if any.
    """
    app.before_request(_check_parameters)
    app.url_defaults(_keep_cut)
    app.add_template_global(lambda: g.get("cut", {}), "cut_of_page")
