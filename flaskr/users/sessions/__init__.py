"""Sessions and tokens: who is asking, and with which secret."""
