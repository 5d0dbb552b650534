from tests.exports.conftest import golden_book, small_book

__all__ = ["golden_book", "small_book"]
