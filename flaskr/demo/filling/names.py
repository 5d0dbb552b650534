"""Made-up names of policyholders, put together from Faker's Swedish lists."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from faker.providers.person.sv_SE import Provider

from flaskr.demo.filling.days import Array
from flaskr.demo.filling.policies import COMPANIES
from flaskr.demo.profiles import COMPANY_SUFFIXES


@dataclass(frozen=True)
class NameWords:
    """What names are made of, as Arrow text."""

    given: Any
    surnames: Any
    suffixes: Any

    def names(self, line: Array, given: Array, surname: Array) -> Any:
        """Return a name for each pair of numbers: a company's on the lines that companies buy."""
        is_company = pa.array(np.isin(line, COMPANIES))
        surnames = _picked(self.surnames, surname)
        people = pc.binary_join_element_wise(_picked(self.given, given), surnames, " ")
        companies = pc.binary_join_element_wise(surnames, _picked(self.suffixes, given), " ")
        return pc.if_else(is_company, companies, people)


def _picked(listed: Any, numbers: Array) -> Any:
    """Return the words that any numbers stand for, round and round the list."""
    return listed.take(pa.array(numbers % len(listed)))


def name_words() -> NameWords:
    """Return the words, sorted: a set's own order would change from run to run."""
    given = {*Provider.first_names_male, *Provider.first_names_female}
    return NameWords(
        pa.array(sorted(given)),
        pa.array(sorted({*Provider.last_names})),
        pa.array(COMPANY_SUFFIXES),
    )
