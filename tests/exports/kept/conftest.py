from tests.exports.conftest import golden_book, golden_template, small_book

__all__ = ["golden_book", "golden_template", "small_book"]
