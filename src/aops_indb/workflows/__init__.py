"""Use cases: one module each. The command line, the web pages and `Project` call these and hold no logic."""
