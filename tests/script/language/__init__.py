"""The language of the scripts in this folder, and what runs it; see ../README.md."""
