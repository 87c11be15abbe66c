"""The steps of scripts/release: builds, artifacts, and the tries of each."""
