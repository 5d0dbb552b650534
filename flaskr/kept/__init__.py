"""Kept exports: files under a name, with their manifests, for as long as they are wanted."""
