from flaskr.audit.presenters import Change, changes_of


def test_values_are_formatted_as_on_other_pages():
    before = '{"role": "viewer", "is_active": true, "cancelled_on": null}'
    after = (
        '{"role": "claims_handler", "is_active": false, "cancelled_on": "2024-06-01", "files": '
        '["a_b.csv, 7 bytes", "c.csv"], "totals": {"paid": "1234.50"}, "claims": 1234567, '
        '"undone_by_import": 1234, "note": "", "policyholder": "changed"}'
    )

    assert changes_of(before, after) == [
        Change("role", "viewer", "claims handler"),
        Change("is active", "yes", "no"),
        Change("cancelled on", "–", "2024-06-01"),
        Change("files", None, "a_b.csv, 7 bytes, c.csv"),
        Change("totals", None, "paid 1\u202f234.50"),
        Change("claims", None, "1\u202f234\u202f567"),
        Change("undone by import", None, "1234"),
        Change("note", None, "–"),
        Change("policyholder", None, "changed", is_value_hidden=True),
    ]
    assert changes_of(None, None) == []
    assert changes_of('{"cause": "fire"}', None) == [Change("cause", "fire", None)]
