"""The verbs, one file each; see VERBS in aops_indb.cli."""
