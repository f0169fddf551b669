"""Models scored by their libraries and by their SQL, row by row."""

import os

from tests.folders import folder_until_exit

# the PostgreSQL of the wheel looks for it when it is imported, and warns where it is not set
os.environ.setdefault("XDG_RUNTIME_DIR", folder_until_exit("aops-runtime-"))
