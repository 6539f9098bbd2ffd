#!/bin/sh
# Prints a Python that can run scripts/environment.py: any from 3.8 on that starts. A version manager's stub on PATH
# may stand for a Python that is not installed, so each is tried.
for name in "${PYTHON:-python3.10}" python3 python3.12 python3.11 python3.13 python /usr/bin/python3; do
    path=$(command -v "$name" 2>/dev/null) || continue
    if "$path" -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null; then
        echo "$path"
        exit 0
    fi
done
if uv --version >/dev/null 2>&1 && uv python install --quiet 3.10 && uv python find --system 3.10; then
    exit 0
fi
echo "No Python 3 on this machine. Install Python 3.10 (apt install python3.10, brew install python@3.10) or uv." >&2
exit 1
