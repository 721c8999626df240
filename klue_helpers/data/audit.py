"""The statistics to look at before any training: empty, repeated, contradictory and leaked texts (lecture 2)."""

import pandas as pd
from datasets import DatasetDict


def audit_splits(data: DatasetDict, *, text: str = "document", label: str = "label") -> pd.DataFrame:
    """Count what is wrong in each split and in all of them together. Taught in lecture 2.

    Parameters
    ----------
    data : splits with a text and a label column.
    text, label : names of these columns.

    Returns
    -------
    DataFrame, one row a split and a last row ``"all"``, with the columns

    - ``rows``; ``empty``: rows without text;
    - ``repeated``: rows whose text stood in an earlier row of the same scope;
    - ``conflicting``: different texts that carry more than one label in the scope;
    - ``leaked``: rows whose text also stands in another split (in row ``"all"``: different such texts);
    - ``quoted``: rows that hold a double quotation mark; ``no_hangul``: rows without a Hangul syllable or letter.

    An empty text is a text like any other in these counts.
    """
    frames = {name: split.select_columns([text, label]).to_pandas() for name, split in data.items()}
    everything = pd.concat(frames, names=["split"]).reset_index("split")
    leaked = everything.groupby(text)["split"].transform("nunique") > 1
    table = {name: _count(rows, text, label) for name, rows in [*frames.items(), ("all", everything)]}
    result = pd.DataFrame(table).T
    result.insert(4, "leaked", [*(int(leaked[everything["split"] == name].sum()) for name in frames),
                                everything.loc[leaked, text].nunique()])
    return result


def _count(rows: pd.DataFrame, text: str, label: str) -> dict[str, int]:
    return {
        "rows": len(rows),
        "empty": int((rows[text] == "").sum()),
        "repeated": int(rows[text].duplicated().sum()),
        "conflicting": int((rows.groupby(text)[label].nunique() > 1).sum()),
        "quoted": int(rows[text].str.contains('"', regex=False).sum()),
        "no_hangul": int((~rows[text].str.contains("[가-힣ㄱ-ㅎㅏ-ㅣ]")).sum()),
    }
