from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flaskr.errors import ClaimBookError, MoneyError
from flaskr.values.money import (
    LARGEST_BALANCE,
    checked_amount,
    format_money,
    from_ore,
    parse_money,
    to_ore,
)

MOST_ORE = 999_999_999_999_999_999
ore = st.integers(-MOST_ORE, MOST_ORE)


@given(ore)
def test_ore_and_back_is_exact(number):
    assert to_ore(from_ore(number)) == number
    assert from_ore(number).as_tuple().exponent == -2


@given(ore)
def test_plain_digits_read_back(number):
    assert parse_money(f"{from_ore(number):f}") == from_ore(number)


@given(ore)
def test_what_a_page_shows_can_be_typed_back(number):
    assert parse_money(format_money(from_ore(number))) == from_ore(number)


@given(st.text(max_size=80) | st.text(alphabet="0123456789 ,.-+\u2212\u00a0e", max_size=80))
def test_any_text_is_read_exactly_or_refused(text):
    try:
        amount = parse_money(text)
    except MoneyError:
        return

    assert to_ore(amount) == amount * 100


@given(st.decimals())
def test_any_decimal_is_kept_exactly_or_refused(amount):
    try:
        checked = checked_amount(amount)
    except MoneyError:
        return

    assert checked == amount
    assert checked.as_tuple().exponent == -2


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("12345.50", "12345.50"),
        ("12345,50", "12345.50"),
        ("12 345,50", "12345.50"),
        ("12\u00a0345,5", "12345.50"),
        ("12\u202f345", "12345.00"),
        ("1\u2009234\u2009567.01", "1234567.01"),
        ("-1,00", "-1.00"),
        ("\u22121 000,00", "-1000.00"),
        ("+7", "7.00"),
        ("007", "7.00"),
        ("-0", "0.00"),
        (" 5 \n", "5.00"),
        ("9999999999999999.99", "9999999999999999.99"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1.234.567,50", "1234567.50"),
        ("12.345.678,90", "12345678.90"),
        ("12,345,678", "12345678.00"),
        ("1,234.500", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1\u2019234\u2019567", "1234567.00"),
        ("1234.5000", "1234.50"),
        ("12345,0000", "12345.00"),
        ("0.500", "0.50"),
        ("1 234,500", "1234.50"),
        ("300.29999999999995", "300.30"),
        ("0.30000000000000004", "0.30"),
        ("(100.00)", "-100.00"),
        ("(1 234,50)", "-1234.50"),
        ("1-", "-1.00"),
        ("- 1", "-1.00"),
        ("\u20135", "-5.00"),
    ],
)
def test_amounts_are_read_as_people_write_them(text, amount):
    assert str(parse_money(text)) == amount


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "-", "+", "+-1", "--1", "-1-", "-(1)", "(1", "1)", "(-1)", "1,234", "1.234"),
        *("12,34,567.50", "1.234.56", "1,234,567.891", "1 234.567,50", "1'234 567", "12345,000"),
        *("33.333", "33.333333333333336", "1234.5678", "0.3000000001", "1234567890123.4567"),
        *("1e3", "1E3", "NaN", "Infinity", "-inf", "0x10", "1_000", "12 34", "1 2345", "1  234"),
        *(".5", "5.", "1,5,5", "0.001", "10000000000000000", "\u0661", "\uff11", "1" + " 000" * 20),
        *("9" * 40, "1" + "0" * 5000, "kr 5", "5 SEK", "k-r 5", "5 kg", "5 %"),
    ],
)
def test_text_that_is_not_an_amount_or_is_ambiguous_is_refused(text):
    with pytest.raises(MoneyError):
        parse_money(text)


@pytest.mark.parametrize("text", ["SEK 1 234,50", "1.234,50 kr", "kr 1234.50", "1234.50sek"])
@pytest.mark.parametrize("sign", ["", "-", "\u2212"])
def test_an_amount_may_have_the_currency_of_the_book(text, sign):
    assert parse_money(sign + text, "SEK") == Decimal(sign.replace("\u2212", "-") + "1234.50")


@pytest.mark.parametrize(
    ("text", "currency", "amount"),
    [
        ("12:-", "SEK", "12.00"),
        ("12 345:-", "SEK", "12345.00"),
        ("100,-", "NOK", "100.00"),
        ("100 kr.", "DKK", "100.00"),
        ("kr -5", "SEK", "-5.00"),
        ("(5 kr)", "SEK", "-5.00"),
        ("12 kronor", "SEK", "12.00"),
        ("\u20ac1,234.50", "EUR", "1234.50"),
        ("1.234,50\u00a0\u20ac", "EUR", "1234.50"),
        ("$5", "USD", "5.00"),
        ("-$5", "CAD", "-5.00"),
        ("\u00a35", "GBP", "5.00"),
        ("EUR 5 \u20ac", "EUR", "5.00"),
    ],
)
def test_an_amount_may_have_a_sign_of_the_currency(text, currency, amount):
    assert str(parse_money(text, currency)) == amount


@pytest.mark.parametrize(
    ("text", "currency", "other"),
    [
        ("100 EUR", "SEK", "EUR"),
        ("\u20ac 100", "SEK", "EUR"),
        ("100 nok", "SEK", "NOK"),
        ("$100", "SEK", "USD"),
        ("100 kr", "EUR", "SEK"),
        ("100:-", "EUR", "SEK"),
        ("SEK 100 EUR", "SEK", "EUR"),
        ("zł 5", "SEK", "PLN"),
    ],
)
def test_an_amount_in_another_currency_is_refused_by_name(text, currency, other):
    with pytest.raises(MoneyError, match=f"The book is kept in {currency}.* is in {other}"):
        parse_money(text, currency)


@pytest.mark.parametrize(("text", "whole"), [("1,234", "1234"), ("12.345", "12345")])
def test_an_amount_with_two_readings_is_refused_with_a_way_to_write_it(text, whole):
    with pytest.raises(MoneyError, match=f"Write it as {whole}.00"):
        parse_money(text)


@pytest.mark.parametrize(
    "amount",
    [
        *("NaN", "sNaN", "Infinity", "-Infinity", "0.001", "-0.005", "1E-999999", "9E+999999"),
        *("1.000000000000000000000000000001", "10000000000000000.00", "-10000000000000000"),
        "9999999999999999.990000000000000000000000000000001",
    ],
)
def test_an_amount_the_book_cannot_hold_exactly_is_refused(amount):
    with pytest.raises(MoneyError):
        to_ore(Decimal(amount))


@pytest.mark.parametrize("amount", ["1", "1E+2", "1.0", "1.000", "-0", "1.2300000"])
def test_an_amount_is_kept_with_two_places_however_it_was_written(amount):
    checked = checked_amount(Decimal(amount))

    assert checked == Decimal(amount)
    assert checked.as_tuple().exponent == -2
    assert not (checked == 0 and checked.is_signed())


@pytest.mark.parametrize("amount", [1.0, 1, "1.00", None, True])
def test_an_amount_is_a_decimal_and_nothing_else(amount):
    with pytest.raises(MoneyError, match="Decimal"):
        checked_amount(amount)


def test_three_times_ten_ore_are_thirty():
    assert sum([parse_money("0.10")] * 3) == Decimal("0.30")


def test_a_refused_amount_says_how_to_write_it_and_is_not_repeated_at_length():
    with pytest.raises(ClaimBookError, match="write it as 12345.50 or 12 345,50") as refused:
        parse_money("x" * 10_000)

    assert len(str(refused.value)) < 120


def test_the_largest_balance_has_eighteen_digits():
    assert to_ore(LARGEST_BALANCE) == MOST_ORE
    assert (
        format_money(-LARGEST_BALANCE) == "\u22129\u202f999\u202f999\u202f999\u202f999\u202f999.99"
    )


@pytest.mark.parametrize("text", ["0.125", "0,125", "001.234"])
def test_a_mark_before_three_digits_separates_decimals_where_it_can_part_no_thousands(text):
    with pytest.raises(MoneyError, match="at most two decimals"):
        parse_money(text)
