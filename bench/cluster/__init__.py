"""Grids over the workers of a Dask cluster, which may come and go, and see the results or not."""

from disbench.cluster.clients import connected, local_cluster
from disbench.cluster.executor import Cluster

__all__ = ["Cluster", "connected", "local_cluster"]
