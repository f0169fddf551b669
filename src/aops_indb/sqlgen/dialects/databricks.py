"""Databricks with ANSI mode on; rendered only, and written as Spark's SQL is."""

from dataclasses import replace

from sqlglot.dialects.databricks import Databricks

from aops_indb.sqlgen.dialects.spark import SPARK

DATABRICKS = replace(SPARK, name="databricks", sqlglot=Databricks, executed=False)
