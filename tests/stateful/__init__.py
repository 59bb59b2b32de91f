"""Stateful: durable engines live through random histories beside models that are plain."""
