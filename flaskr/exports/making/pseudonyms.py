"""Replace a column of names by pseudonyms, in the isolated process."""

import pyarrow as pa

from flaskr.files.formats import ExportError
from flaskr.values.pseudonyms import Pseudonyms


def pseudonyms_of(names: pa.Array, key: str | None) -> pa.Array:
    """Return the pseudonyms of a batch of names, computed once per distinct name.

    Raises ExportError without a key, so that a file never has names by mistake.
    """
    if not key:
        raise ExportError("There is no key for pseudonyms, so no file was made.")
    coded = names.cast(pa.string()).dictionary_encode()
    hidden = Pseudonyms(key).of(coded.dictionary.to_pylist())
    return pa.array(hidden, pa.string()).take(coded.indices)
