"""Models scored by their libraries and by their SQL, row by row."""

import os
import tempfile

# the PostgreSQL of the wheel looks for it when it is imported, and warns where it is not set
os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.mkdtemp(prefix="aops-runtime-"))
