"""Every data set of the course under one call, `load_data` (introduced in lecture 2, used by all)."""

from klue_helpers.data.audit import audit_splits
from klue_helpers.data.catalogue import CATALOGUE, DataSet, data_set
from klue_helpers.data.load import load_data, sample_sizes, splits_at_hand

__all__ = ["CATALOGUE", "DataSet", "audit_splits", "data_set", "load_data", "sample_sizes", "splits_at_hand"]
