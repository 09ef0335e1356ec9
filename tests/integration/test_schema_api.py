"""docs/openapi.yaml has the collections as the database has them, each column with its type and words."""

import sys

import pytest
from harness.instance import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import openapi_rows  # noqa: E402

pytestmark = pytest.mark.schema


def test_the_file_has_the_columns_that_the_views_have(db):
    text, missing = openapi_rows.written(ROOT, db.superuser.rows(openapi_rows.SQL))
    assert missing == []
    assert text == (ROOT / "docs/openapi.yaml").read_text(), "the views are others: tools/openapi.py --write"
