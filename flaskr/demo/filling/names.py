"""Made-up names of policyholders, from Faker's Swedish lists."""

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
    """The words that names consist of, as Arrow arrays."""

    given: Any
    surnames: Any
    suffixes: Any

    def names(self, line: Array, given: Array, surname: Array) -> Any:
        """Return a name for each pair of numbers: a company's for the lines that companies buy."""
        is_company = pa.array(np.isin(line, COMPANIES))
        surnames = _words_at(self.surnames, surname)
        people = pc.binary_join_element_wise(_words_at(self.given, given), surnames, " ")
        companies = pc.binary_join_element_wise(surnames, _words_at(self.suffixes, given), " ")
        return pc.if_else(is_company, companies, people)


def _words_at(words: Any, numbers: Array) -> Any:
    """Return the words at any numbers, modulo the length of the list."""
    return words.take(pa.array(numbers % len(words)))


def name_words() -> NameWords:
    """Return the words, sorted, because the order of a set differs between runs."""
    given = {*Provider.first_names_male, *Provider.first_names_female}
    return NameWords(
        pa.array(sorted(given)),
        pa.array(sorted({*Provider.last_names})),
        pa.array(COMPANY_SUFFIXES),
    )
