"""Kept exports: named files with manifests, stored until somebody deletes them."""
