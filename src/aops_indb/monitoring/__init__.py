"""What a model is worth, as SQL."""

from aops_indb.monitoring.performance import METRICS, Metric, metrics_query

__all__ = ["METRICS", "Metric", "metrics_query"]
