"""Sphinx extension: tables written from the code, so that they cannot fall behind it (operations, taught nowhere).

``{klue-settings} 2`` lists the options of lecture 2, ``{klue-data}`` the data sets of the catalogue, ``{klue-gpu}``
what each lecture's gpu profile is estimated to take.
"""

from collections.abc import Iterable

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from klue_helpers.configure import LECTURES, options_table

SETTINGS = {"name": "설정", "cpu": "cpu", "gpu": "gpu", "doc": "뜻", "bounds": "쓸 수 있는 값", "type": "형"}
GPU = {"lecture": "강", "minutes": "전체", "gigabytes": "GPU 메모리", "longest": "가장 긴 일"}
DATA = ("이름", "데이터", "열", "표본", "공개 데이터", "공개 데이터의 라이선스")


class SettingsTable(SphinxDirective):
    """``{klue-settings}`` with the number of a lecture: one row an option, from `options_table`."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table; an unknown lecture is a build error."""
        number = int(self.arguments[0])
        if number not in LECTURES:
            raise self.error(f"klue-settings: no lecture {number}, only {sorted(LECTURES)}")
        rows = [[str(row[key]) or "–" for key in SETTINGS] for row in options_table(number)]
        return [build_table(SETTINGS.values(), rows)]


class DataTable(SphinxDirective):
    """``{klue-data}``: one row a data set, with the sizes of the shipped samples counted from their files."""

    def run(self) -> list[nodes.Node]:
        """Return the table of the whole catalogue."""
        from klue_helpers.data import CATALOGUE, sample_sizes

        rows = []
        for data in CATALOGUE.values():
            published = {split: data.published_rows(split) for split in data.splits}
            rows.append([data.name, data.title, data.task, _sizes(sample_sizes(data)), _sizes(published), data.licence])
        return [build_table(DATA, rows)]


class GpuTable(SphinxDirective):
    """``{klue-gpu}``: one row a lecture, from the estimate of its gpu profile."""

    def run(self) -> list[nodes.Node]:
        """Return the table of all lectures."""
        from klue_helpers.course.gpu_estimate import table

        return [build_table(GPU.values(), [[row[key] for key in GPU] for row in table()])]


def build_table(header: Iterable[str], rows: list[list[str]]) -> nodes.table:
    """Return a docutils table; the first column is set as code."""
    titles = list(header)
    group = nodes.tgroup(cols=len(titles))
    group += [nodes.colspec(colwidth=1) for _ in titles]
    group += nodes.thead("", _row([nodes.Text(title) for title in titles]))
    group += nodes.tbody("", *[_row([nodes.literal(text=first), *map(nodes.Text, rest)]) for first, *rest in rows])
    return nodes.table("", group, classes=["colwidths-auto"])


def _row(cells: list[nodes.Node]) -> nodes.row:
    return nodes.row("", *[nodes.entry("", nodes.paragraph("", "", cell)) for cell in cells])


def _sizes(sizes: dict[str, int | None]) -> str:
    return " / ".join(f"{split} {size:,}" for split, size in sizes.items() if size) or "–"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.add_directive("klue-settings", SettingsTable)
    app.add_directive("klue-data", DataTable)
    app.add_directive("klue-gpu", GpuTable)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
