"""Sessions and tokens: how requests are identified."""
