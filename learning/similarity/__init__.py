"""How alike two images were read: the relation of all pairs of traces by one scheme.

A scheme is two things: the features of one trace, computed once, and a kernel that compares many pairs of
them. Everything else (tiles, thresholds, threads, files) is common.
"""

from learning.similarity.profile import CORRECTED, PROFILES, REFERENCE, Profile, find_profile
from learning.similarity.relation import (
    batch_relation,
    compare_all,
    describe_traces,
    graph_of_features,
    relation_graph,
    relation_matrix,
)
from learning.similarity.schemes import SCHEMES, find_scheme

__all__ = [
    "CORRECTED",
    "PROFILES",
    "REFERENCE",
    "SCHEMES",
    "Profile",
    "batch_relation",
    "compare_all",
    "describe_traces",
    "find_profile",
    "find_scheme",
    "graph_of_features",
    "relation_graph",
    "relation_matrix",
]
