"""A data folder with reported results, for tests: the records they need, and a way to write a protocol."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from fmgraph.records.evaluation_files import COLUMNS

RECORDS = {
    "model/one.yaml": "label: One\nscope: general\n",
    "model/two.yaml": "label: Two\nscope: general\n",
    "model/one-small.yaml": "label: One small\nscope: general\nsource: https://e.org/\nat: x\n"
    "variant_of: one\n",
    "dataset/d.yaml": "label: D\n",
    "dataset/e.yaml": "label: E\n",
    "task/classification.yaml": "label: classification\n",
    "metric/accuracy.yaml": 'label: accuracy\nhigher_is_better: "true"\nminimum: "0"\nmaximum: "1"\n',
    "metric/error.yaml": 'label: error\nhigher_is_better: "false"\nminimum: "0"\nmaximum: "1"\n',
    "metric/not-stated.yaml": "label: not stated\n",
    "setting/zero-shot.yaml": "label: zero-shot\n",
    "setting/fine-tuned.yaml": "label: fine-tuned\n",
}
PROTOCOL = "label: A table\ndefinition: Run by nobody.\nsource: https://example.org/table\n"
RESULT = {
    "model": "model/one",
    "dataset": "d",
    "task": "classification",
    "metric": "accuracy",
    "setting": "zero-shot",
    "printed": "0.5",
    "scale": "fraction",
    "reporter": "third-party",
    "at": "row 1",
}


def write_protocol(data: Path, slug: str, results: list[dict[str, str]], fields: str = PROTOCOL) -> None:
    folder = data / "evaluation"
    folder.mkdir(exist_ok=True)
    (folder / f"{slug}.yaml").write_text(fields, encoding="utf-8")
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, result in enumerate(results, 1):
        writer.writerow({"id": f"{slug}-{number:03d}", **RESULT, **result})
    (folder / f"{slug}.csv").write_text(text.getvalue(), encoding="utf-8")
