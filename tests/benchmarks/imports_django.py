"""django-import-export importing a CSV file of claims, its dry run and then the import itself.

    python imports_django.py CLAIMS.csv FOLDER

in a separate environment: pip install Django==5.2.19 django-import-export==4.4.3

One table of the file's columns with a unique reference, a resource with bulk operations, its best
way; no policies, ledger or rules. Prints the seconds of both steps together.
"""

import sys
import time
from pathlib import Path

import django
import tablib
from django.conf import settings
from django.db import connection, models

file, folder = map(Path, sys.argv[1:])
settings.configure(
    INSTALLED_APPS=["import_export"],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "django.db"}},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
)
django.setup()

from import_export import resources  # noqa: E402


class Claim(models.Model):
    claim_reference = models.CharField(max_length=64, unique=True)
    policy_number = models.CharField(max_length=64, db_index=True)
    cause = models.CharField(max_length=32)
    loss_date = models.DateField(db_index=True)
    reported_date = models.DateField(db_index=True)
    paid = models.DecimalField(max_digits=18, decimal_places=2)
    outstanding = models.DecimalField(max_digits=18, decimal_places=2)
    recovered = models.DecimalField(max_digits=18, decimal_places=2)
    description = models.TextField()

    class Meta:
        app_label = "import_export"


class ClaimResource(resources.ModelResource):
    class Meta:
        model = Claim
        import_id_fields = ("claim_reference",)
        exclude = ("id",)
        use_bulk = True
        batch_size = 1000
        skip_diff = True
        use_transactions = True


with connection.schema_editor() as editor:
    editor.create_model(Claim)
start = time.perf_counter()
rows = tablib.Dataset().load(file.read_text(encoding="utf-8"), format="csv")
resource = ClaimResource()
resource.import_data(rows, dry_run=True, raise_errors=True)
resource.import_data(rows, dry_run=False, raise_errors=True)
if Claim.objects.count() != len(rows):
    raise SystemExit("not every row is there")
print(time.perf_counter() - start)
