#!/usr/bin/env bash
# Gradescope runs this once, when it builds the image.
set -euo pipefail
source_folder=${AUTOGRADER:-/autograder}/source
export DEBIAN_FRONTEND=noninteractive
apt-get update
apt-get install -y python3 python3-venv bubblewrap
python3 -c 'import sys; assert sys.version_info >= (3, 10), "choose an image with Python 3.10 or newer"'
python3 -m venv "$source_folder/venv"
"$source_folder/venv/bin/pip" install {packages}
"$source_folder/venv/bin/python" -m compileall -q "$source_folder/package"  # once, not for each submission
chmod 700 "$source_folder"
