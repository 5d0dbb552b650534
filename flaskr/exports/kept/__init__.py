"""Kept exports: files under a name, with their manifests, until somebody deletes them."""
