"""Tests of feature definitions, the SQL they become, and what that SQL returns."""
