"""Measured values, their ratios to what they stand beside, and the table that says which figures are met."""

import json
import statistics
from dataclasses import dataclass, field


@dataclass
class Row:
    """One measurement: samples by way ("direct", "yanmen", "jump"), and what the design asks of yanmen's.

    wanted: (other way or None, ">=" or "<=", number): yanmen's median against that multiple of the other's, or, with
    None, against the number itself.
    """

    name: str
    unit: str
    samples: dict
    wanted: list = field(default_factory=list)
    note: str = ""

    def median(self, way):
        return statistics.median(self.samples[way])

    def ratio(self, way):
        """The median of the ratios of runs that stood side by side; of the medians where there are too few."""
        ours, theirs = self.samples["yanmen"], self.samples[way]
        if len(ours) == len(theirs):
            return statistics.median(a / b for a, b in zip(ours, theirs))
        return self.median("yanmen") / self.median(way)

    def verdicts(self):
        for way, sign, number in self.wanted:
            value = self.median("yanmen") if way is None else self.ratio(way)
            met = value >= number if sign == ">=" else value <= number
            text = f"{sign} {number:g}" + (f" x {way}" if way else f" {self.unit}")
            yield {"figure": text, "value": round(value, 3), "met": met}

    def facts(self):
        return {"name": self.name, "unit": self.unit, "medians": {w: round(self.median(w), 3) for w in self.samples},
                "ratios": {w: round(self.ratio(w), 3) for w in self.samples if w != "yanmen"},
                "figures": list(self.verdicts()), "note": self.note}


def percentile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def table(rows):
    ways = [w for w in ("direct", "relay", "jump", "haproxy", "router", "yanmen") if any(w in row.samples for row in rows)]
    print(f"\n{'':44}{'unit':>6}" + "".join(f"{w:>10}" for w in ways) + "".join(f"{'/' + w:>9}" for w in ways if w != "yanmen") + "   figure")
    for row in rows:
        cells = "".join(f"{row.median(w):>10.2f}" if w in row.samples else f"{'-':>10}" for w in ways)
        ratios = "".join(f"{row.ratio(w):>9.2f}" if w in row.samples and "yanmen" in row.samples else f"{'-':>9}" for w in ways if w != "yanmen")
        said = "; ".join(f"{v['figure']}: {'met' if v['met'] else 'MISSED'}" for v in row.verdicts()) or "-"
        print(f"{row.name:44}{row.unit:>6}{cells}{ratios}   {said}" + (f"   ({row.note})" if row.note else ""))


def write_json(rows, path):
    with open(path, "w", encoding="utf-8") as f:
        json.dump([row.facts() for row in rows], f, indent=2)
        f.write("\n")
